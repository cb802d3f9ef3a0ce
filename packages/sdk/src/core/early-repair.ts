/**
 * Puts lost events back in their place: the pure part of the repair after too many early events were dropped.
 *
 * While the runtime is asked for its log, everything for the session is held. Then log and held traffic are merged:
 *
 * P1. Every persisted event of the log is delivered once, in log order, also when it arrives once more later.
 * P2. What was held keeps its arrival order, events and requests alike.
 * P3. An event that was lost comes before the first held event that is behind it in the log.
 * P4. What is held is bounded; past the bound the repair is given up and what is held is delivered as it is.
 */
import type { RawSessionEvent } from "@narthex/protocol";

/** An event that is held, or something else that keeps its place among the events. */
export type HeldItem<R> =
  | { readonly kind: "event"; readonly event: RawSessionEvent }
  | { readonly kind: "other"; readonly value: R };

/** What to deliver, in order. */
export interface RepairedTraffic<R> {
  readonly items: readonly HeldItem<R>[];
  /** Events that were lost and are in `items`. */
  readonly repaired: readonly RawSessionEvent[];
  /** Events of the log that may still arrive once more, and must then be passed over. */
  readonly passOver: ReadonlySet<string>;
}

/** Most things held while the log is fetched. */
export const MAX_HELD_ITEMS = 10_000;

export class EarlyRepair<R> {
  readonly #held: HeldItem<R>[] = [];

  /** Holds one thing; false when there is no more room and the repair has to be given up (P4). */
  hold(item: HeldItem<R>): boolean {
    this.#held.push(item);
    return this.#held.length < MAX_HELD_ITEMS;
  }

  /** The merged traffic; without a log, what was held. */
  finish(log: readonly RawSessionEvent[] | undefined): RepairedTraffic<R> {
    if (log === undefined) return { items: this.#held, repaired: [], passOver: new Set() };
    const position = new Map(log.map((event, index) => [event.id, index]));
    const heldIds = new Set(this.#held.flatMap((item) => (item.kind === "event" ? [item.event.id] : [])));
    const items: HeldItem<R>[] = [];
    const repaired: RawSessionEvent[] = [];
    let next = 0;
    /** Delivers the log up to an index; what is held itself comes in its own place (P2). */
    const catchUp = (end: number): void => {
      for (; next < end; next += 1) {
        const event = log[next];
        if (event === undefined || heldIds.has(event.id)) continue;
        items.push({ kind: "event", event });
        repaired.push(event);
      }
    };
    for (const item of this.#held) {
      const index = item.kind === "event" ? position.get(item.event.id) : undefined;
      if (index !== undefined) catchUp(index); // P3
      items.push(item);
    }
    catchUp(log.length); // P1
    return { items, repaired, passOver: new Set(repaired.map((event) => event.id)) };
  }
}
