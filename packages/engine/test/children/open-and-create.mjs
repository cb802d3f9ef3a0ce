// Opens the engine, says "writing", creates one session and closes. Arguments: data directory, session id.
import { writeSync } from "node:fs";

import { openLocalEngine } from "../../dist/index.js";

const [directory, id] = process.argv.slice(2);
const engine = await openLocalEngine({ directory });
writeSync(1, "writing\n");
await engine.directory.create({ id, isCloud: true, attributes: {} });
await engine.close();
