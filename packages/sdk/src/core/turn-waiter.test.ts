import type { RawSessionEvent } from "@narthex/protocol";
import { describe, expect, it } from "vitest";
import { TurnWaiter } from "./turn-waiter.ts";

const event = (
  type: string,
  data: Record<string, unknown> = {},
  extra: Partial<RawSessionEvent> = {},
): RawSessionEvent => ({
  id: `${type}-${Math.random()}`,
  timestamp: "2026-01-01T00:00:00.000Z",
  parentId: null,
  type,
  data,
  ...extra,
});
const user = (messageId: string) => event("user.message", { content: "hi", messageId });
const said = (content: string) => event("assistant.message", { messageId: "x", content });
const idle = (data: Record<string, unknown> = {}) => event("session.idle", data);

describe("waiting for the turn of one message", () => {
  it("ends with the first idle after its own user message, with the last assistant message", () => {
    const waiter = new TurnWaiter(true);
    waiter.sent("m1");
    for (const e of [user("m1"), said("one"), said("two")]) waiter.event(e);
    expect(waiter.outcome).toBeUndefined();
    waiter.event(idle());
    expect(waiter.outcome).toMatchObject({ kind: "idle", message: { data: { content: "two" } } });
  });

  it("ignores the idle and the error of an earlier turn, before and after the answer to send", () => {
    const waiter = new TurnWaiter(true);
    waiter.event(event("session.error", { message: "old" }));
    waiter.sent("m2");
    waiter.event(idle());
    expect(waiter.outcome).toBeUndefined();
    for (const e of [user("m2"), said("new"), idle()]) waiter.event(e);
    expect(waiter.outcome).toMatchObject({ kind: "idle", message: { data: { content: "new" } } });
  });

  it("takes events that came before the answer to send into account", () => {
    const waiter = new TurnWaiter(false);
    for (const e of [user("m1"), said("quick"), idle()]) waiter.event(e);
    expect(waiter.outcome).toBeUndefined();
    waiter.sent("m1");
    expect(waiter.outcome).toMatchObject({ kind: "idle", message: { data: { content: "quick" } } });
  });

  it("takes the first idle after the answer from a runtime that names no messages", () => {
    const waiter = new TurnWaiter(false);
    waiter.event(idle());
    waiter.sent("m1");
    expect(waiter.outcome).toBeUndefined();
    waiter.event(said("hello"));
    waiter.event(idle());
    expect(waiter.outcome).toMatchObject({ kind: "idle", message: { data: { content: "hello" } } });
  });

  it("ends with what was said to its own message when one idle ends the turns of several", () => {
    const answer = (to: string) => event("assistant.message", { content: `to ${to}`, originatingMessageId: to });
    const waiters = ["m1", "m2"].map((id) => {
      const waiter = new TurnWaiter(true);
      waiter.sent(id);
      for (const e of [user("m1"), answer("m1"), user("m2"), answer("m2"), idle()]) waiter.event(e);
      return waiter;
    });
    expect(waiters.map((waiter) => waiter.outcome)).toMatchObject([
      { kind: "idle", message: { data: { content: "to m1" } } },
      { kind: "idle", message: { data: { content: "to m2" } } },
    ]);
  });

  it("ignores sub-agents", () => {
    const waiter = new TurnWaiter(true);
    waiter.sent("m1");
    for (const e of [user("m1"), said("mine"), event("assistant.message", { content: "theirs" }, { agentId: "a" })]) {
      waiter.event(e);
    }
    waiter.event(idle());
    expect(waiter.outcome).toMatchObject({ kind: "idle", message: { data: { content: "mine" } } });
  });

  it("waits on while the session is on autopilot", () => {
    const waiter = new TurnWaiter(true);
    waiter.sent("m1");
    for (const e of [user("m1"), idle({ mode: "autopilot" })]) waiter.event(e);
    expect(waiter.outcome).toBeUndefined();
  });

  it.each([
    ["an error", [user("m1"), event("session.error", { message: "no key" })], "SESSION_ERROR", "no key"],
    [
      "an error with a code",
      [user("m1"), event("session.error", { message: "no key", errorCode: "MODEL_AUTHENTICATION" })],
      "MODEL_AUTHENTICATION",
      "no key",
    ],
    ["an abort", [user("m1"), idle({ aborted: true })], "ABORTED", "aborted"],
    ["an abort that threw the queued message away", [idle({ aborted: true })], "ABORTED", "aborted"],
    ["a shutdown", [event("session.shutdown", {})], "SESSION_SHUT_DOWN", "shut"],
  ])("tells %s apart", (_name, events, code, text) => {
    const waiter = new TurnWaiter(true);
    waiter.sent("m1");
    for (const e of events) waiter.event(e);
    expect(waiter.outcome).toMatchObject({ kind: "failed", error: { code } });
    expect((waiter.outcome as { error: Error }).error.message).toContain(text);
  });

  it.each([
    ["an error", event("session.error", { message: "theirs" })],
    ["an abort", idle({ aborted: true })],
  ])("is not failed by %s of the next message's turn", (_name, end) => {
    const waiter = new TurnWaiter(true);
    waiter.sent("m1");
    for (const e of [user("m1"), said("ours"), user("m2"), said("theirs"), end, idle()]) waiter.event(e);
    expect(waiter.outcome).toMatchObject({ kind: "idle", message: { data: { content: "ours" } } });
  });

  it("is still its own turn after a steering message", () => {
    const waiter = new TurnWaiter(true);
    waiter.sent("m1");
    const steer = event("user.message", { content: "and", messageId: "m2", delivery: "steering" });
    for (const e of [user("m1"), said("first"), steer, event("session.error", { message: "ours" })]) waiter.event(e);
    expect(waiter.outcome).toMatchObject({ kind: "failed", error: { message: "ours" } });
  });

  it("decides once", () => {
    const waiter = new TurnWaiter(true);
    waiter.sent("m1");
    for (const e of [user("m1"), idle(), event("session.error", { message: "late" })]) waiter.event(e);
    expect(waiter.outcome?.kind).toBe("idle");
  });

  describe("whose idle was missed", () => {
    const turnEnd = event("assistant.turn_end", { turnId: "0" });
    const resumed = (sessionWasActive: boolean) => event("session.resume", { sessionWasActive });
    function waiterAfter(...events: ReturnType<typeof event>[]): TurnWaiter {
      const waiter = new TurnWaiter(true);
      waiter.sent("m1");
      for (const e of events) waiter.event(e);
      return waiter;
    }

    it.each([
      ["its turn has ended and the session was not active", [user("m1"), said("one"), turnEnd, resumed(false)], "one"],
      ["nothing was said", [user("m1"), turnEnd, resumed(false)], undefined],
    ])("is over when %s", (_when, events, content) => {
      const { outcome } = waiterAfter(...events);
      expect(outcome?.kind).toBe("idle");
      expect((outcome as { message?: { data: unknown } }).message?.data).toEqual(
        content === undefined ? undefined : expect.objectContaining({ content }),
      );
    });

    it.each([
      ["the session was active", [user("m1"), turnEnd, resumed(true)]],
      ["its turn has not ended", [user("m1"), resumed(false)]],
      ["another round has begun", [user("m1"), turnEnd, event("assistant.turn_start"), resumed(false)]],
      ["its turn has not begun", [turnEnd, resumed(false)]],
      ["only a sub-agent has ended", [user("m1"), event("assistant.turn_end", {}, { agentId: "a" }), resumed(false)]],
    ])("is not over when %s", (_when, events) => {
      expect(waiterAfter(...events).outcome).toBeUndefined();
    });
  });
});
