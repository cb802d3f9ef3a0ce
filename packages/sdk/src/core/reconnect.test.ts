import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  stepReconnect,
  type ReconnectEffect,
  type ReconnectInput,
  type ReconnectLimits,
  type ReconnectState,
} from "./reconnect.ts";

const LIMITS: ReconnectLimits = {
  initialDelayMs: 100,
  maxDelayMs: 1_000,
  maxElapsedMs: 10_000,
  maxAttempts: 5,
  minUptimeMs: 2_000,
};
const outage = (attempts: number, spentMs = 0, since = 0) => ({ attempts, spentMs, since });
const STATES: Record<ReconnectState["kind"], ReconnectState> = {
  off: { kind: "off" },
  up: { kind: "up", outage: outage(1) },
  waiting: { kind: "waiting", outage: outage(1) },
  trying: { kind: "trying", outage: outage(2) },
};
const INPUTS: Record<ReconnectInput["kind"], ReconnectInput> = {
  opened: { kind: "opened", now: 1_000 },
  lost: { kind: "lost", now: 1_000, random: 0.5 },
  failed: { kind: "failed", now: 1_000, random: 0.5, isFinal: false },
  due: { kind: "due", now: 1_000 },
  stopped: { kind: "stopped", now: 1_000 },
};
const wait = (attempt: number, delayMs: number): ReconnectEffect => ({ kind: "wait", attempt, delayMs });

/** The table of the header: the state behind each cell, and what is to be done. */
const TABLE: Record<
  ReconnectState["kind"],
  Record<ReconnectInput["kind"], [ReconnectState["kind"], ReconnectEffect | undefined]>
> = {
  off: {
    opened: ["up", undefined],
    lost: ["off", undefined],
    failed: ["off", undefined],
    due: ["off", undefined],
    stopped: ["off", undefined],
  },
  up: {
    opened: ["up", undefined],
    lost: ["waiting", wait(2, 100)],
    failed: ["up", undefined],
    due: ["up", undefined],
    stopped: ["off", undefined],
  },
  waiting: {
    opened: ["waiting", undefined],
    lost: ["waiting", undefined],
    failed: ["waiting", undefined],
    due: ["trying", { kind: "try", attempt: 2, limitMs: 9_000 }],
    stopped: ["off", { kind: "cancel" }],
  },
  trying: {
    opened: ["up", undefined],
    lost: ["trying", undefined],
    failed: ["waiting", wait(3, 200)],
    due: ["trying", undefined],
    stopped: ["off", { kind: "cancel" }],
  },
};

describe("when a lost connection is tried again", () => {
  const cells = Object.entries(TABLE).flatMap(([state, row]) =>
    Object.entries(row).map(([input, [next, effect]]) => ({ state, input, next, effect })),
  );
  it.each(cells)("$state \\ $input", ({ state, input, next, effect }) => {
    const before = STATES[state as ReconnectState["kind"]];
    const step = stepReconnect(before, INPUTS[input as ReconnectInput["kind"]], LIMITS);
    expect(step.state.kind).toBe(next);
    expect(step.effect).toEqual(effect);
    if (effect === undefined && next === state) expect(step.state).toEqual(before);
  });

  it("doubles the bound of the pause up to its maximum, and pauses for a random share of it (B1)", () => {
    const bounds = [0, 1, 2, 3, 4].map((attempts) => {
      const state: ReconnectState = { kind: "trying", outage: outage(attempts) };
      const input: ReconnectInput = { kind: "failed", now: 0, random: 0.999_999, isFinal: false };
      return stepReconnect(state, input, { ...LIMITS, maxAttempts: 99 }).effect;
    });
    expect(bounds).toEqual([wait(1, 99), wait(2, 199), wait(3, 399), wait(4, 799), wait(5, 999)]);
  });

  it("does not start anew after a connection that did not hold (B2)", () => {
    const up = (since: number): ReconnectState => ({ kind: "up", outage: outage(3, 500, since) });
    const lost: ReconnectInput = { kind: "lost", now: 5_000, random: 0 };
    expect(stepReconnect(up(3_001), lost, LIMITS).effect).toEqual(wait(4, 0));
    expect(stepReconnect(up(3_000), lost, LIMITS).effect).toEqual(wait(1, 0));
  });

  it("does not count the time with a connection (B3)", () => {
    const trying: ReconnectState = { kind: "trying", outage: outage(1, 0, 0) };
    const up = stepReconnect(trying, { kind: "opened", now: 9_000 }, LIMITS).state;
    const lost = stepReconnect(up, { kind: "lost", now: 10_999, random: 0 }, LIMITS);
    expect(lost.effect).toEqual(wait(2, 0));
    const due = stepReconnect(lost.state, { kind: "due", now: 11_099 }, LIMITS);
    expect(due.effect).toEqual({ kind: "try", attempt: 2, limitMs: 900 });
  });

  it("gives up at its last attempt, when time is over, and when nothing can help (B3, B4)", () => {
    const failed = (state: ReconnectState, now: number, isFinal = false) =>
      stepReconnect(state, { kind: "failed", now, random: 0.5, isFinal }, LIMITS);
    const gaveUp = { state: { kind: "off" }, effect: { kind: "give-up" } };
    expect(failed({ kind: "trying", outage: outage(5) }, 0)).toEqual(gaveUp);
    expect(failed({ kind: "trying", outage: outage(1) }, 9_900)).toEqual(gaveUp);
    expect(failed({ kind: "trying", outage: outage(1) }, 0, true)).toEqual(gaveUp);
  });

  it("keeps one thing outstanding and its bounds, whatever happens", () => {
    const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const happening = fc.record({
      kind: fc.constantFrom<ReconnectInput["kind"]>("opened", "lost", "failed", "due", "stopped"),
      elapsed: fc.nat(4_000),
      random: share,
      isFinal: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 80 }), (happenings) => {
        let state: ReconnectState = { kind: "off" };
        let now = 0;
        for (const { kind, elapsed, random, isFinal } of happenings) {
          now += elapsed;
          const before = state;
          const { state: next, effect } = stepReconnect(before, { kind, now, random, isFinal }, LIMITS);
          state = next;
          // B5, B6: what is outstanding always matches the state.
          if (next.kind === "waiting" && before !== next) expect(effect?.kind).toBe("wait");
          if (next.kind === "trying" && before !== next) expect(effect?.kind).toBe("try");
          if (effect?.kind === "wait") {
            expect(effect.attempt).toBeLessThanOrEqual(LIMITS.maxAttempts);
            expect(effect.delayMs).toBeLessThan(Math.min(1_000, 100 * 2 ** (effect.attempt - 1)));
          }
          if (effect?.kind === "try") expect(effect.limitMs).toBeLessThanOrEqual(LIMITS.maxElapsedMs);
          if (effect?.kind === "give-up" || effect?.kind === "cancel") expect(next.kind).toBe("off");
        }
      }),
    );
  });
});
