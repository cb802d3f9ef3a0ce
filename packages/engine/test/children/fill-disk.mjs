// Appends until the disk refuses, then prints what was acknowledged and how the refusal looked, as JSON.
// Arguments: data directory.
import { openLocalEngine } from "../../dist/index.js";

const [directory] = process.argv.slice(2);
const engine = await openLocalEngine({ directory, onProblem: () => {} });
await engine.directory.create({ id: "s-1", isCloud: true, attributes: {} });

let acknowledged = 0;
let refusal;
while (!refusal) {
  const id = `e-${acknowledged + 1}`;
  const event = { id, timestamp: "2026-11-22T10:00:00.000Z", parentId: null, type: "a", data: "x".repeat(10_000) };
  try {
    await engine.log.append("s-1", [event]);
    acknowledged += 1;
  } catch (error) {
    refusal = { code: error.code, message: error.message, hasCause: error.cause !== undefined };
  }
}
const { seq } = await engine.log.tail("s-1");
const [ephemeral] = await engine.log.read("s-1", { after: acknowledged });
process.stdout.write(JSON.stringify({ acknowledged, refusal, seq, readsBeyond: ephemeral !== undefined }));
await engine.close();
