import { once } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { encodeFrame, RpcPeer } from "@narthex/rpc";
import { connectTcp } from "@narthex/rpc/node";
import { peerAndRawSide } from "./raw-side.ts";
import { closeServer, listen } from "./transport-makers.ts";
import { within } from "./deadline.ts";

const ITERATIONS = 1_000;

describe("the order of dispatch", () => {
  it("runs onResponse before a notification that follows in the same TCP segment, 1,000 times", async () => {
    const { server, port } = await listen();
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const order: string[] = [];
    let heard: () => void = () => undefined;
    const peer = new RpcPeer(await connectTcp({ host: "127.0.0.1", port }), {
      notification: (method) => {
        order.push(method);
        heard();
      },
    });
    peer.start();
    const [socket] = await accepted;
    socket.setNoDelay(true);
    let id = 0;
    socket.on("data", () => {
      id++;
      const response = encodeFrame(JSON.stringify({ jsonrpc: "2.0", id, result: { id } }));
      const event = encodeFrame(JSON.stringify({ jsonrpc: "2.0", method: "event", params: { id } }));
      socket.write(Buffer.concat([response, event]));
    });
    for (let i = 0; i < ITERATIONS; i++) {
      const event = new Promise<void>((resolve) => {
        heard = resolve;
      });
      await within("the response", peer.request("create", {}, { onResponse: () => order.push("response") }));
      await within("the event", event);
    }
    expect(order).toEqual(Array.from({ length: ITERATIONS }, () => ["response", "event"]).flat());
    peer.close();
    await peer.closed;
    await closeServer(server);
  });

  it("is the order of arrival for requests, notifications and responses alike", async () => {
    const order: string[] = [];
    const { peer, other } = peerAndRawSide({
      notification: (method) => order.push(method),
      request: (method) => order.push(method),
    });
    void peer.request("call", {}, { onResponse: () => order.push("response") });
    await other.messages(1);
    other.notify("ev a");
    other.request(9, "req r");
    other.respond(1, null);
    other.notify("ev b");
    await other.settled();
    expect(order.filter((step) => step !== "no.such.method")).toEqual(["ev a", "req r", "response", "ev b"]);
  });

  it("lets a handler call and notify from inside the dispatch, and keeps the order of what it writes", async () => {
    const { peer, other } = peerAndRawSide({
      request: async (method) => {
        peer.notify(`before ${method}`);
        const inner = await peer.request(`inner ${method}`);
        return [method, inner];
      },
    });
    other.request(1, "outer");
    const [before, inner] = await other.messages(2);
    expect(before).toEqual({ jsonrpc: "2.0", method: "before outer" });
    expect(inner).toEqual({ jsonrpc: "2.0", id: 1, method: "inner outer" });
    other.respond(1, "value");
    expect((await other.messages(3))[2]).toEqual({ jsonrpc: "2.0", id: 1, result: ["outer", "value"] });
  });

  it("does not dispatch from inside request or notify", async () => {
    let isSending = false;
    const dispatchedWhileSending: string[] = [];
    const seen: string[] = [];
    const { peer, other } = peerAndRawSide({
      notification: (method) => {
        seen.push(method);
        if (isSending) dispatchedWhileSending.push(method);
      },
    });
    for (let i = 0; i < 50; i++) {
      other.notify(`n${i}`);
      isSending = true;
      peer.notify("out");
      void peer.request("out").catch(() => undefined);
      isSending = false;
    }
    await other.settled();
    expect([seen.length, dispatchedWhileSending]).toEqual([50, []]);
  });
});
