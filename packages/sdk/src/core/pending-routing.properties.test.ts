/**
 * The laws of pending routing under random interleavings of creates, responses in any order, failures, cancels, late
 * responses, events, requests, resumes, disconnects and the passing of time. `npm run test:properties` runs them 10,000
 * times with a fixed seed and 10,000 times with a new one; a failure is shrunk and names its seed.
 *
 * L1. Every inbound request is answered exactly once.
 * L2. No event is delivered twice, out of order, or to another session; neither is a request.
 * L3. Nothing is held when nothing is in flight, and never more than the bounds.
 * L4. What arrives for an id that is registered before parking ends is handed over, unless a bound was hit.
 * L5. A create adopts one id at most, only while it is the only one, and only that id's requests are served early; when it
 *     ends without that id, nothing is kept for it.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { propertySettings } from "../../test/property-settings.ts";
import { PendingRouting } from "./pending-routing.ts";
import { DEFAULT_PENDING_ROUTING_LIMITS, type GateTicket, type RoutingMessage } from "./routing-types.ts";

interface Ev {
  readonly id: string;
  readonly type: string;
  readonly session: string;
}
interface Req {
  readonly number: number;
  readonly session: string;
}
/** A session object; a resumed id gets a new one. */
interface Session {
  readonly id: string;
}
type Message = RoutingMessage<Session, Ev, Req>;

const IDS = ["a", "b", "c", "d", "e", "f", "g", "h"] as const;
const SLOTS = [0, 1, 2] as const;
const LIMITS = {
  ...DEFAULT_PENDING_ROUTING_LIMITS,
  maxParkedEventsPerSession: 5,
  maxParkedRequestsPerSession: 4,
  maxUnknownSessions: 2,
  maxParkedBytes: 60,
  parkTimeoutMs: 25,
  ambiguousTimeoutMs: 8,
};

const id = fc.constantFrom(...IDS);
const slot = fc.constantFrom(...SLOTS);
const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("event" as const), id, isQuestion: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("request" as const), id, isUrgent: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("begin" as const), slot }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("respond" as const), slot, id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("fail" as const), slot }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel" as const), slot }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("late response" as const), id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("resume" as const), id }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("disconnect" as const), id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("time passes" as const), ms: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "stop" as const }) },
);
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

/** The machine with everything that happens to it, and what must be true of that. */
class Run {
  readonly #routing: PendingRouting<Session, Ev, Req>;
  readonly #creates = new Map<number, GateTicket>();
  readonly #live = new Map<string, Session>();
  readonly #settled = new Map<number, number>();
  readonly #lastSeen = new Map<string, number>();
  readonly #adopted = new Map<GateTicket, string>();
  /** Arrived for an id while parking was on, and neither lost nor handed over. */
  readonly #waiting = new Map<string, Set<number>>();
  /** Most creates in flight at once since parking began: each of them is owed room for an id. */
  #peak = 0;
  #requests = 0;
  #clock = 0;

  constructor(limits: typeof LIMITS) {
    this.#routing = new PendingRouting(limits);
  }

  do(next: Action): unknown {
    this.#clock += 1;
    switch (next.kind) {
      case "event":
        return this.#event(next.id, next.isQuestion);
      case "request":
        return this.#request(next.id, next.isUrgent);
      case "begin":
        return this.#begin(next.slot);
      case "respond":
        return this.#respond(next.slot, next.id);
      case "fail":
      case "cancel":
        return this.#endCreate(next.slot);
      case "late response":
        // The shell leaves an id alone that is live by now; every other one is released and destroyed.
        return this.#live.has(next.id) ? undefined : this.#step({ kind: "release", id: next.id });
      case "resume":
        return this.#register({ id: next.id });
      case "disconnect":
        if (!this.#live.delete(next.id)) return undefined;
        return this.#step({ kind: "release", id: next.id });
      case "time passes":
        this.#clock += next.ms;
        return this.#step({ kind: "expire", now: this.#clock });
      case "stop":
        this.#creates.clear();
        return this.#step({ kind: "close-gate" });
    }
  }

  /** Every create ends; then nothing may be left. */
  end(): void {
    for (const slotOf of SLOTS) this.#endCreate(slotOf);
    expect(this.#routing.holding()).toEqual({ ids: 0, messages: 0, bytes: 0, tickets: 0 }); // L3
    expect(this.#settled.size).toBe(this.#requests); // L1
    expect([...this.#settled.values()].filter((times) => times !== 1)).toEqual([]); // L1
  }

  #event(session: string, isQuestion: boolean): void {
    const type = isQuestion ? "permission.requested" : "session.info";
    const event = { id: String(this.#clock), type, session };
    this.#arrives(session, this.#clock);
    this.#step({ kind: "event", id: session, event, bytes: 10, now: this.#clock });
  }

  #request(session: string, isUrgent: boolean): void {
    this.#requests += 1;
    const request = { number: this.#clock, session };
    this.#arrives(session, this.#clock);
    this.#step({ kind: "request", id: session, request, bytes: 10, now: this.#clock, isUrgent });
  }

  #arrives(session: string, number: number): void {
    if (this.#routing.stateOf(session) !== "early") return;
    const waiting = this.#waiting.get(session) ?? new Set();
    this.#waiting.set(session, waiting);
    waiting.add(number);
  }

  #begin(slotOf: number): void {
    if (this.#creates.has(slotOf)) return;
    const ticket: GateTicket = { isGateTicket: true };
    this.#creates.set(slotOf, ticket);
    this.#step({ kind: "open-gate", ticket });
  }

  #respond(slotOf: number, session: string): void {
    const ticket = this.#creates.get(slotOf);
    if (ticket === undefined) return;
    const adopted = this.#routing.adoptedId(ticket);
    const isTaken = this.#live.has(session);
    if (!isTaken && (adopted === undefined || adopted === session)) this.#register({ id: session });
    else if (!isTaken) this.#step({ kind: "release", id: session });
    this.#endCreate(slotOf);
  }

  #register(session: Session): void {
    if (this.#live.has(session.id)) return;
    const waiting = new Set(this.#waiting.get(session.id));
    this.#waiting.delete(session.id);
    this.#live.set(session.id, session);
    const handedOver = this.#step({ kind: "register", id: session.id, session });
    expect(new Set(handedOver)).toEqual(waiting); // L4
  }

  #endCreate(slotOf: number): void {
    const ticket = this.#creates.get(slotOf);
    if (ticket === undefined) return;
    this.#creates.delete(slotOf);
    const adopted = this.#routing.adoptedId(ticket);
    this.#step({ kind: "end-ticket", ticket });
    if (adopted !== undefined) expect([...(this.#waiting.get(adopted) ?? [])]).toEqual([]); // L5
    expect(this.#routing.step({ kind: "end-ticket", ticket })).toEqual([]); // ending it twice is harmless
  }

  /** Returns the numbers of what was handed over. */
  #step(message: Message): number[] {
    const handedOver: number[] = [];
    for (const effect of this.#routing.step(message)) {
      switch (effect.kind) {
        case "deliver":
          this.#reaches(effect.session, effect.event.session, Number(effect.event.id));
          handedOver.push(Number(effect.event.id));
          break;
        case "dispatch":
          this.#reaches(effect.session, effect.request.session, effect.request.number);
          this.#settle(effect.request);
          handedOver.push(effect.request.number);
          break;
        case "serve-early":
          if (!this.#adopted.has(effect.ticket)) expect(this.#creates.size).toBe(1); // L5
          expect(this.#adopted.get(effect.ticket) ?? effect.id).toBe(effect.request.session); // L5
          this.#adopted.set(effect.ticket, effect.id);
          this.#settle(effect.request);
          break;
        case "refuse":
          this.#settle(effect.request);
          break;
        case "dropped":
          this.#waiting.get(effect.id)?.delete(Number(effect.event.id));
          break;
        default:
      }
    }
    this.#checkBounds();
    return handedOver;
  }

  #reaches(session: Session, wanted: string, number: number): void {
    expect(session).toBe(this.#live.get(wanted)); // L2: its own session, and the one that is there now
    expect(number).toBeGreaterThan(this.#lastSeen.get(wanted) ?? 0); // L2: once, in arrival order
    this.#lastSeen.set(wanted, number);
  }

  #settle(request: Req): void {
    this.#settled.set(request.number, (this.#settled.get(request.number) ?? 0) + 1);
    this.#waiting.get(request.session)?.delete(request.number);
  }

  #checkBounds(): void {
    const { ids, messages, bytes, tickets } = this.#routing.holding();
    if (tickets === 0) expect([ids, messages, bytes]).toEqual([0, 0, 0]); // L3
    this.#peak = tickets === 0 ? 0 : Math.max(this.#peak, tickets);
    expect(ids).toBeLessThanOrEqual(Math.max(LIMITS.maxUnknownSessions, this.#peak)); // L3
    expect(bytes).toBeLessThanOrEqual(LIMITS.maxParkedBytes); // L3
  }
}

describe("pending routing under any interleaving", () => {
  it("answers every request once, delivers nothing twice, late or elsewhere, and holds nothing when nothing is in flight", () => {
    const property = fc.property(fc.array(action, { maxLength: 150 }), (actions) => {
      const run = new Run(LIMITS);
      for (const next of actions) run.do(next);
      run.end();
    });
    fc.assert(property, propertySettings(1_000));
  });
});
