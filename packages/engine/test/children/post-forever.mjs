// Posts commands to one session and acknowledges the oldest, until it is killed; tells on stdout what was answered.
// Arguments: data directory, prefix of the command ids.
import { writeSync } from "node:fs";

import { openLocalEngine } from "../../dist/index.js";

const [directory, prefix] = process.argv.slice(2);
const engine = await openLocalEngine({ directory });
const { mailbox } = engine;
if (!(await engine.directory.get("s"))) await engine.directory.create({ id: "s", isCloud: true, attributes: {} });

const tell = (...words) => writeSync(1, `${words.join(" ")}\n`);

const waiting = await mailbox.take("s");
for (let n = 0; ; n += 1) {
  const commandId = `${prefix}-${n}`;
  const { position } = await mailbox.post("s", { commandId, kind: "prompt", payload: { n } });
  tell("posted", commandId, position);
  waiting.push({ commandId, position });
  if (waiting.length < 5) continue;
  const oldest = waiting.shift();
  await mailbox.ack("s", [oldest.position]);
  tell("acknowledged", oldest.commandId);
}
