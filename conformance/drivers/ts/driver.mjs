// The driver of our own SDK. It imports nothing of it but the published entry.
import { createRequire } from "node:module";
import { CopilotClient, RuntimeConnection } from "@narthex/sdk";
import { CopilotDriver, traceCallback } from "../shared/copilot-driver.mjs";
import { serveVerbs } from "../shared/driver-loop.mjs";

const { version } = createRequire(import.meta.url)("@narthex/sdk/package.json");

/** What a runtime needs of a client that keeps the session's files. */
const SESSION_FS = { initialCwd: "/", sessionStatePath: "/state", conventions: "posix" };

function makeClient({ transport, address, args, options, logger }) {
  const { limits, traceContext, sessionFs, token, ...rest } = options;
  const connection =
    transport === "stdio"
      ? RuntimeConnection.forStdio({ path: address, args })
      : RuntimeConnection.forUri(address, token === undefined ? {} : { connectionToken: token });
  return new CopilotClient({
    connection,
    logger,
    ...(limits === undefined ? {} : { pendingRouting: limits }),
    ...(sessionFs === true ? { sessionFs: SESSION_FS } : {}),
    ...(traceContext === undefined ? {} : { onGetTraceContext: traceCallback(traceContext) }),
    ...rest,
  });
}

serveVerbs(
  new CopilotDriver({
    hello: {
      name: "@narthex/sdk",
      version,
      language: "TypeScript",
      features: [
        "abort-signal",
        "broadcast-requests",
        "client-limits",
        "cloud-sessions",
        "create-timeout",
        "delete-session",
        "elicitation",
        "event-stream",
        "heap-size",
        "hooks",
        "idle-timeout",
        "lifecycle",
        "logger",
        "plain-sessions",
        "protocol-2-requests",
        "readiness",
        "reconnect",
        "requests",
        "resume",
        "send-and-wait",
        "session-fs",
        "startup-report",
        "trace-context",
        "transforms",
        "transport-stdio",
        "transport-ws",
        "weak-references",
      ],
    },
    makeClient,
    createCloud: (client, config, options) => client.createCloudSession(config, options),
    waitLimits: (limits) => Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)),
    watchConnection: (client, note) => client.on?.("connection", note),
  }),
);
