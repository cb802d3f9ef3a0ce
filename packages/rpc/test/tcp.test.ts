import { once } from "node:events";
import { connect, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NarthexError } from "@narthex/protocol";
import { encodeFrame, FrameParser, RpcPeer, type PeerHandler } from "@narthex/rpc";
import { connectTcp, socketTransport, type TransportOptions } from "@narthex/rpc/node";
import { closeServer, listen } from "./transport-makers.ts";
import { turns, within } from "./deadline.ts";

let server: Server;
let port: number;

beforeEach(async () => {
  ({ server, port } = await listen());
});

afterEach(async () => {
  await closeServer(server);
});

/** A peer on the server's side, and a plain socket to write any bytes to it. */
async function serve(handler: PeerHandler, options?: TransportOptions): Promise<{ peer: RpcPeer; client: Socket }> {
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const client = connect(port, "127.0.0.1");
  const [socket] = await accepted;
  const peer = new RpcPeer(socketTransport(socket, options), handler);
  peer.start();
  return { peer, client };
}

/** Every message the client receives until the connection ends. */
async function untilEnd(client: Socket): Promise<unknown[]> {
  const parser = new FrameParser();
  const messages: unknown[] = [];
  client.on("data", (chunk) => {
    parser.append(chunk);
    for (let body = parser.tryRead(); body !== undefined; body = parser.tryRead()) {
      messages.push(JSON.parse(new TextDecoder().decode(body)));
    }
  });
  await within("the connection to end", once(client, "end"));
  return messages;
}

describe("a malformed frame over TCP", () => {
  const malformed: [string, string, object][] = [
    ["a header line without a colon", "garbage\r\n", { code: -32700, data: { code: "FRAME_HEADER_INVALID" } }],
    ["no content length", "X: 1\r\n\r\n{}", { code: -32700, data: { code: "FRAME_HEADER_INVALID" } }],
    ["a body over the limit", "Content-Length: 5000\r\n\r\n", { code: -32600, data: { code: "FRAME_TOO_LARGE" } }],
  ];

  it.each(malformed)("is answered with id null, and the connection ends: %s", async (_what, bytes, error) => {
    const reports: (NarthexError | undefined)[] = [];
    const problems: string[] = [];
    const { peer, client } = await serve(
      { closed: (error) => reports.push(error), problem: (error) => problems.push(error.code) },
      { maxBodyBytes: 4_000 },
    );
    const call = peer.request("pending");
    const failed = expect(call).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    // More unread bytes behind the bad header must not cost the reply (a socket closed over unread data is reset).
    client.write(bytes + "more ".repeat(50_000));
    const closed = once(client, "close");
    const messages = await untilEnd(client);
    expect(await within("close", closed)).toEqual([false]); // in good order, not by a reset
    expect(messages[1]).toMatchObject({ jsonrpc: "2.0", id: null, error });
    await failed;
    await within("closed", peer.closed);
    expect(reports.map((report) => report?.code)).toEqual(["CONNECTION_CLOSED"]);
    expect(problems.length).toBe(1);
  });

  it("does not undo the frames before it in the same chunk", async () => {
    const seen: string[] = [];
    const { peer, client } = await serve({ notification: (method) => seen.push(method) });
    client.write('Content-Length: 30\r\n\r\n{"jsonrpc":"2.0","method":"a"}oops\r\nContent-Length: 30\r\n\r\n');
    client.resume();
    await within("closed", peer.closed);
    expect(seen).toEqual(["a"]);
  });
});

describe("the end of a TCP connection", () => {
  it.each([
    ["ends it", (client: Socket) => client.end(), undefined],
    ["resets it", (client: Socket) => client.resetAndDestroy(), "CONNECTION_CLOSED"],
    ["ends it in the middle of a frame", (client: Socket) => client.end("Content-Length: 100\r\n\r\n{"), undefined],
  ])("rejects pending calls when the other side %s", async (_what, act, heard) => {
    const reports: unknown[] = [];
    const { peer, client } = await serve({ closed: (error) => reports.push(error?.code) });
    client.on("error", () => undefined);
    const call = peer.request("pending");
    const failed = expect(within("the call", call, 1_000)).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    act(client);
    client.resume();
    await failed;
    await within("closed", peer.closed);
    expect(reports).toEqual([heard]);
  });

  it("comes after the time limit when the other side does not read what close() flushes", async () => {
    const { peer, client } = await serve({}, { closeTimeoutMs: 100 });
    for (let i = 0; i < 30; i++) peer.notify("n", "x".repeat(1024 * 1024));
    peer.close();
    await within("closed", peer.closed);
    expect(peer.bufferedBytes).toBe(0);
    client.on("error", () => undefined);
    client.destroy();
  });

  it("comes after the time limit when the other side reads everything and never ends its half", async () => {
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const client = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    const [socket] = await accepted;
    const peer = new RpcPeer(socketTransport(socket, { closeTimeoutMs: 100 }), {});
    peer.start();
    client.resume();
    const closed = once(socket, "close");
    peer.close();
    await within("close", closed);
    await within("closed", peer.closed);
    client.destroy();
  });

  it("comes soon after close() also when it was never started and unread input waits", async () => {
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const client = connect(port, "127.0.0.1");
    const [socket] = await accepted;
    const transport = socketTransport(socket, { closeTimeoutMs: 60_000 });
    client.resume();
    client.write("unread ".repeat(1_000_000));
    await turns(5);
    const closed = once(socket, "close");
    transport.close();
    await within("close", closed);
  });

  it("still delivers the answer to what was asked just before the other side ended its half", async () => {
    const { client } = await serve({ request: () => "pong" });
    client.end(encodeFrame('{"jsonrpc":"2.0","id":1,"method":"ping"}'));
    expect(await untilEnd(client)).toEqual([{ jsonrpc: "2.0", id: 1, result: "pong" }]);
  });
});

describe("bytes over TCP", () => {
  it("with lone surrogates encoded as three bytes are read leniently", async () => {
    const seen: unknown[] = [];
    const { peer, client } = await serve({ notification: (_method, params) => seen.push(params), request: () => 1 });
    const [head, tail] = ['{"jsonrpc":"2.0","method":"n","params":"a', 'b"}'].map((part) => Buffer.from(part));
    const body = Buffer.concat([head ?? Buffer.alloc(0), Buffer.from([0xed, 0xa0, 0xbd]), tail ?? Buffer.alloc(0)]);
    client.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]));
    client.end(encodeFrame('{"jsonrpc":"2.0","id":1,"method":"ping"}'));
    expect((await untilEnd(client)).length).toBe(1);
    expect(seen).toEqual(["a\ufffd\ufffd\ufffdb"]);
    await peer.closed;
  });

  it("of a character split over two writes survive", async () => {
    const seen: unknown[] = [];
    const { peer, client } = await serve({ notification: (_method, params) => seen.push(params) });
    const frame = encodeFrame('{"jsonrpc":"2.0","method":"n","params":"😀"}');
    const inTheCharacter = frame.length - 4;
    client.setNoDelay(true);
    client.write(frame.subarray(0, inTheCharacter));
    await turns(5);
    client.end(frame.subarray(inTheCharacter));
    client.resume();
    await within("closed", peer.closed);
    expect(seen).toEqual(["😀"]);
  });
});

describe("connectTcp", () => {
  it("rejects with CONNECTION_FAILED when nobody listens", async () => {
    const { server: gone, port: freePort } = await listen();
    await closeServer(gone);
    await expect(connectTcp({ host: "127.0.0.1", port: freePort })).rejects.toMatchObject({
      code: "CONNECTION_FAILED",
    });
  });

  it("rejects with ABORTED when its signal fires, before or during the attempt", async () => {
    const host = "127.0.0.1";
    await expect(connectTcp({ host, port, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORTED" });
    const controller = new AbortController();
    const attempt = connectTcp({ host, port, signal: controller.signal });
    controller.abort();
    await expect(attempt).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("rejects a port that is none", async () => {
    await expect(connectTcp({ host: "127.0.0.1", port: 70_000 })).rejects.toMatchObject({
      code: "CLIENT_OPTIONS_INVALID",
    });
  });

  it("switches Nagle's algorithm off on both sides", async () => {
    const { client, peer } = await serve({});
    const calls: unknown[] = [];
    client.setNoDelay = (isOn) => {
      calls.push(isOn);
      return client;
    };
    socketTransport(client).destroy?.();
    expect(calls).toEqual([true]);
    await within("closed", peer.closed);
  });
});
