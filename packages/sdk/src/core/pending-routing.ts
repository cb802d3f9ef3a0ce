/**
 * Pending routing: where a message for a session goes, from before its id is known until after it is gone.
 *
 * A pure machine: no I/O, no clock, no promises. `step` takes one message and returns what is to be done, in order; the
 * shell (`session-registry.ts`) does it before it reads the next frame. The state of one id, and the messages about it:
 *
 * | state \ message | event        | request           | register          | release        | close-gate          | expire          |
 * | --------------- | ------------ | ----------------- | ----------------- | -------------- | ------------------- | --------------- |
 * | ghost           | drop         | refuse "unknown"  | → live            | –              | –                   | –               |
 * | early           | park (bound) | park, or serve    | → live, hand over | → gone, refuse | → ghost, refuse all | refuse old ones |
 * | live            | deliver      | dispatch          | conflict          | → gone         | –                   | –               |
 * | gone            | drop         | refuse "released" | → live            | –              | –                   | –               |
 *
 * An id is *ghost* when nothing is known of it and no id-less create is in flight, and *early* when at least one is.
 * The gate is open while at least one ticket is held; it shuts with the last ticket, or by `close-gate`.
 *
 * An *urgent* request is one that the runtime may need answered before it can answer its create; parking it would be a
 * deadlock. While one ticket is held, an early id can only belong to its create: the ticket *adopts* the id, and urgent
 * requests for it are served from that create's handlers. While several are held, they are parked for a short time.
 *
 * Invariants, cited where they are kept:
 * R1. Nothing is parked while the gate is shut.
 * R2. Every request that comes in leaves exactly once: dispatched or refused.
 * R3. What was parked for an id is handed over in arrival order, before anything that arrives later.
 * R4. Parked messages are bounded: per id and kind, in distinct ids, in bytes, and requests in time.
 * R5. What is lost is counted per id and told when the session is registered; where ids had to be forgotten with their
 *     accounts, every session that may be one of them is told that.
 * R6. A ticket counts once, however often it is ended.
 * R7. The memory of released ids is bounded.
 * R8. A ticket adopts one id at most, and none that was first addressed while several tickets were held; an adopted id
 *     that is not registered when its ticket ends is gone.
 */
import { ParkedMessages } from "./parked-messages.ts";
import type { GateTicket, PendingRoutingLimits, RoutedEvent, RoutingEffect, RoutingMessage } from "./routing-types.ts";

/** What is known of an id. */
export type RouteState = "ghost" | "early" | "live" | "gone";

type IdMessage<S, E extends RoutedEvent, Q> = Extract<RoutingMessage<S, E, Q>, { id: string }>;
type Out<S, E extends RoutedEvent, Q> = RoutingEffect<S, E, Q>[];
type Cell<S, E extends RoutedEvent, Q, K> = (
  message: Extract<IdMessage<S, E, Q>, { kind: K }>,
  out: Out<S, E, Q>,
) => void;
/** Every state answers every message about an id; a missing cell does not compile. */
type Table<S, E extends RoutedEvent, Q> = Record<
  RouteState,
  { readonly [K in IdMessage<S, E, Q>["kind"]]: Cell<S, E, Q, K> }
>;

const nothing = (): void => undefined;

export class PendingRouting<S, E extends RoutedEvent, Q> {
  readonly #limits: PendingRoutingLimits;
  /** Held tickets, each with the id it has adopted. */
  readonly #tickets = new Map<GateTicket, string | undefined>();
  readonly #parked: ParkedMessages<E, Q>;
  readonly #live = new Map<string, S>();
  /** Released ids, oldest first. */
  readonly #gone = new Set<string>();

  constructor(limits: PendingRoutingLimits) {
    this.#limits = limits;
    this.#parked = new ParkedMessages(limits, () => this.#tickets.size);
  }

  /** The session registered under this id: the quick way for live traffic, which needs no effects. */
  live(id: string): S | undefined {
    return this.#live.get(id);
  }

  /** All registered sessions. */
  sessions(): S[] {
    return [...this.#live.values()];
  }

  /** Is at least one id-less create in flight? */
  get isGateOpen(): boolean {
    return this.#tickets.size > 0;
  }

  /** What is held right now; all zero when nothing is in flight (R1). */
  holding(): { ids: number; messages: number; bytes: number; tickets: number } {
    return { ...this.#parked.holding(), tickets: this.#tickets.size };
  }

  /** The parked requests, with the time since when they wait. */
  parkedRequests(): { id: string; request: Q; since: number }[] {
    return this.#parked.requests();
  }

  stateOf(id: string): RouteState {
    if (this.#live.has(id)) return "live";
    if (this.#gone.has(id)) return "gone";
    return this.isGateOpen ? "early" : "ghost";
  }

  /** One message in, effects out, to be done in order before the next message. */
  step(message: RoutingMessage<S, E, Q>): RoutingEffect<S, E, Q>[] {
    const out: Out<S, E, Q> = [];
    switch (message.kind) {
      case "open-gate":
        this.#tickets.set(message.ticket, undefined);
        break;
      case "end-ticket":
        this.#endTicket(message.ticket, out);
        break;
      case "close-gate":
        this.#tickets.clear();
        this.#parked.discardAll("routing-ended", out); // R1
        break;
      case "expire":
        this.#parked.expire(message.now, out);
        this.#wake(this.#parked.nextExpiry(), out);
        break;
      default: {
        const cell = this.#table[this.stateOf(message.id)][message.kind];
        (cell as (message: IdMessage<S, E, Q>, out: Out<S, E, Q>) => void)(message, out);
      }
    }
    return out;
  }

  readonly #table: Table<S, E, Q> = {
    ghost: {
      event: nothing, // R1
      request: (m, out) => out.push({ kind: "refuse", id: m.id, request: m.request, reason: "unknown" }), // R2
      register: (m, out) => this.#register(m.id, m.session, out),
      release: nothing,
    },
    early: {
      event: (m, out) => this.#parked.parkEvent(m.id, m.event, m.bytes, this.#tickets.size > 1, out),
      request: (m, out) => this.#earlyRequest(m, out),
      register: (m, out) => this.#register(m.id, m.session, out),
      release: (m, out) => {
        this.#parked.discard(m.id, "routing-ended", out); // R2
        this.#remember(m.id);
      },
    },
    live: {
      event: (m, out) => out.push({ kind: "deliver", session: this.#sessionOf(m.id), event: m.event }),
      request: (m, out) => out.push({ kind: "dispatch", session: this.#sessionOf(m.id), request: m.request }),
      register: (m, out) => out.push({ kind: "conflict", id: m.id, session: m.session }),
      release: (m) => {
        this.#live.delete(m.id);
        this.#remember(m.id);
      },
    },
    gone: {
      event: nothing,
      request: (m, out) => out.push({ kind: "refuse", id: m.id, request: m.request, reason: "released" }), // R2
      register: (m, out) => this.#register(m.id, m.session, out),
      release: nothing,
    },
  };

  /** The id that a ticket has adopted. */
  adoptedId(ticket: GateTicket): string | undefined {
    return this.#tickets.get(ticket);
  }

  #endTicket(ticket: GateTicket, out: Out<S, E, Q>): void {
    if (!this.#tickets.has(ticket)) return; // R6
    const adopted = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    if (adopted !== undefined && !this.#live.has(adopted)) {
      this.#parked.discard(adopted, "routing-ended", out); // R8
      this.#remember(adopted);
    }
    if (this.#tickets.size === 0) this.#parked.discardAll("routing-ended", out); // R1
  }

  #earlyRequest(message: Extract<RoutingMessage<S, E, Q>, { kind: "request" }>, out: Out<S, E, Q>): void {
    const { id, request, bytes, now, isUrgent = false } = message;
    const ticket = isUrgent ? this.#adopterOf(id) : undefined;
    if (ticket !== undefined) {
      this.#tickets.set(ticket, id);
      out.push({ kind: "serve-early", id, ticket, request });
      return;
    }
    const isAmbiguous = this.#tickets.size > 1;
    const whenLate = isUrgent ? "ambiguous" : "expired";
    this.#wake(this.#parked.parkRequest(id, { request, bytes, now, whenLate }, isAmbiguous, out), out);
  }

  /** The ticket whose create an id must belong to, if that is certain (R8). */
  #adopterOf(id: string): GateTicket | undefined {
    for (const [ticket, adopted] of this.#tickets) if (adopted === id) return ticket;
    const [only] = this.#tickets;
    if (only === undefined || this.#tickets.size > 1) return undefined;
    const [ticket, adopted] = only;
    return adopted === undefined && !this.#parked.isAmbiguous(id) ? ticket : undefined;
  }

  #wake(at: number | undefined, out: Out<S, E, Q>): void {
    if (at !== undefined) out.push({ kind: "wake-at", at });
  }

  #sessionOf(id: string): S {
    return this.#live.get(id) as S; // Cells of state live only.
  }

  #register(id: string, session: S, out: Out<S, E, Q>): void {
    const { items, early, lostQuestions } = this.#parked.take(id);
    this.#gone.delete(id);
    this.#live.set(id, session);
    out.push({ kind: "registered", id, session, early, lostQuestions }); // R5
    // R3: the shell does all of these before it reads on, so nothing newer comes in between.
    for (const item of items) {
      if (item.kind === "event") out.push({ kind: "deliver", session, event: item.event });
      else out.push({ kind: "dispatch", session, request: item.request });
    }
  }

  #remember(id: string): void {
    this.#gone.delete(id);
    this.#gone.add(id);
    const oldest = this.#gone.values().next();
    if (this.#gone.size > this.#limits.maxReleasedSessions && !oldest.done) this.#gone.delete(oldest.value); // R7
  }
}
