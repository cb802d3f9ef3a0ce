// What an application can see of the connection to its runtime.
import { messageOf, type NarthexError } from "@narthex/protocol";
import type { Logger } from "./logger.ts";
import { tellHandler } from "./tell-handler.ts";

/** What happens to a client's connection and, through it, to its sessions. */
export type ConnectionEvent =
  /** A connection stands; `attempt` says how many it took when one had been lost. */
  | { readonly type: "connected"; readonly attempt?: number }
  /** The connection is gone, and not because the client was stopped. */
  | { readonly type: "lost"; readonly error: NarthexError }
  /** The next attempt, counted from 1, begins after `delayMs` milliseconds. */
  | { readonly type: "reconnecting"; readonly attempt: number; readonly delayMs: number }
  /** A session goes on; `isComplete` is false when the runtime could not give the missed events. */
  | { readonly type: "resumed"; readonly sessionId: string; readonly isComplete: boolean }
  /** A session could not be resumed: it has ended on this client with `error`. */
  | { readonly type: "session-lost"; readonly sessionId: string; readonly error: NarthexError }
  /** The client no longer tries; its sessions have ended. `start()` begins anew. */
  | { readonly type: "gave-up"; readonly error: NarthexError };

export type ConnectionEventHandler = (event: ConnectionEvent) => unknown;

/** Tells the application; a handler that throws is reported and harms nobody. */
export class ConnectionEvents {
  readonly #logger: Logger;
  readonly #subscriptions = new Set<{ readonly handler: ConnectionEventHandler }>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  subscribe(handler: ConnectionEventHandler): () => void {
    const subscription = { handler };
    this.#subscriptions.add(subscription);
    return () => void this.#subscriptions.delete(subscription);
  }

  tell(event: ConnectionEvent): void {
    for (const { handler } of this.#subscriptions) tellHandler(handler, event, this.#report);
  }

  readonly #report = (error: unknown): void => {
    this.#logger.error(`A connection handler threw: ${messageOf(error)}`);
  };
}
