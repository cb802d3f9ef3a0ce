// Runs SQL on a database file, and holds what it opened until a line arrives on stdin. Prints "ready" in between.
// Arguments: path of the file, SQL, SQL to end with.
import { once } from "node:events";

import { openDriver } from "../../dist/local/driver.js";

const [path, sql, end] = process.argv.slice(2);
const driver = await openDriver(path);
driver.exec(sql);
process.stdout.write("ready\n");
await once(process.stdin, "data");
if (end) driver.exec(end);
driver.close();
process.exit(0);
