// Creates the session "s", claims it for an hour and stays. Arguments: directory.
import { nameOfThisHost, openLocalEngine } from "../../dist/index.js";

const engine = await openLocalEngine({ directory: process.argv[2] });
await engine.directory.create({ id: "s", isCloud: true, attributes: {} });
await engine.leases.claim("s", nameOfThisHost(), 3_600_000);
process.stdout.write("held\n");
setInterval(() => {}, 60_000);
