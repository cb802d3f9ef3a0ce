// Opens a store, claims the session "s" and works on it until it is killed; tells of everything that was answered.
// Arguments: the module that opens it, and what that is to be told.
import { pathToFileURL } from "node:url";

const [module, place] = process.argv.slice(2);
const { open } = await import(pathToFileURL(module));
const { directory, log, mailbox, leases } = await open(place);
await directory.create({ id: "s", isCloud: true, attributes: {} });
const { epoch } = await leases.claim("s", "child", 3_600_000);
process.stdout.write(`claimed ${epoch}\n`);
let parentId = null;
for (let n = 1; ; n += 1) {
  const event = { id: `e-${n}`, timestamp: "2026-11-22T10:00:00.000Z", parentId, type: "user.message", data: { n } };
  const [record] = await log.append("s", [event, { ...event, id: `d-${n}`, ephemeral: true }], { epoch });
  parentId = event.id;
  process.stdout.write(`appended ${record.seq} ${event.id}\n`);
  const { position } = await mailbox.post("s", { commandId: `c-${n}`, kind: "prompt", payload: { n } });
  process.stdout.write(`posted ${position} c-${n}\n`);
  if (n % 2 === 0) await mailbox.ack("s", [position], { epoch });
  if (n % 2 === 0) process.stdout.write(`acknowledged ${position}\n`);
}
