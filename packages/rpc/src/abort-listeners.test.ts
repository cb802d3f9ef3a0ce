import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { AbortListeners } from "./abort-listeners.ts";

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

describe("AbortListeners", () => {
  it("calls every callback of a signal once, through one listener", () => {
    const controller = new AbortController();
    const listeners = new AbortListeners();
    const called: number[] = [];
    for (let i = 0; i < 50; i++) listeners.add(controller.signal, () => called.push(i));
    expect(listenersOf(controller.signal)).toBe(1);
    controller.abort();
    expect(called).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  it("does not call what was removed, and lets the signal go with the last callback", () => {
    const controller = new AbortController();
    const listeners = new AbortListeners();
    const called: string[] = [];
    const removeA = listeners.add(controller.signal, () => called.push("a"));
    const removeB = listeners.add(controller.signal, () => called.push("b"));
    removeA();
    expect(listenersOf(controller.signal)).toBe(1);
    removeB();
    removeB();
    expect(listenersOf(controller.signal)).toBe(0);
    const removeC = listeners.add(controller.signal, () => called.push("c"));
    removeB(); // of the former round: must not touch the new one
    listeners.add(controller.signal, () => called.push("d"));
    expect(listenersOf(controller.signal)).toBe(1);
    controller.abort();
    removeC();
    expect(called).toEqual(["c", "d"]);
  });

  it("does not call a callback that an earlier one removes", () => {
    const controller = new AbortController();
    const listeners = new AbortListeners();
    const called: string[] = [];
    const removers: (() => void)[] = [];
    listeners.add(controller.signal, () => {
      called.push("a");
      removers[0]?.();
    });
    removers.push(listeners.add(controller.signal, () => called.push("b")));
    controller.abort();
    expect(called).toEqual(["a"]);
  });
});
