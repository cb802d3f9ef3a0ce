import type { RawSessionEvent } from "@narthex/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_HELD_ITEMS } from "./log-merge.ts";
import { SessionTraffic } from "./session-traffic.ts";

const event = (id: string): RawSessionEvent => ({ id, timestamp: "", parentId: null, type: "session.info", data: {} });
const NOTHING_EARLY = {
  mayBeIncomplete: false,
  parkedEvents: 0,
  parkedRequests: 0,
  droppedEvents: 0,
  refusedRequests: 0,
};

function traffic() {
  const delivered: string[] = [];
  const repeated: string[] = [];
  const sink = {
    deliver: ({ id }: RawSessionEvent) => void delivered.push(id),
    repeated: ({ id }: RawSessionEvent) => void repeated.push(id),
  };
  return { of: new SessionTraffic(sink), delivered, repeated };
}

describe("a session's traffic", () => {
  it("delivers an event once, however often it arrives", () => {
    const { of, delivered, repeated } = traffic();
    for (const id of ["1", "2", "1"]) of.event(event(id));
    expect([delivered, repeated]).toEqual([["1", "2"], ["1"]]);
  });

  it("keeps its account of the early traffic when it moves to another connection", () => {
    const { of } = traffic();
    of.begin({ ...NOTHING_EARLY, parkedEvents: 7 });
    of.begin(NOTHING_EARLY);
    expect(of.startup.parkedEvents).toBe(7);
  });

  it("holds questions to people while it catches up, and answers everything else", async () => {
    const { of, delivered } = traffic();
    of.beginCatchUp();
    const question = of.request(() => (delivered.push("question"), Promise.resolve(1)), true);
    expect(await of.request(() => Promise.resolve(2), false)).toBe(2);
    of.event(event("live"));
    expect(delivered).toEqual([]);
    expect(of.absorb([event("missed")], true)).toBe(true);
    expect(await question).toBe(1);
    expect(delivered).toEqual(["missed", "question", "live"]);
  });

  it("has the log read again when too much arrived to be held, and loses nothing", () => {
    const { of, delivered } = traffic();
    of.beginCatchUp();
    of.askedForLog();
    const log = Array.from({ length: MAX_HELD_ITEMS + 10 }, (_, n) => event(String(n)));
    for (const live of log) of.event(live);
    expect(of.absorb([], true)).toBe(false); // a snapshot from before all of it
    of.askedForLog();
    expect(of.absorb(log, true)).toBe(true);
    expect(delivered).toEqual(log.map(({ id }) => id));
    expect(of.isHeld).toBe(false);
  });

  it("delivers every event of a session once and in order, over any number of outages", () => {
    const step = fc.constantFrom("live", "live", "cut", "resume", "read");
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 1, max: 4 }), (steps, pageSize) => {
        const { of, delivered } = traffic();
        const log: RawSessionEvent[] = [];
        let state: "up" | "away" | "catching-up" = "up";
        const read = (): void => {
          const from = log.findIndex(({ id }) => id === of.delivered.last) + 1;
          of.askedForLog();
          const page = log.slice(from, from + pageSize);
          if (of.absorb(page, from + pageSize >= log.length)) state = "up";
        };
        for (const what of steps) {
          if (what === "live") {
            log.push(event(String(log.length)));
            if (state !== "away") of.event(log.at(-1)!);
          } else if (what === "cut") state = "away";
          else if (what === "resume" && state === "away") {
            of.beginCatchUp();
            state = "catching-up";
          } else if (what === "read" && state === "catching-up") read();
        }
        if (state !== "up") of.beginCatchUp();
        for (let reads = 0; of.isHeld && reads <= log.length; reads += 1) read();
        expect(of.isHeld).toBe(false);
        expect(delivered).toEqual(log.map(({ id }) => id));
      }),
    );
  });
});
