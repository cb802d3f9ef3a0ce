import { once } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { RpcPeer, type PeerHandler } from "@narthex/rpc";
import { childProcessTransport, connectTcp, socketTransport } from "@narthex/rpc/node";
import {
  createMessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type MessageConnection,
} from "vscode-jsonrpc/node.js";
import { connect } from "node:net";
import { within } from "./deadline.ts";
import { closeServer, listen, spawnFixture } from "./transport-makers.ts";

function vscodeConnection(socket: Socket): MessageConnection {
  return createMessageConnection(new StreamMessageReader(socket), new StreamMessageWriter(socket));
}

/** Our peer and a vscode-jsonrpc connection over one TCP connection; either of the two may be the one that listens. */
async function joined(
  listens: "ours" | "theirs",
  handler: PeerHandler,
): Promise<{ peer: RpcPeer; theirs: MessageConnection; release: () => Promise<void> }> {
  const { server, port } = await listen();
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const address = { host: "127.0.0.1", port };
  const theirSocket = listens === "ours" ? connect(address) : undefined;
  const ourTransport = listens === "ours" ? undefined : await connectTcp(address);
  const [socket] = await accepted;
  const peer = new RpcPeer(ourTransport ?? socketTransport(socket), handler);
  const theirs = vscodeConnection(theirSocket ?? socket);
  peer.start();
  const release = async (): Promise<void> => {
    peer.close();
    await within("closed", peer.closed);
    theirs.dispose();
    await closeServer(server);
  };
  return { peer, theirs, release };
}

describe.each(["ours", "theirs"] as const)("with vscode-jsonrpc over TCP, when %s listens", (listens) => {
  it("calls and is called, at the same time, with equal ids", async () => {
    const { peer, theirs, release } = await joined(listens, {
      request: (method, params) => ({ ours: method, params }),
    });
    theirs.onRequest("echo", (params: unknown) => ({ theirs: params }));
    theirs.listen();
    const calls = Array.from({ length: 100 }, async (_, n) => [
      await peer.request("echo", { n, text: "ö漢😀" }),
      await theirs.sendRequest("echo", { n }),
    ]);
    const answers = await within("the answers", Promise.all(calls));
    const expected = Array.from({ length: 100 }, (_, n) => [
      { theirs: { n, text: "ö漢😀" } },
      { ours: "echo", params: { n } },
    ]);
    expect(answers).toEqual(expected);
    await release();
  });

  it("notifies both ways in order", async () => {
    const [heardByUs, heardByThem]: [unknown[], unknown[]] = [[], []];
    const { peer, theirs, release } = await joined(listens, {
      notification: (_method, params) => heardByUs.push((params as { n: number }).n),
      request: () => "end",
    });
    theirs.onNotification("event", (params: { n: number }) => heardByThem.push(params.n));
    theirs.onRequest("end", () => "end");
    theirs.listen();
    const numbers = Array.from({ length: 2_000 }, (_, n) => n);
    for (const n of numbers) peer.notify("event", { n, text: "x".repeat(n) });
    await Promise.all(numbers.map((n) => theirs.sendNotification("event", { n })));
    await within("both ends", Promise.all([peer.request("end"), theirs.sendRequest("end")]));
    expect(heardByThem).toEqual(numbers);
    expect(heardByUs).toEqual(numbers);
    await release();
  });

  it("exchanges errors with their codes", async () => {
    const { peer, theirs, release } = await joined(listens, {});
    theirs.onRequest("fail", () => {
      throw new Error("their fault");
    });
    theirs.listen();
    await expect(peer.request("unknown")).rejects.toMatchObject({
      code: "METHOD_NOT_FOUND",
      message: "Unhandled method unknown",
    });
    await expect(peer.request("fail")).rejects.toMatchObject({
      rpcCode: -32603,
      message: expect.stringContaining("their fault") as string,
    });
    await expect(theirs.sendRequest("unknown")).rejects.toMatchObject({
      code: -32601,
      message: "Unhandled method unknown",
    });
    await release();
  });
});

describe("with a vscode-jsonrpc process over standard input and output", () => {
  it("calls, is asked back, and receives events in order", async () => {
    const child = spawnFixture("vscode-server.mjs");
    const exited = once(child, "exit");
    const numbers: number[] = [];
    const peer = new RpcPeer(childProcessTransport(child), {
      notification: (_method, params) => numbers.push((params as { n: number }).n),
      request: (method, params) => ({ method, params }),
    });
    peer.start();
    expect(await within("the echo", peer.request("echo", { a: [1, "ö"] }))).toEqual({ a: [1, "ö"] });
    const answer = await within("the answer", peer.request("askBack", { q: 1 }));
    expect(answer).toEqual({ heard: { method: "question", params: { q: 1 } } });
    expect(await within("the events", peer.request("events", { count: 1_000 }))).toBe(1_000);
    expect(numbers).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
    peer.close();
    await within("exit", exited);
  });
});
