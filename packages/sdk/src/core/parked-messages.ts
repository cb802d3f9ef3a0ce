/**
 * The bounded store of messages for ids that are not known yet. Whatever has to go is reported to `out`, so that every
 * request is answered and every loss counted. Invariants R3 to R5 of pending routing are kept here.
 */
import { eventRank, isAnswerable } from "./event-rank.ts";
import type { EarlyTraffic, LossEffect, PendingRoutingLimits, RoutedEvent } from "./routing-types.ts";

export type ParkedItem<E, Q> =
  | { readonly kind: "event"; readonly event: E; readonly bytes: number; readonly rank: number }
  | {
      readonly kind: "request";
      readonly request: Q;
      readonly bytes: number;
      readonly since: number;
      readonly until: number;
      readonly whenLate: "expired" | "ambiguous";
    };

interface Lot<E, Q> {
  /** How many lots had been forgotten when this one began: an earlier one of the same id may be among them. */
  readonly forgottenBefore: number;
  /** First addressed while several creates were in flight: it may belong to any of them. */
  readonly isAmbiguous: boolean;
  readonly items: ParkedItem<E, Q>[];
  events: number;
  requests: number;
  droppedEvents: number;
  refusedRequests: number;
  /** Questions among the dropped events, to be declined once there is a session. */
  readonly lostQuestions: E[];
  firstDropped?: string;
  lastDropped?: string;
}

/** Where losses are told; the effects of a step are collected here. */
interface Losses<E, Q> {
  push(loss: LossEffect<E, Q>): unknown;
}

export class ParkedMessages<E extends RoutedEvent, Q> {
  readonly #limits: PendingRoutingLimits;
  readonly #createsInFlight: () => number;
  /** By id, the least recently addressed first. */
  readonly #lots = new Map<string, Lot<E, Q>>();
  #bytes = 0;
  /** Lots that had to go whole, with their accounts, since the gate was opened. */
  #forgotten = 0;

  /** @param createsInFlight each of them will have an id, so there is always room for as many */
  constructor(limits: PendingRoutingLimits, createsInFlight: () => number) {
    this.#limits = limits;
    this.#createsInFlight = createsInFlight;
  }

  holding(): { ids: number; messages: number; bytes: number } {
    let messages = 0;
    for (const lot of this.#lots.values()) messages += lot.items.length;
    return { ids: this.#lots.size, messages, bytes: this.#bytes };
  }

  /** The parked requests, with the time since when they wait. */
  requests(): { id: string; request: Q; since: number }[] {
    return [...this.#lots].flatMap(([id, lot]) =>
      lot.items.flatMap((item) => (item.kind === "request" ? [{ id, request: item.request, since: item.since }] : [])),
    );
  }

  /** When the oldest parked request runs out of time. */
  nextExpiry(): number | undefined {
    let earliest: number | undefined;
    for (const lot of this.#lots.values()) {
      if (lot.requests === 0) continue;
      for (const item of lot.items) {
        if (item.kind === "request" && item.until < (earliest ?? Number.POSITIVE_INFINITY)) earliest = item.until;
      }
    }
    return earliest;
  }

  /** Was this id first addressed while several creates were in flight? */
  isAmbiguous(id: string): boolean {
    return this.#lots.get(id)?.isAmbiguous === true;
  }

  parkEvent(id: string, event: E, bytes: number, isAmbiguous: boolean, out: Losses<E, Q>): void {
    const lot = this.#lotOf(id, isAmbiguous, out);
    this.#add(lot, { kind: "event", event, bytes, rank: eventRank(event) });
    if (lot.events > this.#limits.maxParkedEventsPerSession) {
      this.#removeAt(id, lot, leastUsefulEvent(lot.items), "overflow", out); // R4
    }
    this.#fitBytes(out);
  }

  /** Parks a request until a time; `whenLate` says why it is refused then. Returns that time. */
  parkRequest(
    id: string,
    parked: { request: Q; bytes: number; now: number; whenLate: "expired" | "ambiguous" },
    isAmbiguous: boolean,
    out: Losses<E, Q>,
  ): number {
    const { request, bytes, now, whenLate } = parked;
    const lot = this.#lotOf(id, isAmbiguous, out);
    const until = now + (whenLate === "expired" ? this.#limits.parkTimeoutMs : this.#limits.ambiguousTimeoutMs);
    this.#add(lot, { kind: "request", request, bytes, since: now, until, whenLate });
    if (lot.requests > this.#limits.maxParkedRequestsPerSession) {
      const oldest = lot.items.findIndex((item) => item.kind === "request");
      this.#removeAt(id, lot, oldest, "overflow", out); // R4
    }
    this.#fitBytes(out);
    return until;
  }

  /** Takes out what is parked for an id, in arrival order (R3), with the account of what was lost (R5). */
  take(id: string): { items: readonly ParkedItem<E, Q>[]; early: EarlyTraffic; lostQuestions: readonly E[] } {
    const lot = this.#lots.get(id);
    this.#lots.delete(id);
    for (const item of lot?.items ?? []) this.#bytes -= item.bytes;
    const mayBeIncomplete = (lot?.forgottenBefore ?? this.#forgotten) > 0;
    const early = { ...earlyTrafficOf(lot), mayBeIncomplete };
    return { items: lot?.items ?? [], early, lostQuestions: lot?.lostQuestions ?? [] };
  }

  /** Gives up what is parked for an id: requests are refused, events dropped. */
  discard(id: string, why: "overflow" | "routing-ended", out: Losses<E, Q>): void {
    const { items, early } = this.take(id);
    let isFirst = early.droppedEvents === 0;
    for (const item of items) {
      if (item.kind === "request") {
        out.push({ kind: "refuse", id, request: item.request, reason: why });
      } else {
        out.push({ kind: "dropped", id, event: item.event, isFirst, why });
        isFirst = false;
      }
    }
  }

  discardAll(why: "routing-ended", out: Losses<E, Q>): void {
    for (const id of this.#lots.keys()) this.discard(id, why, out);
    this.#forgotten = 0;
  }

  /** Refuses the requests that have waited too long (R4). */
  expire(now: number, out: Losses<E, Q>): void {
    for (const [id, lot] of this.#lots) {
      for (let index = 0; index < lot.items.length && lot.requests > 0;) {
        const item = lot.items[index];
        if (item?.kind === "request" && item.until <= now) this.#removeAt(id, lot, index, item.whenLate, out);
        else index += 1;
      }
    }
  }

  /** The lot of an id, made when missing; addressing it moves it to the young end. */
  #lotOf(id: string, isAmbiguous: boolean, out: Losses<E, Q>): Lot<E, Q> {
    const existing = this.#lots.get(id);
    if (existing !== undefined) {
      this.#lots.delete(id);
      this.#lots.set(id, existing);
      return existing;
    }
    const stalest = this.#lots.keys().next();
    const room = Math.max(this.#limits.maxUnknownSessions, this.#createsInFlight());
    if (this.#lots.size >= room && !stalest.done) {
      this.discard(stalest.value, "overflow", out); // R4
      this.#forgotten += 1; // R5
    }
    const lot: Lot<E, Q> = {
      isAmbiguous,
      forgottenBefore: this.#forgotten,
      items: [],
      lostQuestions: [],
      events: 0,
      requests: 0,
      droppedEvents: 0,
      refusedRequests: 0,
    };
    this.#lots.set(id, lot);
    return lot;
  }

  #add(lot: Lot<E, Q>, item: ParkedItem<E, Q>): void {
    lot.items.push(item);
    if (item.kind === "event") lot.events += 1;
    else lot.requests += 1;
    this.#bytes += item.bytes;
  }

  #fitBytes(out: Losses<E, Q>): void {
    while (this.#bytes > this.#limits.maxParkedBytes) {
      const stalest = this.#lots.entries().next();
      if (stalest.done) return;
      const [id, lot] = stalest.value;
      if (lot.items.length === 0) {
        this.#lots.delete(id);
        this.#forgotten += 1; // R5
      } else this.#removeAt(id, lot, 0, "overflow", out); // R4
    }
  }

  #removeAt(
    id: string,
    lot: Lot<E, Q>,
    index: number,
    why: "overflow" | "expired" | "ambiguous",
    out: Losses<E, Q>,
  ): void {
    const [item] = lot.items.splice(index, 1);
    if (item === undefined) return;
    this.#bytes -= item.bytes;
    if (item.kind === "request") {
      lot.requests -= 1;
      lot.refusedRequests += 1;
      out.push({ kind: "refuse", id, request: item.request, reason: why });
      return;
    }
    lot.events -= 1;
    lot.droppedEvents += 1;
    lot.firstDropped ??= item.event.id;
    lot.lastDropped = item.event.id;
    const { maxLostQuestionsPerSession } = this.#limits;
    if (isAnswerable(item.event) && lot.lostQuestions.length < maxLostQuestionsPerSession)
      lot.lostQuestions.push(item.event);
    out.push({ kind: "dropped", id, event: item.event, isFirst: lot.droppedEvents === 1, why: "overflow" });
  }
}

/** The position of the event that hurts least to lose, the oldest among equals. */
function leastUsefulEvent<E, Q>(items: readonly ParkedItem<E, Q>[]): number {
  let victim = -1;
  let lowest = Number.POSITIVE_INFINITY;
  for (const [index, item] of items.entries()) {
    if (item.kind !== "event" || item.rank >= lowest) continue;
    victim = index;
    lowest = item.rank;
  }
  return victim;
}

function earlyTrafficOf<E, Q>(lot: Lot<E, Q> | undefined): Omit<EarlyTraffic, "mayBeIncomplete"> {
  return {
    parkedEvents: lot?.events ?? 0,
    parkedRequests: lot?.requests ?? 0,
    droppedEvents: lot?.droppedEvents ?? 0,
    refusedRequests: lot?.refusedRequests ?? 0,
    ...(lot?.firstDropped === undefined ? {} : { firstDroppedEventId: lot.firstDropped }),
    ...(lot?.lastDropped === undefined ? {} : { lastDroppedEventId: lot.lastDropped }),
  };
}
