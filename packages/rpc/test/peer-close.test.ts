import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { NarthexError } from "@narthex/protocol";
import { createMemoryPair, RpcPeer, type InboundCall, type PeerHandler, type Timers } from "@narthex/rpc";
import { turns, within } from "./deadline.ts";
import { RawSide, peerAndRawSide } from "./raw-side.ts";

/** A handler whose requests stay open until the test answers them, and what it has seen. */
function openRequests(): { handler: PeerHandler; calls: InboundCall[]; answer: ((value: unknown) => void)[] } {
  const calls: InboundCall[] = [];
  const answer: ((value: unknown) => void)[] = [];
  const request = (method: string, _params: unknown, call: InboundCall): Promise<unknown> => {
    if (method !== "m") throw new NarthexError("METHOD_NOT_FOUND", method);
    calls.push(call);
    return new Promise((resolve) => answer.push(resolve));
  };
  return { handler: { request }, calls, answer };
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  within("the call to settle", promise).then(
    () => "resolved",
    (error: unknown) => (NarthexError.is(error) ? error.code : error),
  );

describe("the end of a connection", () => {
  const ends: [string, (peer: RpcPeer, other: RawSide) => void, string, string | undefined][] = [
    ["close()", (peer) => peer.close(), "CONNECTION_CLOSED", undefined],
    [
      "close(error)",
      (peer) => peer.close(new NarthexError("SERVER_SHUTTING_DOWN", "bye")),
      "SERVER_SHUTTING_DOWN",
      "SERVER_SHUTTING_DOWN",
    ],
    ["the other side's close", (_peer, other) => other.close(), "CONNECTION_CLOSED", undefined],
  ];

  it.each(ends)(
    "by %s settles every call, aborts every handler and is reported once",
    async (_what, end, code, heard) => {
      const reports: unknown[] = [];
      const { handler, calls } = openRequests();
      const { peer, other } = peerAndRawSide({ ...handler, closed: (error) => reports.push(error?.code) });
      other.request(1, "m");
      other.request(2, "m");
      await other.settled();
      const [first] = calls;
      const pending = [peer.request("a"), peer.request("b", {}, { timeoutMs: 60_000 })];
      expect([peer.pendingCalls, first?.signal.aborted]).toEqual([2, false]);
      end(peer, other);
      expect(await Promise.all(pending.map(codeOf))).toEqual([code, code]);
      await within("closed", peer.closed);
      peer.close();
      other.close();
      await turns(5);
      expect(calls.map((call) => call.signal.aborted)).toEqual([true, true]);
      expect([peer.pendingCalls, peer.isClosed, reports]).toEqual([0, true, [heard]]);
    },
  );

  it("drops the answers of handlers that finish later, and everything else that would be written", async () => {
    const { handler, answer } = openRequests();
    const { peer, other } = peerAndRawSide(handler);
    other.request(1, "m");
    await other.settled();
    peer.close();
    answer[0]?.("too late");
    peer.notify("n");
    await expect(peer.request("r")).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    await within("closed", peer.closed);
    await turns(5);
    expect(other.received).toEqual([]);
  });

  it("flushes what was sent before", async () => {
    const { peer, other } = peerAndRawSide();
    for (let i = 0; i < 3_000; i++) peer.notify("n", { i, text: "t".repeat(100) });
    peer.close();
    const messages = (await other.messages(3_000)) as { params: { i: number } }[];
    expect(messages.map((message) => message.params.i)).toEqual(Array.from({ length: 3_000 }, (_, i) => i));
  });

  it("stops the dispatch at once when a handler closes, in a notification and in a request", async () => {
    for (const kind of ["notify", "request"] as const) {
      const seen: string[] = [];
      const closeAtTwo = (method: string): void => {
        seen.push(method);
        if (method === "two") peer.close();
      };
      const { peer, other } = peerAndRawSide({ notification: closeAtTwo, request: closeAtTwo });
      for (const method of ["one", "two", "three"]) {
        if (kind === "notify") other.notify(method);
        else other.request(method, method);
      }
      await other.sink.ended();
      expect(seen).toEqual(["one", "two"]);
      expect(other.received.length).toBe(kind === "notify" ? 0 : 1); // not the answer of the one that closed
    }
  });

  it("leaves no timer and no abort listener", async () => {
    const running = new Set<object>();
    const timers: Timers = {
      set: () => {
        const timer = {};
        running.add(timer);
        return timer;
      },
      clear: (timer) => running.delete(timer as object),
    };
    const { peer } = peerAndRawSide({}, { timers });
    const controller = new AbortController();
    const calls = Array.from({ length: 100 }, () =>
      peer.request("m", {}, { signal: controller.signal, timeoutMs: 60_000, onLateResponse: () => undefined }),
    );
    expect([running.size, getEventListeners(controller.signal, "abort").length]).toEqual([100, 1]);
    peer.close();
    expect([running.size, getEventListeners(controller.signal, "abort").length]).toEqual([0, 0]);
    expect((await Promise.allSettled(calls)).every((call) => call.status === "rejected")).toBe(true);
  });

  it("before start settles what was asked for, and closes the transport", async () => {
    const reports: unknown[] = [];
    const [left, right] = createMemoryPair();
    const peer = new RpcPeer(left, { closed: (error) => reports.push(error) });
    const call = peer.request("a");
    peer.close();
    expect(await codeOf(call)).toBe("CONNECTION_CLOSED");
    await within("closed", peer.closed);
    peer.start();
    const other = new RawSide(right);
    await other.sink.ended();
    expect(reports).toEqual([undefined]);
  });

  it("survives a closed handler that throws, and reports that", async () => {
    const problems: string[] = [];
    const { peer } = peerAndRawSide({
      closed: () => {
        throw new Error("oops");
      },
      problem: (error) => problems.push(error.message),
    });
    const call = peer.request("a");
    peer.close();
    expect(await codeOf(call)).toBe("CONNECTION_CLOSED");
    expect(problems).toEqual(["The handler of closed threw: oops"]);
  });

  it("caused by toJSON in the middle of a call leaves no call behind", async () => {
    const { peer } = peerAndRawSide();
    const toJSON = (): string => {
      peer.close();
      return "text";
    };
    const call = peer.request("a", { toJSON });
    expect(await codeOf(call)).toBe("CONNECTION_CLOSED");
    expect(peer.pendingCalls).toBe(0);
  });

  it("gives a handler that asks for its signal afterwards one that has aborted", async () => {
    const signals: boolean[] = [];
    const { peer, other } = peerAndRawSide({
      request: (_method, _params, call) => {
        peer.close();
        signals.push(call.signal.aborted);
      },
    });
    other.request(1, "m");
    await other.sink.ended();
    expect(signals).toEqual([true]);
  });
});

describe("giving a call up", () => {
  it("rejects with ABORTED, keeps the reason, and leaves the other calls alone", async () => {
    const { peer, other } = peerAndRawSide();
    const controller = new AbortController();
    const given = peer.request("a", {}, { signal: controller.signal });
    const kept = peer.request("b");
    controller.abort(new Error("changed my mind"));
    await expect(given).rejects.toMatchObject({ code: "ABORTED", cause: { message: "changed my mind" } });
    other.respond(1, "late");
    other.respond(2, "fine");
    expect(await kept).toBe("fine");
  });

  it("before it is made writes nothing", async () => {
    const { peer, other } = peerAndRawSide();
    await expect(peer.request("a", {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORTED" });
    await other.settled();
    expect(other.received).toEqual([]);
  });

  it("by a time limit rejects with REQUEST_TIMEOUT, and a late response goes to onLateResponse", async () => {
    const { peer, other } = peerAndRawSide();
    const late: unknown[] = [];
    const call = peer.request("a", {}, { timeoutMs: 1, onLateResponse: (outcome) => late.push(outcome) });
    await expect(call).rejects.toMatchObject({
      code: "REQUEST_TIMEOUT",
      message: expect.stringContaining("a within 1 ms") as string,
    });
    other.respond(1, { sessionId: "s" });
    other.respond(1, { sessionId: "s" });
    await other.settled();
    expect(late).toEqual([{ result: { sessionId: "s" } }]);
  });
});
