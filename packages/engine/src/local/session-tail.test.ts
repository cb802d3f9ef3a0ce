import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { encodeEvent } from "./event-body.ts";
import { type SessionTail, planAppend } from "./session-tail.ts";

const START: SessionTail = {
  session: 1,
  seq: 0,
  reservedSeq: 0,
  persistedSeq: 0,
  lastPersistedId: null,
  persistedCount: 0,
  lastSum: 0,
  hasEphemeral: false,
};

const BLOCK = 16;
let made = 0;

function events(kinds: string) {
  return kinds.split("").map((kind) => {
    made += 1;
    const type = kind === "u" ? "user.message" : "assistant.message";
    const event = { id: `e-${made}`, timestamp: "", parentId: null, type, data: {} };
    return encodeEvent(kind === "e" ? { ...event, ephemeral: true } : event, 1000);
  });
}

const plan = (tail: SessionTail, kinds: string) => planAppend(tail, events(kinds), BLOCK);

describe("planAppend", () => {
  it.each([
    // from, events, then: seq, reservedSeq, persistedSeq, persistedCount, whether the store is written
    ["nothing", {}, "", 0, 0, 0, 0, false],
    ["persisted only: no more is reserved than used", {}, "pp", 2, 2, 2, 2, true],
    ["the first ephemeral event reserves a block", {}, "e", 1, 17, 0, 0, true],
    ["both in one append", {}, "pep", 3, 19, 3, 2, true],
    ["ephemeral within the reservation", { seq: 4, reservedSeq: 20, hasEphemeral: true }, "ee", 6, 20, 0, 0, false],
    ["ephemeral up to its end", { seq: 19, reservedSeq: 20, hasEphemeral: true }, "e", 20, 20, 0, 0, false],
    ["ephemeral beyond its end", { seq: 20, reservedSeq: 20, hasEphemeral: true }, "e", 21, 37, 0, 0, true],
    ["a write with more than half left", { seq: 4, reservedSeq: 20, hasEphemeral: true }, "p", 5, 20, 5, 1, true],
    ["a write with less than half left", { seq: 12, reservedSeq: 20, hasEphemeral: true }, "p", 13, 29, 13, 1, true],
    ["taken over: the reservation is behind us", { seq: 20, reservedSeq: 20 }, "p", 21, 21, 21, 1, true],
  ])("%s", (_name, from, kinds, seq, reservedSeq, persistedSeq, persistedCount, isDurable) => {
    const result = plan({ ...START, ...from }, kinds);
    expect(result.tail).toMatchObject({ seq, reservedSeq, persistedSeq, persistedCount });
    expect(result.isDurable).toBe(isDurable);
  });

  it("notices persisted user messages", () => {
    expect(plan(START, "pu").hasUserMessage).toBe(true);
    expect(plan(START, "pe").hasUserMessage).toBe(false);
  });

  it("keeps its promises over any appends, crashes and take-overs", () => {
    const step = fc.oneof(fc.stringMatching(/^[pe]{0,30}$/), fc.constant("crash"));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let tail = START;
        let durable = START;
        let highest = 0;
        for (const kinds of steps) {
          if (kinds === "crash") {
            tail = { ...durable, seq: durable.reservedSeq, hasEphemeral: false };
            continue;
          }
          const result = plan(tail, kinds);
          if (result.isDurable) durable = result.tail;
          for (const { seq } of result.records) {
            expect(seq).toBeGreaterThan(highest); // T1, T2
            highest = seq;
          }
          expect(highest).toBeLessThanOrEqual(durable.reservedSeq); // T2
          expect(durable).toMatchObject({
            persistedSeq: result.tail.persistedSeq,
            persistedCount: result.tail.persistedCount,
            lastPersistedId: result.tail.lastPersistedId,
          });
          tail = result.tail;
        }
      }),
    );
  });
});
