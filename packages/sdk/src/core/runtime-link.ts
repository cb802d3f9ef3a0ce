// How the client reaches a runtime; the Node side provides it (`../node/connect-runtime.ts`).
import type { NarthexError } from "@narthex/protocol";
import type { Transport } from "@narthex/rpc";

/** An open way to a runtime, before the handshake. */
export interface RuntimeLink {
  readonly transport: Transport;
  /** Token for the handshake. */
  readonly token: string | undefined;
  /** True when the client started the runtime, and therefore ends it. */
  readonly isOwned: boolean;
  /** Makes an error of the start-up tell what the runtime process said and how it ended. */
  explain(error: NarthexError): NarthexError;
  /** Ends an owned runtime: asks, waits at most `graceMs`, then kills. */
  terminate(graceMs: number): Promise<void>;
  /** Kills an owned runtime at once. */
  kill(): void;
}

/** Opens a way to a runtime. */
export type RuntimeConnector = (signal: AbortSignal) => Promise<RuntimeLink>;
