import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { NarthexError } from "@narthex/protocol";
import { OutboundCalls, type CallOutcome, type RequestOptions } from "./outbound-calls.ts";
import type { Timers } from "./timers.ts";

/** Timers that fire when the test says so. */
class ManualTimers implements Timers {
  readonly running = new Map<number, () => void>();
  readonly delays: number[] = [];

  set(callback: () => void, delayMs: number): number {
    this.delays.push(delayMs);
    this.running.set(this.delays.length, callback);
    return this.delays.length;
  }

  clear(handle: unknown): void {
    this.running.delete(handle as number);
  }

  fireAll(): void {
    for (const callback of this.running.values()) callback();
  }
}

interface Setting {
  calls: OutboundCalls;
  timers: ManualTimers;
  problems: string[];
  settled: string[];
  add: (method: string, options?: RequestOptions) => number;
}

function setUp(maxLateCalls = 10): Setting {
  const timers = new ManualTimers();
  const problems: string[] = [];
  const settled: string[] = [];
  const calls = new OutboundCalls({ maxLateCalls, timers, problem: (error) => problems.push(error.code) });
  const add = (method: string, options?: RequestOptions): number =>
    calls.add(method, options, {
      resolve: (result) => settled.push(`${method} ${JSON.stringify(result)}`),
      reject: (error) => settled.push(`${method} ${error.code}`),
    });
  return { calls, timers, problems, settled, add };
}

const closed = new NarthexError("CONNECTION_CLOSED", "gone");
const describeOutcome = (outcome: CallOutcome): string =>
  "error" in outcome ? outcome.error.code : JSON.stringify(outcome.result);

describe("OutboundCalls", () => {
  it("numbers calls from 1 and settles each by its own id, in any order", () => {
    const { calls, add, settled } = setUp();
    expect([add("a"), add("b"), add("c")]).toEqual([1, 2, 3]);
    calls.respond(3, { result: "three" });
    calls.respond(1, { error: new NarthexError("INVALID_PARAMS", "no") });
    calls.respond(2, { result: null });
    expect(settled).toEqual(['c "three"', "a INVALID_PARAMS", "b null"]);
    expect(calls.pending).toBe(0);
  });

  it("ignores a second response, an unknown id, and ids of other types", () => {
    const { calls, add, settled, problems } = setUp();
    add("a");
    for (const id of [1, 1, 7, 0, -1, "1", null, undefined, {}, 1.5]) calls.respond(id, { result: 1 });
    expect(settled).toEqual(["a 1"]);
    expect(problems).toEqual([]);
  });

  const waysOut: [string, (setting: Setting, controller: AbortController) => void, string][] = [
    ["its response", ({ calls }) => calls.respond(1, { result: 1 }), "a 1"],
    ["its signal", (_setting, controller) => controller.abort(), "a ABORTED"],
    ["its time limit", ({ timers }) => timers.fireAll(), "a REQUEST_TIMEOUT"],
    ["the end of the connection", ({ calls }) => calls.end(closed), "a CONNECTION_CLOSED"],
  ];

  it.each(waysOut)("settles a call once by %s and leaves no timer or listener", (_what, act, outcome) => {
    const setting = setUp();
    const controller = new AbortController();
    setting.add("a", { signal: controller.signal, timeoutMs: 50 });
    expect(setting.timers.delays).toEqual([50]);
    act(setting, controller);
    expect(setting.timers.running.size).toBe(0);
    expect(getEventListeners(controller.signal, "abort").length).toBe(0);
    for (const [, again] of waysOut) again(setting, controller);
    expect(setting.settled).toEqual([outcome]);
    expect(setting.calls.pending).toBe(0);
  });

  it("settles once even if a timer fires after it was cleared", () => {
    const callbacks: (() => void)[] = [];
    const settled: string[] = [];
    const timers: Timers = { set: (callback) => callbacks.push(callback), clear: () => undefined };
    const calls = new OutboundCalls({ maxLateCalls: 1, timers, problem: () => undefined });
    const late: unknown[] = [];
    const options: RequestOptions = { timeoutMs: 5, onLateResponse: (outcome) => late.push(outcome) };
    calls.add("a", options, { resolve: () => settled.push("resolved"), reject: () => settled.push("rejected") });
    calls.respond(1, { result: 1 });
    for (const callback of callbacks) callback();
    calls.respond(1, { result: 2 });
    expect([settled, late]).toEqual([["resolved"], []]);
  });

  it("tells onResponse before it settles, with results and errors", () => {
    const { calls, add, settled } = setUp();
    const onResponse = (outcome: CallOutcome): number => settled.push(`told ${describeOutcome(outcome)}`);
    add("a", { onResponse });
    add("b", { onResponse });
    calls.respond(1, { result: 5 });
    calls.respond(2, { error: closed });
    expect(settled).toEqual(["told 5", "a 5", "told CONNECTION_CLOSED", "b CONNECTION_CLOSED"]);
  });

  it("rejects the call with what onResponse threw", () => {
    const { calls, add, settled } = setUp();
    add("a", {
      onResponse: () => {
        throw new TypeError("bad");
      },
    });
    calls.respond(1, { result: 5 });
    expect(settled).toEqual(["a HANDLER_FAILED"]);
  });

  it.each([
    ["signal", (controller: AbortController) => controller.abort()],
    ["time limit", (_controller: AbortController, timers: ManualTimers) => timers.fireAll()],
  ])("tells onLateResponse once, and onResponse never, of a response after the %s", (_what, giveUp) => {
    const { calls, add, settled, timers } = setUp();
    const controller = new AbortController();
    add("a", {
      signal: controller.signal,
      timeoutMs: 5,
      onResponse: () => settled.push("on time"),
      onLateResponse: (outcome) => settled.push(`late ${describeOutcome(outcome)}`),
    });
    giveUp(controller, timers);
    settled.length = 0;
    calls.respond(1, { result: 5 });
    calls.respond(1, { result: 6 });
    expect(settled).toEqual(["late 5"]);
  });

  it("does not tell onLateResponse of a response that came in time, or after the connection ended", () => {
    const { calls, add, settled, timers } = setUp();
    const onLateResponse = (): number => settled.push("late");
    add("a", { onLateResponse });
    add("b", { onLateResponse, timeoutMs: 5 });
    calls.respond(1, { result: 1 });
    timers.fireAll();
    calls.end(closed);
    calls.respond(2, { result: 1 });
    expect(settled).toEqual(["a 1", "b REQUEST_TIMEOUT"]);
  });

  it("keeps a bounded number of late calls, forgets the oldest, and reports it", () => {
    const { calls, add, settled, timers, problems } = setUp(2);
    const onLateResponse = (outcome: CallOutcome): number => settled.push(`late ${describeOutcome(outcome)}`);
    for (let i = 0; i < 3; i++) add("a", { onLateResponse, timeoutMs: 5 });
    timers.fireAll();
    settled.length = 0;
    for (let id = 1; id <= 3; id++) calls.respond(id, { result: id });
    expect(settled).toEqual(["late 2", "late 3"]);
    expect(problems).toEqual(["LIMIT_EXCEEDED"]);
  });
});
