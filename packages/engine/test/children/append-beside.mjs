// Appends to a session of its own and to a shared one, trying again on LOG_CONFLICT. Prints what was acknowledged as JSON.
// Arguments: data directory, name of this process, number of events for each session.
import { openLocalEngine } from "../../dist/index.js";

const [directory, name, count] = process.argv.slice(2);
const engine = await openLocalEngine({ directory });
const acknowledged = [];
let conflicts = 0;

async function append(session, id, afterConflict) {
  const { seq, lastPersistedId: parentId } = await engine.log.tail(session);
  const event = { id, timestamp: "2026-11-22T10:00:00.000Z", parentId, type: "user.message", data: {} };
  try {
    const [record] = await engine.log.append(session, [event], { afterSeq: seq });
    acknowledged.push([session, record.seq, id]);
  } catch (error) {
    if (error.code !== "LOG_CONFLICT") throw error;
    conflicts += 1;
    await afterConflict();
  }
}

async function appendAll(session) {
  for (let i = 0; i < Number(count); i += 1) {
    const id = `${name}-${session}-${i}`;
    let isDone = false;
    while (!isDone) {
      isDone = true;
      await append(session, id, async () => {
        isDone = false;
      });
    }
  }
}

await engine.directory.create({ id: `own-${name}`, isCloud: true, attributes: {} });
await Promise.all([appendAll(`own-${name}`), appendAll("shared")]);
await engine.close();
process.stdout.write(JSON.stringify({ acknowledged, conflicts }));
