// Brings sessions back that have something to do while nobody calls.
import { messageOf } from "@narthex/protocol";
import type { RuntimeLogger } from "./ports.ts";
import { isStoreFailure } from "./session/store-failure.ts";

/** Milliseconds until a session whose store has failed is brought back; until the next call when that comes sooner. */
const STORE_PAUSE_MS = 2_000;

export class BringBack {
  readonly #open: (id: string) => Promise<unknown>;
  readonly #logger: RuntimeLogger;
  #isStopped = false;

  constructor(open: (id: string) => Promise<unknown>, logger: RuntimeLogger) {
    this.#open = open;
    this.#logger = logger;
  }

  /** Something was accepted for a session that has left memory. */
  now(id: string): void {
    this.#open(id).catch((error: unknown) => {
      this.#logger.warn(messageOf(error), { sessionId: id });
      if (isStoreFailure(error)) this.later(id);
    });
  }

  /** The store has failed under a session's work: it is tried again until it works. */
  later(id: string): void {
    const again = (): void => {
      if (!this.#isStopped) this.now(id);
    };
    setTimeout(again, STORE_PAUSE_MS).unref();
  }

  /** Brings nothing back any more. */
  stop(): void {
    this.#isStopped = true;
  }
}
