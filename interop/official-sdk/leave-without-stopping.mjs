// An application that starts a runtime with the official SDK and ends without stopping it.
import process from "node:process";
import { CopilotClient, RuntimeConnection } from "@github/copilot-sdk";

const [kind, path] = process.argv.slice(2);
const connection = kind === "stdio" ? RuntimeConnection.forStdio({ path }) : RuntimeConnection.forTcp({ path });
const client = new CopilotClient({ connection });
await client.createSession({});
process.exit(7);
