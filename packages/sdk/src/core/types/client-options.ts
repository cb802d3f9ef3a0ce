// How a client is set up.
import type { Transport } from "@narthex/rpc";
import type { Logger } from "../logger.ts";
import type { ReconnectOptions } from "../reconnect-options.ts";
import type { PendingRoutingLimits } from "../routing-types.ts";
import type { ModelInfo } from "./provider.ts";

/** W3C trace context that is sent with creates, resumes and messages. */
export interface TraceContext {
  traceparent?: string;
  tracestate?: string;
}

export type TraceContextProvider = () => TraceContext | Promise<TraceContext>;

/** Where a runtime that the client starts sends its traces. */
export interface TelemetryConfig {
  otlpEndpoint?: string;
  otlpProtocol?: "http/json" | "http/protobuf";
  filePath?: string;
  exporterType?: string;
  sourceName?: string;
  captureContent?: boolean;
}

export interface CopilotClientInfo {
  applicationName?: string;
  applicationVersion?: string;
  integrationName?: string;
  integrationVersion?: string;
}

/** Declares that this client keeps its sessions' state files itself. */
export interface SessionFsConfig {
  initialCwd: string;
  sessionStatePath: string;
  conventions: "windows" | "posix";
  capabilities?: { sqlite?: boolean };
}

/** A runtime that the client starts as a child process. */
export interface ChildProcessRuntimeConnection {
  /** Executable; a path that ends in `.js` runs with this Node (default: the installed `narthex`). */
  readonly path?: string;
  readonly args?: readonly string[];
  /** Replaces the client's `env` for this process. */
  readonly env?: Record<string, string>;
}
export interface StdioRuntimeConnection extends ChildProcessRuntimeConnection {
  readonly kind: "stdio";
}
export interface TcpRuntimeConnection extends ChildProcessRuntimeConnection {
  readonly kind: "tcp";
  /** Port to listen on (default: a free one). */
  readonly port?: number;
  /** Token that the runtime demands (default: a random one). */
  readonly connectionToken?: string;
}
/** A runtime that runs already: `port`, `host:port`, `[v6]:port`, `http(s)://host:port` or `ws(s)://host:port/path`. */
export interface UriRuntimeConnection {
  readonly kind: "uri";
  readonly url: string;
  readonly connectionToken?: string;
}
/** A runtime in this process; `connect` gives one end of a duplex to it. */
export interface InProcessRuntimeConnection {
  readonly kind: "inprocess";
  readonly connect?: () => Transport | Promise<Transport>;
}

export type RuntimeConnection =
  | StdioRuntimeConnection
  | TcpRuntimeConnection
  | UriRuntimeConnection
  | InProcessRuntimeConnection;

export interface CopilotClientOptions {
  /** How to reach the runtime (default: `RuntimeConnection.forStdio()`). */
  connection?: RuntimeConnection;
  /** Folder that a started runtime works in (default: this process's). */
  workingDirectory?: string;
  /** Data folder of a started runtime (default: the runtime's own choice). */
  baseDirectory?: string;
  logLevel?: "none" | "error" | "warning" | "info" | "debug" | "all";
  /** Environment of a started runtime (default: this process's). */
  env?: Record<string, string | undefined>;
  gitHubToken?: string;
  useLoggedInUser?: boolean;
  /** Answers `listModels` instead of the runtime. */
  onListModels?: () => Promise<ModelInfo[]> | ModelInfo[];
  telemetry?: TelemetryConfig;
  onGetTraceContext?: TraceContextProvider;
  sessionFs?: SessionFsConfig;
  /** Seconds after which a started runtime lets go of an idle session (default 0: never). */
  sessionIdleTimeoutSeconds?: number;
  enableRemoteSessions?: boolean;
  clientInfo?: CopilotClientInfo;
  /** Gets warnings and debug lines (default: warnings and errors to stderr; never stdout). */
  logger?: Logger;
  /** Bounds of what is kept for a session whose id is not known yet. */
  pendingRouting?: Partial<PendingRoutingLimits>;
  /**
   * What happens when an established connection is lost: the client connects again, with growing pauses, starting the
   * runtime anew where it had started it, and its sessions go on (default: on, with {@link ReconnectOptions}' defaults).
   * With `false` a loss ends all sessions at once.
   */
  reconnect?: false | ReconnectOptions;
  /** Milliseconds a started runtime has until it answers (default 30,000). */
  startTimeoutMs?: number;
}
