// The driver of the official SDK in JavaScript, as it is published: its way to a cloud session is createSession({ cloud }).
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { CopilotClient, RuntimeConnection } from "@github/copilot-sdk";
import { CopilotDriver, traceCallback } from "../shared/copilot-driver.mjs";
import { serveVerbs } from "../shared/driver-loop.mjs";

const entry = fileURLToPath(import.meta.resolve("@github/copilot-sdk"));
const require = createRequire(import.meta.url);
const { version } = require(path.join(entry.slice(0, entry.lastIndexOf("copilot-sdk")), "copilot-sdk", "package.json"));

const SESSION_FS = { initialCwd: "/", sessionStatePath: "/state", conventions: "posix" };

function makeClient({ transport, address, args, options }) {
  const { traceContext, sessionFs } = options;
  const connection =
    transport === "stdio" ? RuntimeConnection.forStdio({ path: address, args }) : RuntimeConnection.forUri(address);
  return new CopilotClient({
    connection,
    ...(sessionFs === true ? { sessionFs: SESSION_FS } : {}),
    ...(traceContext === undefined ? {} : { onGetTraceContext: traceCallback(traceContext) }),
  });
}

serveVerbs(
  new CopilotDriver({
    hello: {
      name: "@github/copilot-sdk",
      version,
      language: "TypeScript",
      features: [
        "broadcast-requests",
        "cloud-sessions",
        "delete-session",
        "elicitation",
        "heap-size",
        "hooks",
        "lifecycle",
        "plain-sessions",
        "requests",
        "resume",
        "send-and-wait",
        "session-fs",
        "trace-context",
        "transforms",
        "transport-stdio",
        "weak-references",
      ],
    },
    makeClient,
    // Its type wants `cloud` of createSession; without it the call makes a local session, which is what it then does.
    createCloud: (client, config) => client.createSession(config),
    waitLimits: ({ timeoutMs }) => timeoutMs,
  }),
);
