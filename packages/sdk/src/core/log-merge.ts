/**
 * Puts events that were lost or missed back in their place: the pure part of every repair from the runtime's log, after
 * too many early events were dropped and after a connection was lost.
 *
 * While the log is read, what arrives for the session is held. The log comes in one page or in several:
 *
 * P1. Every event of the log that is not held is delivered once, in log order.
 * P2. What was held keeps its arrival order, events and requests alike.
 * P3. An event of the log comes before the first held event that is behind it in the log.
 * P4. What is held is bounded. Past the bound it is up to the shell: deliver it as it is, or forget the held events and
 *     read on until the log is asked for once more without having had to forget anything.
 * P5. What is behind the last held event of a page that is not the last stays held.
 * P6. Where all that is missing was sent before anything that is held (`isGapFirst`: a connection was lost and is back),
 *     it also comes before held things that the log does not know.
 *
 * That an event which arrives once more is passed over is kept elsewhere (`delivered-ids.ts`).
 */
import type { RawSessionEvent } from "@narthex/protocol";

/** An event that is held, or something else that keeps its place among the events. */
export type HeldItem<R> =
  | { readonly kind: "event"; readonly event: RawSessionEvent }
  | { readonly kind: "other"; readonly value: R };

/** What to deliver, in order. */
export interface MergedTraffic<R> {
  readonly items: readonly HeldItem<R>[];
  /** Events among `items` that were not held: the log had them. */
  readonly fromLog: readonly RawSessionEvent[];
}

/** Most things held while the log is fetched. */
export const MAX_HELD_ITEMS = 10_000;

export class LogMerge<R> {
  readonly #isGapFirst: boolean;
  #held: HeldItem<R>[] = [];

  constructor(options: { isGapFirst: boolean }) {
    this.#isGapFirst = options.isGapFirst;
  }

  /** Holds one thing; false when there is no more room (P4). */
  hold(item: HeldItem<R>): boolean {
    this.#held.push(item);
    return this.#held.length < MAX_HELD_ITEMS;
  }

  /** Makes room: only what is no event stays held. Returns the events that were forgotten. */
  forgetEvents(): readonly RawSessionEvent[] {
    const forgotten = this.#held.flatMap((item) => (item.kind === "event" ? [item.event] : []));
    this.#held = this.#held.filter((item) => item.kind !== "event");
    return forgotten;
  }

  /** Merges a page of the log with what is held; after the last page (`isEnd`) nothing is held any more. */
  absorb(page: readonly RawSessionEvent[], isEnd: boolean): MergedTraffic<R> {
    const position = new Map(page.map((event, index) => [event.id, index]));
    const indexOf = (item: HeldItem<R>): number | undefined =>
      item.kind === "event" ? position.get(item.event.id) : undefined;
    const heldIds = new Set(this.#held.flatMap((item) => (item.kind === "event" ? [item.event.id] : [])));
    const due = isEnd ? this.#held.length : this.#held.findLastIndex((item) => indexOf(item) !== undefined) + 1;
    const ready = this.#held.splice(0, due); // P5
    const items: HeldItem<R>[] = [];
    const fromLog: RawSessionEvent[] = [];
    let next = 0;
    /** Delivers the page up to an index; what is held itself comes in its own place (P2). */
    const catchUp = (end: number): void => {
      for (; next < end; next += 1) {
        const event = page[next];
        if (event === undefined || heldIds.has(event.id)) continue;
        items.push({ kind: "event", event });
        fromLog.push(event);
      }
    };
    if (this.#isGapFirst) catchUp(ready.map(indexOf).find((index) => index !== undefined) ?? page.length); // P6
    for (const item of ready) {
      const index = indexOf(item);
      if (index !== undefined) catchUp(index); // P3
      items.push(item);
    }
    catchUp(page.length); // P1
    return { items, fromLog };
  }
}
