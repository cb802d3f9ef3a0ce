import { describe, expect, it } from "vitest";
import { PendingRequests } from "./pending-requests.ts";

const signal = () => new AbortController().signal;

describe("questions that wait for an answer", () => {
  it("take the first answer, and tell later ones that they came too late", async () => {
    const pending = new PendingRequests(10);
    const { requestId, answer } = pending.open<string>("tool", signal());
    expect(pending.answer("tool", requestId, "first")).toBe(true);
    expect(pending.answer("tool", requestId, "second")).toBe(false);
    expect(await answer).toBe("first");
  });

  it("take no answer of another kind, and none for an unknown id", () => {
    const pending = new PendingRequests(10);
    const { requestId } = pending.open("tool", signal());
    expect(pending.answer("permission", requestId, "x")).toBe(false);
    expect(pending.answer("tool", "unknown", "x")).toBe(false);
    expect(pending.answer("tool", requestId, "x")).toBe(true);
  });

  it("end with their signal, and take no answer after that", async () => {
    const pending = new PendingRequests(10);
    const abort = new AbortController();
    const { requestId, answer } = pending.open("tool", abort.signal);
    abort.abort();
    await expect(answer).rejects.toMatchObject({ code: "ABORTED" });
    expect(pending.answer("tool", requestId, "late")).toBe(false);
    await expect(pending.open("tool", abort.signal).answer).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("are bounded, and make room when answered", () => {
    const pending = new PendingRequests(1);
    const { requestId } = pending.open("tool", signal());
    expect(() => pending.open("tool", signal())).toThrow(/1 questions are open/);
    pending.answer("tool", requestId, "x");
    expect(() => pending.open("tool", signal())).not.toThrow();
  });

  it("are claimed by one answer while it is made durable, and open again when it cannot be", async () => {
    const pending = new PendingRequests(10);
    const { requestId, answer } = pending.open<string>("tool", signal());
    expect(pending.claim("permission", requestId)).toBe(false);
    expect(pending.claim("tool", requestId)).toBe(true);
    expect(pending.claim("tool", requestId)).toBe(false);
    pending.release(requestId);
    expect(pending.claim("tool", requestId)).toBe(true);
    expect(pending.answer("tool", requestId, "kept")).toBe(true);
    expect(pending.claim("tool", requestId)).toBe(false);
    expect(await answer).toBe("kept");
  });

  it("are taken up under their old ids by the tool call that had asked them before a restart", async () => {
    const pending = new PendingRequests(10);
    const event = { id: "e", timestamp: "", parentId: null, type: "permission.requested", data: {} };
    pending.reopen({ kind: "permission", requestId: "r", toolCallId: "c", event });
    expect(pending.announcements()).toEqual([event]);
    expect(pending.hasReopened("c", ["permission"])).toBe(true);
    expect(pending.open("permission", signal(), "other").requestId).not.toBe("r");
    const taken = pending.open<string>("permission", signal(), "c");
    expect(taken).toMatchObject({ requestId: "r", event });
    expect(pending.hasReopened("c", ["permission"])).toBe(false);
    expect(pending.open("permission", signal(), "c").requestId).not.toBe("r"); // once only
    pending.answer("permission", "r", "yes");
    expect(await taken.answer).toBe("yes");
  });

  it("can be answered before they are taken up, and are given up with their tool call", async () => {
    const pending = new PendingRequests(10);
    const event = { id: "e", timestamp: "", parentId: null, type: "t", data: {} };
    for (const [requestId, toolCallId] of [
      ["r", "c"],
      ["s", "d"],
    ] as const) {
      pending.reopen({ kind: "tool", requestId, toolCallId, event });
    }
    expect(pending.answer("tool", "r", "early")).toBe(true);
    expect(await pending.open("tool", signal(), "c").answer).toBe("early");
    expect(pending.dropReopened("d")).toEqual([{ kind: "tool", requestId: "s" }]);
    expect(pending.answer("tool", "s", "late")).toBe(false);
    expect(pending.dropReopened("d")).toEqual([]);
  });

  it("can be asked again, oldest first, as long as they are open", () => {
    const pending = new PendingRequests(10);
    const event = (id: string) => ({ id, timestamp: "", parentId: null, type: "t", data: {} });
    const [a, b] = [pending.open("tool", signal()), pending.open("permission", signal())];
    pending.announce(a.requestId, event("a"));
    pending.announce(b.requestId, event("b"));
    expect(pending.announcements().map(({ id }) => id)).toEqual(["a", "b"]);
    pending.answer("tool", a.requestId, "x");
    expect(pending.announcements().map(({ id }) => id)).toEqual(["b"]);
    expect(pending.openOf("permission")).toMatchObject([{ requestId: b.requestId }]);
  });
});
