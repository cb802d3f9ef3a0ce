import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RawSessionEvent } from "@narthex/protocol";
import { HeldTraffic, type TrafficState } from "./held-traffic.ts";

const event = (id: string): RawSessionEvent => ({ id, timestamp: "", parentId: null, type: "session.info", data: {} });

function make(passThrough = false, maxEvents = 100) {
  const sent: string[] = [];
  let overflows = 0;
  const traffic = new HeldTraffic({
    passThrough,
    maxEvents,
    send: (sessionId, e) => sent.push(`${sessionId}:${e.id}`),
    onOverflow: () => (overflows += 1),
  });
  return { traffic, sent, overflows: () => overflows };
}

const prepare: Record<TrafficState, (traffic: HeldTraffic) => void> = {
  unknown: () => undefined,
  held: (traffic) => {
    traffic.expect("s");
    traffic.event("s", event("0"));
  },
  open: (traffic) => traffic.open("s"),
};

const TABLE: Record<
  TrafficState,
  Record<"event" | "expect" | "open" | "forget", { next: TrafficState; sent: string[] }>
> = {
  unknown: {
    event: { next: "held", sent: [] },
    expect: { next: "held", sent: [] },
    open: { next: "open", sent: [] },
    forget: { next: "unknown", sent: [] },
  },
  held: {
    event: { next: "held", sent: [] },
    expect: { next: "held", sent: [] },
    open: { next: "open", sent: ["s:0"] },
    forget: { next: "unknown", sent: [] },
  },
  open: {
    event: { next: "open", sent: ["s:1"] },
    expect: { next: "held", sent: [] },
    open: { next: "open", sent: [] },
    forget: { next: "unknown", sent: [] },
  },
};

describe("held traffic, cell by cell", () => {
  for (const [state, row] of Object.entries(TABLE) as [TrafficState, (typeof TABLE)["open"]][]) {
    for (const [input, expected] of Object.entries(row)) {
      it(`${state} × ${input} → ${expected.next}`, () => {
        const { traffic, sent } = make();
        prepare[state](traffic);
        if (input === "event") traffic.event("s", event("1"));
        else traffic[input as "expect" | "open" | "forget"]("s");
        expect(traffic.stateOf("s")).toBe(expected.next);
        expect(sent).toEqual(expected.sent);
      });
    }
  }
});

it("lets the events of unknown sessions through for a client that keeps them, unless they are expected to wait", () => {
  const { traffic, sent } = make(true);
  traffic.event("early", event("1"));
  traffic.expect("known");
  traffic.event("known", event("2"));
  expect(sent).toEqual(["early:1"]);
  traffic.open("known");
  expect(sent).toEqual(["early:1", "known:2"]);
});

it("forgets what failed creates left, and nothing else", () => {
  const { traffic, sent } = make();
  traffic.event("failed", event("1"));
  traffic.event("resuming", event("2"));
  traffic.forgetAllBut(new Set(["resuming"]));
  traffic.open("failed");
  traffic.open("resuming");
  expect(sent).toEqual(["resuming:2"]);
});

it("gives up past its bound instead of losing an event silently", () => {
  const { traffic, overflows } = make(false, 2);
  for (const id of ["1", "2", "3"]) traffic.event("s", event(id));
  expect(overflows()).toBe(1);
});

it("sends the events of a session once and in order, whatever happens in between", () => {
  const step = fc.record({ kind: fc.constantFrom("event", "expect", "open"), session: fc.constantFrom("a", "b") });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { traffic, sent } = make(false, 1_000);
      const expected: Record<string, string[]> = { a: [], b: [] };
      for (const [index, { kind, session }] of steps.entries()) {
        if (kind === "event") {
          traffic.event(session, event(String(index)));
          expected[session]!.push(`${session}:${index}`);
        } else traffic[kind as "expect" | "open"](session);
      }
      for (const session of ["a", "b"]) {
        traffic.open(session);
        expect(sent.filter((entry) => entry.startsWith(session))).toEqual(expected[session]);
      }
    }),
  );
});
