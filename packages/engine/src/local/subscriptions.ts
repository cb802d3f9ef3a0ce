import { NarthexError, messageOf } from "@narthex/protocol";

import type { LogRecord } from "../engine.ts";

interface Subscription {
  readonly listener: (record: LogRecord) => void;
  /** The round in which it began: it sees what later rounds append. */
  readonly since: number;
}

/** Who wants to hear of the new records of which session. As many as the callers keep; each ends with its function. */
export class Subscriptions {
  readonly #bySession = new Map<string, Set<Subscription>>();
  readonly #onProblem: (error: NarthexError) => void;
  #round = 0;

  constructor(onProblem: (error: NarthexError) => void) {
    this.#onProblem = onProblem;
  }

  add(id: string, listener: (record: LogRecord) => void): () => void {
    const subscription: Subscription = { listener, since: this.#round };
    const all = this.#bySession.get(id) ?? new Set();
    this.#bySession.set(id, all.add(subscription));
    return () => this.#remove(id, subscription);
  }

  /**
   * Begins the announcements of a round. Its records are in the log already, so whoever subscribes meanwhile (from a
   * listener) finds them by reading and is not called for them.
   */
  beginRound(): void {
    this.#round += 1;
  }

  publish(id: string, records: readonly LogRecord[]): void {
    const all = this.#bySession.get(id);
    if (!all) return;
    for (const record of records) {
      for (const subscription of all) {
        if (subscription.since < this.#round) this.#call(id, subscription, record);
      }
    }
  }

  clear(): void {
    this.#bySession.clear();
  }

  #remove(id: string, subscription: Subscription): void {
    const all = this.#bySession.get(id);
    if (all?.delete(subscription) && all.size === 0) this.#bySession.delete(id);
  }

  #call(id: string, subscription: Subscription, record: LogRecord): void {
    try {
      subscription.listener(record);
    } catch (error) {
      const text = `A subscriber of session ${id} threw at record ${record.seq}: ${messageOf(error)}.`;
      this.#report(new NarthexError("HANDLER_FAILED", text, { cause: error }));
    }
  }

  #report(error: NarthexError): void {
    try {
      this.#onProblem(error);
    } catch {
      // Nobody is left to tell.
    }
  }
}
