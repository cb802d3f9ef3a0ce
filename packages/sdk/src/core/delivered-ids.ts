/**
 * The ids of the events that a session has delivered: what makes "exactly once" out of "at least once".
 *
 * D1. An id is known for at least the next `capacity` deliveries after its own.
 * D2. At most twice `capacity` ids are kept.
 * D3. The last delivered event, and the last one that the runtime's log keeps, are known without bound in time.
 */
import type { RawSessionEvent } from "@narthex/protocol";

/** Deliveries for which an event's id is remembered (at least). */
export const MIN_REMEMBERED_EVENTS = 4_096;

export class DeliveredIds {
  readonly #capacity: number;
  #young = new Set<string>();
  #old = new Set<string>();
  #last: string | undefined;
  #lastPersisted: string | undefined;
  #hasForgotten = false;

  constructor(capacity = MIN_REMEMBERED_EVENTS) {
    this.#capacity = capacity;
  }

  /** Id of the event delivered last. */
  get last(): string | undefined {
    return this.#last;
  }

  /** Id of the event delivered last among those that the runtime's log keeps. */
  get lastPersisted(): string | undefined {
    return this.#lastPersisted;
  }

  /** Were there more deliveries than are remembered? */
  get hasForgotten(): boolean {
    return this.#hasForgotten;
  }

  has(id: string): boolean {
    return this.#young.has(id) || this.#old.has(id);
  }

  /** Notes a delivery. An event without an id, which only a faulty runtime sends, cannot be told apart from others. */
  add(event: RawSessionEvent): void {
    const id: unknown = event.id;
    if (typeof id !== "string") return;
    this.#last = id;
    if (event.ephemeral !== true) this.#lastPersisted = id;
    this.#young.add(id);
    if (this.#young.size < this.#capacity) return;
    this.#hasForgotten ||= this.#old.size > 0;
    this.#old = this.#young; // D1, D2
    this.#young = new Set();
  }
}
