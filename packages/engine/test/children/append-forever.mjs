// Appends to a few sessions until it is killed, and tells on stdout what it has seen and what was acknowledged.
// Arguments: data directory, prefix of the event ids.
import { writeSync } from "node:fs";

import { openLocalEngine } from "../../dist/index.js";

const [directory, prefix] = process.argv.slice(2);
const engine = await openLocalEngine({ directory });

const tell = (...words) => writeSync(1, `${words.join(" ")}\n`);

async function appendForever(session) {
  if (!(await engine.directory.get(session))) {
    await engine.directory.create({ id: session, isCloud: true, attributes: {} });
  }
  engine.log.subscribe(session, ({ seq }) => tell("seen", session, seq));
  let { lastPersistedId: parentId } = await engine.log.tail(session);
  for (let i = 0; ; i += 3) {
    const make = (n, extra) => {
      const id = `${prefix}-${session}-${i + n}`;
      return { id, timestamp: "2026-11-22T10:00:00.000Z", parentId, type: "assistant.message", data: { n }, ...extra };
    };
    const batch = [make(0), make(1, { ephemeral: true }), make(2, { ephemeral: i % 2 === 1 })];
    if (batch[2].ephemeral !== true) batch[2].parentId = batch[0].id;
    const records = await engine.log.append(session, batch);
    for (const { seq, ephemeral, event } of records) {
      if (ephemeral) continue;
      parentId = event.id;
      tell("acknowledged", session, seq, event.id);
    }
    await engine.log.append(session, [make("delta", { ephemeral: true })]);
  }
}

await Promise.all(["a", "b", "c"].map(appendForever));
