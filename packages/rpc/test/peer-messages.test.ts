import { describe, expect, it } from "vitest";
import { NarthexError } from "@narthex/protocol";
import type { PeerHandler } from "@narthex/rpc";
import { peerAndRawSide, peerPair } from "./raw-side.ts";

const ping: PeerHandler = { request: (method, params) => ({ method, params }) };

/** Something with a `then` that is no promise, as some libraries return. */
function foreignThenable(): object {
  const thenable = {};
  Reflect.set(thenable, "then", (done: (value: number) => void) => {
    done(6);
  });
  return thenable;
}

/** Only the parts of an error reply that the wire protocol fixes. */
function outline(message: unknown): unknown {
  const { id, error } = message as { id: unknown; error?: { code: number } };
  return { id, code: error?.code };
}

describe("a message that is not one", () => {
  const refused: [string, string, number][] = [
    ["text that is not JSON", "{oops", -32700],
    ["an empty body", "", -32700],
    ["two JSON values", "{}{}", -32700],
    ["an array of requests", '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600],
    ["an empty array", "[]", -32600],
    ["an array that claims a version", '[{"jsonrpc":"2.0"}]', -32600],
    ["null", "null", -32600],
    ["a number", "7", -32600],
    ["a string", '"2.0"', -32600],
    ["a request without jsonrpc", '{"id":1,"method":"ping"}', -32600],
    ["a request of another version", '{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600],
    ["a request whose version is a number", '{"jsonrpc":2.0,"id":1,"method":"ping"}', -32600],
    ["an object that is only a version", '{"jsonrpc":"2.0"}', -32600],
    ["a method that is no string", '{"jsonrpc":"2.0","id":1,"method":7}', -32600],
    ["a request whose id is null", '{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600],
    ["a request whose id is an object", '{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600],
    [
      "a request whose id cannot be given back exactly",
      '{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}',
      -32600,
    ],
    ["an id and nothing else", '{"jsonrpc":"2.0","id":5}', -32600],
  ];

  it.each(refused)("is refused with id null and leaves the connection usable: %s", async (_what, text, code) => {
    const problems: string[] = [];
    const { other } = peerAndRawSide({ ...ping, problem: (error) => problems.push(error.code) });
    other.sendText(text);
    other.request(2, "ping");
    const [refusal, answer] = await other.messages(2);
    expect(outline(refusal)).toEqual({ id: null, code });
    expect(answer).toEqual({ jsonrpc: "2.0", id: 2, result: { method: "ping" } });
    expect(problems).toEqual([code === -32700 ? "MESSAGE_INVALID_JSON" : "MESSAGE_INVALID"]);
  });

  const ignored: [string, string][] = [
    ["a response to an unknown id", '{"jsonrpc":"2.0","id":77,"result":1}'],
    ["an error response to an unknown id", '{"jsonrpc":"2.0","id":77,"error":{"code":-1,"message":"x"}}'],
    ["a response to a string id", '{"jsonrpc":"2.0","id":"a","result":1}'],
    ["a notification that nobody handles", '{"jsonrpc":"2.0","method":"unknown"}'],
    ["an error about a message without an id", '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}'],
  ];

  it.each(ignored)("is ignored in silence: %s", async (_what, text) => {
    const { other } = peerAndRawSide(ping);
    other.sendText(text);
    other.request(2, "ping");
    expect((await other.messages(1)).map(outline)).toEqual([{ id: 2, code: undefined }]);
  });

  it("does not leave a call waiting for a response that says no version, or nothing", async () => {
    const { peer, other } = peerAndRawSide();
    const calls = Promise.allSettled([peer.request("a"), peer.request("b")]);
    other.sendText('{"id":1,"result":5}');
    other.sendText('{"jsonrpc":"2.0","id":2}');
    expect(await calls).toMatchObject([
      { reason: { code: "MESSAGE_INVALID" } },
      { reason: { code: "MESSAGE_INVALID" } },
    ]);
    expect(peer.isClosed).toBe(false);
  });

  it("does not leave a call waiting for an error object of the wrong shape", async () => {
    const { peer, other } = peerAndRawSide();
    const call = peer.request("a");
    other.sendText('{"jsonrpc":"2.0","id":1,"error":"broken"}');
    await expect(call).rejects.toMatchObject({ code: "MESSAGE_INVALID" });
  });

  it("takes lone surrogates, as an escape and as bytes that are no UTF-8", async () => {
    const seen: unknown[] = [];
    const { other } = peerAndRawSide({ notification: (_method, params) => seen.push(params) });
    other.sendText('{"jsonrpc":"2.0","method":"n","params":"\\ud83d"}');
    other.sendText('{"jsonrpc":"2.0","method":"n","params":"\ud83d"}');
    await other.settled();
    expect(seen).toEqual(["\ud83d", "\ud83d"]);
  });
});

describe("a request of the other side", () => {
  it.each([1, 0, -5, 1.5, Number.MAX_SAFE_INTEGER, "abc", "", 'q"\n', "7"])("gets its own id back: %j", async (id) => {
    const { other } = peerAndRawSide(ping);
    other.request(id, "ping", { a: 1 });
    expect(await other.messages(1)).toEqual([{ jsonrpc: "2.0", id, result: { method: "ping", params: { a: 1 } } }]);
  });

  it("reaches the handler with its parameters as they came", async () => {
    const { other } = peerAndRawSide({ request: (_method, params) => [params === undefined, params] });
    other.sendText('{"jsonrpc":"2.0","id":1,"method":"m"}');
    other.sendText('{"jsonrpc":"2.0","id":2,"method":"m","params":null}');
    other.sendText('{"jsonrpc":"2.0","id":3,"method":"m","params":[{"a":1}]}');
    const results = (await other.messages(3)).map((message) => (message as { result: unknown }).result);
    expect(results).toEqual([
      [true, null],
      [false, null],
      [false, [{ a: 1 }]],
    ]);
  });

  const answers: [string, PeerHandler, unknown][] = [
    ["a value", { request: () => ({ a: 1 }) }, { result: { a: 1 } }],
    ["undefined as null", { request: () => undefined }, { result: null }],
    ["a function as null", { request: () => () => 1 }, { result: null }],
    ["a promise's value", { request: () => Promise.resolve(5) }, { result: 5 }],
    ["a foreign thenable's value", { request: foreignThenable }, { result: 6 }],
    [
      "METHOD_NOT_FOUND without a handler",
      {},
      { error: { code: -32601, message: "Unhandled method m", data: { code: "METHOD_NOT_FOUND" } } },
    ],
    [
      "METHOD_NOT_FOUND from the handler",
      { request: () => Promise.reject(new NarthexError("METHOD_NOT_FOUND", "whatever")) },
      { error: { code: -32601, message: "Unhandled method m", data: { code: "METHOD_NOT_FOUND" } } },
    ],
    [
      "a NarthexError as it is",
      {
        request: () => {
          throw new NarthexError("SESSION_NOT_FOUND", "no session s", { data: { sessionId: "s" } });
        },
      },
      { error: { code: -32602, message: "no session s", data: { code: "SESSION_NOT_FOUND", sessionId: "s" } } },
    ],
    [
      "any other throw as -32603 with its message",
      {
        request: () => {
          throw new RangeError("out of range");
        },
      },
      { error: { code: -32603, message: "out of range", data: { code: "HANDLER_FAILED" } } },
    ],
    [
      "a rejection with something that is no error",
      { request: () => Promise.reject("just text") },
      { error: { code: -32603, message: "just text", data: { code: "HANDLER_FAILED" } } },
    ],
  ];

  it.each(answers)("is answered with %s", async (_what, handler, expected) => {
    const { other } = peerAndRawSide(handler);
    other.request(1, "m");
    expect(await other.messages(1)).toEqual([{ jsonrpc: "2.0", id: 1, ...(expected as object) }]);
  });

  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  const unwritable: [string, unknown][] = [
    ["a cycle", cycle],
    ["a BigInt", { big: 1n }],
    ["a throwing toJSON", { toJSON: () => JSON.parse("{") as unknown }],
  ];

  it.each(unwritable)("whose result is %s is answered with an error, not with silence", async (_what, result) => {
    const { other } = peerAndRawSide({ request: () => result });
    other.request(1, "m");
    const [answer] = await other.messages(1);
    expect(outline(answer)).toEqual({ id: 1, code: -32603 });
    expect(answer).toMatchObject({ error: { message: expect.stringContaining("The result of m") as string } });
  });

  it("whose error data cannot be written is answered without the data", async () => {
    const fail = (): never => {
      throw new NarthexError("INVALID_PARAMS", "bad", { data: cycle });
    };
    const { other } = peerAndRawSide({ request: fail });
    other.request(1, "m");
    expect(await other.messages(1)).toEqual([{ jsonrpc: "2.0", id: 1, error: { code: -32602, message: "bad" } }]);
  });

  it("is not held up by a slow one before it", async () => {
    let finishSlow: (value: string) => void = () => undefined;
    const slow = new Promise((resolve) => {
      finishSlow = resolve;
    });
    const { other } = peerAndRawSide({ request: (method) => (method === "slow" ? slow : "quick") });
    other.request(1, "slow");
    other.request(2, "ping");
    expect(await other.messages(1)).toEqual([{ jsonrpc: "2.0", id: 2, result: "quick" }]);
    finishSlow("slow");
    expect((await other.messages(2))[1]).toEqual({ jsonrpc: "2.0", id: 1, result: "slow" });
  });

  it("past the bound of concurrent ones is refused, and accepted again when one has finished", async () => {
    const finish: (() => void)[] = [];
    const request = (): Promise<void> => new Promise((resolve) => finish.push(resolve));
    const { other } = peerAndRawSide({ request }, { maxInboundCalls: 2 });
    for (const id of [1, 2, 3]) other.request(id, "m");
    expect((await other.messages(1))[0]).toMatchObject({ id: 3, error: { data: { code: "LIMIT_EXCEEDED" } } });
    finish[0]?.();
    await other.messages(2);
    other.request(4, "m");
    await other.settled();
    expect(finish.length).toBe(3);
  });
});

describe("a notification handler", () => {
  it("that throws, or whose promise rejects, is reported and stops nothing", async () => {
    const problems: string[] = [];
    const seen: unknown[] = [];
    const { other } = peerAndRawSide({
      notification: (method) => {
        seen.push(method);
        if (method === "throw") throw new Error("thrown");
        return (method === "reject" ? Promise.reject(new Error("rejected")) : undefined) as undefined;
      },
      problem: (error) => problems.push(error.message),
    });
    for (const method of ["throw", "reject", "fine"]) other.notify(method);
    await other.settled();
    expect(seen).toEqual(["throw", "reject", "fine"]);
    expect(problems).toEqual(["The handler of throw threw: thrown", "The handler of reject threw: rejected"]);
  });

  it("may throw from problem too", async () => {
    const { other } = peerAndRawSide({
      ...ping,
      problem: () => {
        throw new Error("the logger is broken");
      },
    });
    other.sendText("{");
    other.request(1, "ping");
    expect((await other.messages(2)).map(outline)).toEqual([
      { id: null, code: -32700 },
      { id: 1, code: undefined },
    ]);
  });
});

describe("an outbound call", () => {
  it("is written with ids from 1 and without params when there are none", async () => {
    const { peer, other } = peerAndRawSide();
    const calls = [peer.request("a"), peer.request("b", { x: 1 }), peer.request("c", null)];
    peer.notify("n");
    peer.notify("o", [1]);
    expect(await other.messages(5)).toEqual([
      { jsonrpc: "2.0", id: 1, method: "a" },
      { jsonrpc: "2.0", id: 2, method: "b", params: { x: 1 } },
      { jsonrpc: "2.0", id: 3, method: "c", params: null },
      { jsonrpc: "2.0", method: "n" },
      { jsonrpc: "2.0", method: "o", params: [1] },
    ]);
    for (const id of [3, 2, 1]) other.respond(id, id * 10);
    expect(await Promise.all(calls)).toEqual([10, 20, 30]);
  });

  it("keeps its ids apart from those of the other side", async () => {
    const [left, right] = peerPair(
      { request: (method) => `left ${method}` },
      { request: (method) => `right ${method}` },
    );
    const answers = await Promise.all([left.request("a"), right.request("b"), left.request("c"), right.request("d")]);
    expect(answers).toEqual(["right a", "left b", "right c", "left d"]);
  });

  it("rejects with the code, number and data of the other side's error", async () => {
    const { peer, other } = peerAndRawSide();
    const call = peer.request("a");
    other.send({ jsonrpc: "2.0", id: 1, error: { code: -32000, message: "down", data: { reason: "policy_blocked" } } });
    const expected = {
      code: "SERVER_SHUTTING_DOWN",
      rpcCode: -32000,
      message: "down",
      data: { reason: "policy_blocked" },
    };
    await expect(call).rejects.toMatchObject(expected);
  });

  it("resolves with null when the response has no result but a null error", async () => {
    const { peer, other } = peerAndRawSide();
    const calls = [peer.request("a"), peer.request("b")];
    other.sendText('{"jsonrpc":"2.0","id":1,"result":null}');
    other.sendText('{"jsonrpc":"2.0","id":2,"result":4,"error":null}');
    expect(await Promise.all(calls)).toEqual([null, 4]);
  });

  const cycle: unknown[] = [];
  cycle.push(cycle);
  it.each([
    ["a cycle", cycle],
    ["a BigInt", 1n],
    ["a function", () => 1],
    ["a symbol", Symbol("s")],
  ])("whose parameters are %s rejects, writes nothing and uses up no id", async (_what, params) => {
    const { peer, other } = peerAndRawSide();
    await expect(peer.request("bad", params)).rejects.toMatchObject({ code: "INVALID_PARAMS" });
    expect(() => {
      peer.notify("bad", params);
    }).toThrow(expect.objectContaining({ code: "INVALID_PARAMS" }) as Error);
    const call = peer.request("good");
    expect(await other.messages(1)).toEqual([{ jsonrpc: "2.0", id: 1, method: "good" }]);
    other.respond(1, "fine");
    expect(await call).toBe("fine");
  });

  it("past the bound of pending ones rejects and writes nothing", async () => {
    const { peer, other } = peerAndRawSide({}, { maxPendingCalls: 2 });
    const first = peer.request("a");
    void peer.request("b").catch(() => undefined);
    await expect(peer.request("c")).rejects.toMatchObject({ code: "OUTBOUND_QUEUE_FULL" });
    expect((await other.messages(2)).length).toBe(2);
    other.respond(1, 1);
    await first;
    void peer.request("d").catch(() => undefined);
    expect((await other.messages(3))[2]).toMatchObject({ method: "d" });
  });
});
