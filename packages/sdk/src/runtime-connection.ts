import type { Transport } from "@narthex/rpc";
import type {
  InProcessRuntimeConnection,
  RuntimeConnection as RuntimeConnectionType,
  StdioRuntimeConnection,
  TcpRuntimeConnection,
  UriRuntimeConnection,
} from "./core/types/client-options.ts";

/** One way to a runtime. */
export type RuntimeConnection = RuntimeConnectionType;

interface ProcessOptions {
  path?: string;
  args?: readonly string[];
  env?: Record<string, string>;
}

/** Makes the ways to a runtime. */
export const RuntimeConnection = {
  /** Start a runtime and talk over its stdin and stdout. */
  forStdio: (options: ProcessOptions = {}): StdioRuntimeConnection => ({ kind: "stdio", ...options }),
  /** Start a runtime that listens on a port of this machine, and connect to it. */
  forTcp: (options: ProcessOptions & { port?: number; connectionToken?: string } = {}): TcpRuntimeConnection => ({
    kind: "tcp",
    ...options,
  }),
  /** Connect to a runtime that runs already. */
  forUri: (url: string, options: { connectionToken?: string } = {}): UriRuntimeConnection => ({
    kind: "uri",
    url,
    ...options,
  }),
  /** Talk to a runtime in this process over a duplex that it provides. */
  forInProcess: (options: { connect?: () => Transport | Promise<Transport> } = {}): InProcessRuntimeConnection => ({
    kind: "inprocess",
    ...options,
  }),
} as const;
