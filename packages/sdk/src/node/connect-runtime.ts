// The ways that Node has to a runtime: a child process over stdio or TCP, a running one by address, one in this process.
import process from "node:process";
import { NarthexError } from "@narthex/protocol";
import { childProcessTransport, connectTcp, connectWebSocket } from "@narthex/rpc/node";
import type { RuntimeConnector, RuntimeLink } from "../core/runtime-link.ts";
import type {
  CopilotClientOptions,
  InProcessRuntimeConnection,
  RuntimeConnection,
  StdioRuntimeConnection,
  TcpRuntimeConnection,
  UriRuntimeConnection,
} from "../core/types/client-options.ts";
import { RuntimeProcess } from "./runtime-process.ts";
import { parseRuntimeUri } from "./runtime-uri.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const DEFAULT_START_TIMEOUT_MS = 30_000;

/** The connector for a client's options. */
export function nodeConnector(options: CopilotClientOptions): RuntimeConnector {
  const connection = options.connection ?? defaultConnection(options.env ?? process.env);
  switch (connection.kind) {
    case "stdio":
      return async () => overStdio(connection, options);
    case "tcp":
      return (signal) => overTcp(connection, options, signal);
    case "uri":
      refuseCredentials(options);
      return (signal) => toAddress(connection, signal);
    case "inprocess":
      return () => inThisProcess(connection);
  }
}

function defaultConnection(env: Record<string, string | undefined>): RuntimeConnection {
  const wanted = env.COPILOT_SDK_DEFAULT_CONNECTION?.toLowerCase();
  if (wanted === undefined || wanted === "" || wanted === "stdio") return { kind: "stdio" };
  if (wanted === "inprocess") return { kind: "inprocess" };
  throw new NarthexError(
    "CLIENT_OPTIONS_INVALID",
    `COPILOT_SDK_DEFAULT_CONNECTION is ${JSON.stringify(wanted)}: use stdio or inprocess.`,
  );
}

function overStdio(connection: StdioRuntimeConnection, options: CopilotClientOptions): RuntimeLink {
  const runtime = new RuntimeProcess(connection, options);
  return { ...owned(runtime), transport: childProcessTransport(runtime.child), token: undefined };
}

async function overTcp(
  connection: TcpRuntimeConnection,
  options: CopilotClientOptions,
  signal: AbortSignal,
): Promise<RuntimeLink> {
  const runtime = new RuntimeProcess(connection, options);
  try {
    const port = await runtime.listeningPort(options.startTimeoutMs ?? DEFAULT_START_TIMEOUT_MS, signal);
    const transport = await connectTcp({ host: "127.0.0.1", port, timeoutMs: CONNECT_TIMEOUT_MS, signal });
    return { ...owned(runtime), transport, token: runtime.connectionToken };
  } catch (error) {
    runtime.kill();
    throw NarthexError.from(error, "CONNECTION_FAILED");
  }
}

function owned(runtime: RuntimeProcess): Omit<RuntimeLink, "transport" | "token"> {
  return {
    isOwned: true,
    explain: (error) => runtime.explain(error),
    terminate: (graceMs) => runtime.terminate(graceMs),
    kill: () => runtime.kill(),
  };
}

async function toAddress(connection: UriRuntimeConnection, signal: AbortSignal): Promise<RuntimeLink> {
  const address = parseRuntimeUri(connection.url);
  const transport =
    address.kind === "tcp"
      ? await connectTcp({ host: address.host, port: address.port, timeoutMs: CONNECT_TIMEOUT_MS, signal })
      : await connectWebSocket(address.url, { timeoutMs: CONNECT_TIMEOUT_MS });
  return { ...foreign(), transport, token: connection.connectionToken };
}

async function inThisProcess(connection: InProcessRuntimeConnection): Promise<RuntimeLink> {
  if (connection.connect === undefined) {
    throw new NarthexError(
      "CLIENT_OPTIONS_INVALID",
      "RuntimeConnection.forInProcess needs { connect }: a function that gives one end of a duplex to a runtime in this process.",
    );
  }
  return { ...foreign(), transport: await connection.connect(), token: undefined };
}

function foreign(): Omit<RuntimeLink, "transport" | "token"> {
  return { isOwned: false, explain: (error) => error, terminate: async () => undefined, kill: () => undefined };
}

function refuseCredentials(options: CopilotClientOptions): void {
  if (options.gitHubToken === undefined && options.useLoggedInUser === undefined) return;
  throw new NarthexError(
    "CLIENT_OPTIONS_INVALID",
    "gitHubToken and useLoggedInUser belong to a runtime that the client starts; a running runtime manages its own credentials.",
  );
}
