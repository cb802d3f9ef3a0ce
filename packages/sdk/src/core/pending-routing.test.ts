import { describe, expect, it } from "vitest";
import { PendingRouting, type RouteState } from "./pending-routing.ts";
import {
  DEFAULT_PENDING_ROUTING_LIMITS,
  type GateTicket,
  type PendingRoutingLimits,
  type RoutingEffect,
  type RoutingMessage,
} from "./routing-types.ts";

interface Ev {
  id: string;
  type: string;
}
type Routing = PendingRouting<string, Ev, number>;
type Effect = RoutingEffect<string, Ev, number>;
type Message = RoutingMessage<string, Ev, number>;

const make = (limits: Partial<PendingRoutingLimits> = {}): Routing =>
  new PendingRouting({ ...DEFAULT_PENDING_ROUTING_LIMITS, ...limits });
const ticket = (): GateTicket => ({ isGateTicket: true });
const event = (n: number | string, type = "session.info", id = "s"): Message => ({
  kind: "event",
  id,
  event: { id: `e${n}`, type },
  bytes: 10,
  now: 0,
});
const request = (n: number, id = "s", now = 0): Message => ({ kind: "request", id, request: n, bytes: 10, now });
const register = (id = "s", session = "S"): Message => ({ kind: "register", id, session });

/** Brings the id "s" of a new machine into a state. */
const inState: Record<RouteState, () => Routing> = {
  ghost: () => make(),
  early: () => {
    const routing = make();
    routing.step({ kind: "open-gate", ticket: ticket() });
    routing.step(event(0));
    return routing;
  },
  live: () => {
    const routing = make();
    routing.step(register());
    return routing;
  },
  gone: () => {
    const routing = make();
    routing.step(register());
    routing.step({ kind: "release", id: "s" });
    return routing;
  },
};

interface Expected {
  next: RouteState;
  effects: string[];
}

// The table of the module's header, cell by cell; a missing cell does not compile.
const TABLE: Record<RouteState, Record<"event" | "request" | "register" | "release" | "close-gate", Expected>> = {
  ghost: {
    event: { next: "ghost", effects: [] },
    request: { next: "ghost", effects: ["refuse 1 unknown"] },
    register: { next: "live", effects: ["registered s"] },
    release: { next: "ghost", effects: [] },
    "close-gate": { next: "ghost", effects: [] },
  },
  early: {
    event: { next: "early", effects: [] },
    request: { next: "early", effects: [] },
    register: { next: "live", effects: ["registered s", "deliver e0"] },
    release: { next: "gone", effects: ["dropped e0 routing-ended"] },
    "close-gate": { next: "ghost", effects: ["dropped e0 routing-ended"] },
  },
  live: {
    event: { next: "live", effects: ["deliver e1"] },
    request: { next: "live", effects: ["dispatch 1"] },
    register: { next: "live", effects: ["conflict s"] },
    release: { next: "gone", effects: [] },
    "close-gate": { next: "live", effects: [] },
  },
  gone: {
    event: { next: "gone", effects: [] },
    request: { next: "gone", effects: ["refuse 1 released"] },
    register: { next: "live", effects: ["registered s"] },
    release: { next: "gone", effects: [] },
    "close-gate": { next: "gone", effects: [] },
  },
};

const MESSAGES: Record<keyof (typeof TABLE)["ghost"], Message> = {
  event: event(1),
  request: request(1),
  register: register(),
  release: { kind: "release", id: "s" },
  "close-gate": { kind: "close-gate" },
};

function shown(effect: Effect): string[] {
  return effect.kind === "wake-at" ? [] : [inWords(effect)]; // when to wake is a test of its own
}

function inWords(effect: Exclude<Effect, { kind: "wake-at" }>): string {
  switch (effect.kind) {
    case "serve-early":
      return `serve ${effect.request}`;
    case "deliver":
      return `deliver ${effect.event.id}`;
    case "dispatch":
      return `dispatch ${effect.request}`;
    case "refuse":
      return `refuse ${effect.request} ${effect.reason}`;
    case "dropped":
      return `dropped ${effect.event.id} ${effect.why}`;
    default:
      return `${effect.kind} ${effect.id}`;
  }
}

describe("pending routing, cell by cell", () => {
  for (const [state, row] of Object.entries(TABLE) as [RouteState, (typeof TABLE)["ghost"]][]) {
    for (const [kind, expected] of Object.entries(row)) {
      it(`${state} × ${kind} → ${expected.next}`, () => {
        const routing = inState[state]();
        expect(routing.stateOf("s")).toBe(state);
        const effects = routing.step(MESSAGES[kind as keyof typeof MESSAGES]);
        expect(effects.flatMap(shown)).toEqual(expected.effects);
        expect(routing.stateOf("s")).toBe(expected.next);
      });
    }
  }
});

describe("hand-over and bounds", () => {
  const open = (limits: Partial<PendingRoutingLimits> = {}): Routing => {
    const routing = make(limits);
    routing.step({ kind: "open-gate", ticket: ticket() });
    return routing;
  };

  it("hands events and requests of one id over in one arrival order", () => {
    const routing = open();
    for (const message of [event("a"), request(1), event("b"), request(2)]) routing.step(message);
    expect(routing.step(register()).flatMap(shown)).toEqual([
      "registered s",
      "deliver ea",
      "dispatch 1",
      "deliver eb",
      "dispatch 2",
    ]);
  });

  it("refuses the oldest request when the 129th comes, and hands over the other 128", () => {
    const routing = open();
    for (let n = 1; n <= 128; n += 1) expect(routing.step(request(n)).flatMap(shown)).toEqual([]);
    expect(routing.step(request(129)).flatMap(shown)).toEqual(["refuse 1 overflow"]);
    const handed = routing.step(register()).flatMap(shown);
    expect(handed).toEqual(["registered s", ...Array.from({ length: 128 }, (_, i) => `dispatch ${i + 2}`)]);
  });

  it("drops the oldest event when the 129th comes, and tells what was lost at registration", () => {
    const routing = open();
    for (let n = 1; n <= 130; n += 1) routing.step(event(n));
    const [registered, first] = routing.step(register());
    expect(registered).toMatchObject({
      early: { parkedEvents: 128, droppedEvents: 2, firstDroppedEventId: "e1", lastDroppedEventId: "e2" },
    });
    expect(shown(first!)).toEqual(["deliver e3"]);
  });

  it("drops deltas first, and questions and the start of the session last", () => {
    const routing = open({ maxParkedEventsPerSession: 3 });
    routing.step(event("start", "session.start"));
    routing.step(event("info"));
    routing.step(event("delta", "assistant.message_delta"));
    expect(routing.step(event("ask", "permission.requested")).flatMap(shown)).toEqual(["dropped edelta overflow"]);
    expect(routing.step(event("ask2", "permission.requested")).flatMap(shown)).toEqual(["dropped einfo overflow"]);
    expect(routing.step(event("ask3", "permission.requested")).flatMap(shown)).toEqual(["dropped estart overflow"]);
  });

  it("leaves other ids alone when one is registered", () => {
    const routing = open();
    routing.step(event(1, "session.info", "a"));
    routing.step(event(2, "session.info", "b"));
    expect(routing.step(register("a", "A")).flatMap(shown)).toEqual(["registered a", "deliver e1"]);
    expect(routing.step(register("b", "B")).flatMap(shown)).toEqual(["registered b", "deliver e2"]);
  });

  it("keeps parking for a second create when the first one ends, once and for all", () => {
    const routing = make();
    const [a, b] = [ticket(), ticket()];
    routing.step({ kind: "open-gate", ticket: a });
    routing.step({ kind: "open-gate", ticket: b });
    routing.step(request(1));
    routing.step({ kind: "end-ticket", ticket: a });
    expect(routing.step({ kind: "end-ticket", ticket: a })).toEqual([]);
    expect(routing.isGateOpen).toBe(true);
    expect(routing.step({ kind: "end-ticket", ticket: b }).flatMap(shown)).toEqual(["refuse 1 routing-ended"]);
  });

  it("forgets the stalest of too many unknown ids, refusing its requests", () => {
    const routing = open({ maxUnknownSessions: 2 });
    routing.step(request(1, "a"));
    routing.step(request(2, "b"));
    routing.step(request(3, "a"));
    expect(routing.step(request(4, "c")).flatMap(shown)).toEqual(["refuse 2 overflow"]);
  });

  it("has room for the ids of all creates in flight, however many they are", () => {
    const routing = make({ maxUnknownSessions: 2 });
    for (let n = 0; n < 5; n += 1) routing.step({ kind: "open-gate", ticket: ticket() });
    for (let n = 0; n < 5; n += 1) expect(routing.step(request(n, `id-${n}`)).flatMap(shown)).toEqual([]);
    expect(routing.step(request(5, "id-5")).flatMap(shown)).toEqual(["refuse 0 overflow"]);
  });

  it("keeps the bytes of 100,000 ghost ids within bounds, and the right id still works", () => {
    const routing = open();
    for (let n = 0; n < 100_000; n += 1) routing.step(event(n, "session.info", `ghost-${n}`));
    routing.step(event("right", "session.start", "s"));
    const holding = routing.holding();
    expect(holding.ids).toBeLessThanOrEqual(DEFAULT_PENDING_ROUTING_LIMITS.maxUnknownSessions);
    expect(holding.messages).toBe(holding.ids);
    expect(routing.step(register()).flatMap(shown)).toEqual(["registered s", "deliver eright"]);
  });

  it("makes room by bytes, oldest first", () => {
    const routing = open({ maxParkedBytes: 25 });
    routing.step(request(1, "a"));
    routing.step(event("x", "session.info", "b"));
    expect(routing.step(request(2, "b")).flatMap(shown)).toEqual(["refuse 1 overflow"]);
    expect(routing.holding().bytes).toBe(20);
  });

  it("refuses requests that waited too long, and only those", () => {
    const routing = open({ parkTimeoutMs: 100 });
    expect(routing.step(request(1, "s", 0))).toEqual([{ kind: "wake-at", at: 100 }]);
    expect(routing.step(request(2, "s", 60))).toEqual([{ kind: "wake-at", at: 160 }]);
    const effects = routing.step({ kind: "expire", now: 100 });
    expect(effects.flatMap(shown)).toEqual(["refuse 1 expired"]);
    expect(effects.at(-1)).toEqual({ kind: "wake-at", at: 160 });
  });

  it("remembers a bounded number of released ids", () => {
    const routing = make({ maxReleasedSessions: 2 });
    for (const id of ["a", "b", "c"]) {
      routing.step(register(id));
      routing.step({ kind: "release", id });
    }
    expect(["a", "b", "c"].map((id) => routing.stateOf(id))).toEqual(["ghost", "gone", "gone"]);
  });
});

describe("urgent requests", () => {
  const urgent = (n: number, id = "s", now = 0): Message => ({ ...request(n, id, now), isUrgent: true }) as Message;
  const holding = (...tickets: GateTicket[]): Routing => {
    const routing = make({ ambiguousTimeoutMs: 50 });
    for (const held of tickets) routing.step({ kind: "open-gate", ticket: held });
    return routing;
  };

  it("are served at once while one create is in flight, the rest of that id waits", () => {
    const only = ticket();
    const routing = holding(only);
    expect(routing.step(event("a"))).toEqual([]);
    expect(routing.step(urgent(1))).toEqual([{ kind: "serve-early", id: "s", ticket: only, request: 1 }]);
    expect(routing.step(request(2)).flatMap(shown)).toEqual([]);
    expect(routing.step(urgent(3)).flatMap(shown)).toEqual(["serve 3"]);
    expect(routing.adoptedId(only)).toBe("s");
    expect(routing.step(register()).flatMap(shown)).toEqual(["registered s", "deliver ea", "dispatch 2"]);
  });

  it("of a second id wait, since a create makes one session", () => {
    const routing = holding(ticket());
    routing.step(urgent(1, "a"));
    expect(routing.step(urgent(2, "b")).flatMap(shown)).toEqual([]);
    expect(routing.step({ kind: "expire", now: 50 }).flatMap(shown)).toEqual(["refuse 2 ambiguous"]);
  });

  it("are parked for a short time while several creates are in flight, and never adopted later", () => {
    const [a, b] = [ticket(), ticket()];
    const routing = holding(a, b);
    expect(routing.step(urgent(1))).toEqual([{ kind: "wake-at", at: 50 }]);
    routing.step({ kind: "end-ticket", ticket: a });
    expect(routing.step(urgent(2)).flatMap(shown)).toEqual([]);
    expect(routing.step({ kind: "expire", now: 50 }).flatMap(shown)).toEqual([
      "refuse 1 ambiguous",
      "refuse 2 ambiguous",
    ]);
  });

  it("stay with their create when another one begins", () => {
    const [a, b] = [ticket(), ticket()];
    const routing = holding(a);
    routing.step(urgent(1));
    routing.step({ kind: "open-gate", ticket: b });
    expect(routing.step(urgent(2))).toEqual([{ kind: "serve-early", id: "s", ticket: a, request: 2 }]);
  });

  it("of a create that failed are refused from then on, also while another create is in flight", () => {
    const [a, b] = [ticket(), ticket()];
    const routing = holding(a);
    routing.step(urgent(1));
    routing.step({ kind: "open-gate", ticket: b });
    routing.step(request(2));
    expect(routing.step({ kind: "end-ticket", ticket: a }).flatMap(shown)).toEqual(["refuse 2 routing-ended"]);
    expect(routing.step(urgent(3)).flatMap(shown)).toEqual(["refuse 3 released"]);
  });
});
