import { once } from "node:events";
import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { RpcPeer, type PeerHandler, type PeerOptions } from "@narthex/rpc";
import { connectTcp } from "@narthex/rpc/node";
import { RecordingSink } from "./recording-sink.ts";
import { closeServer, listen, memoryPair, tcpPair, type TransportPair } from "./transport-makers.ts";
import { turns, within } from "./deadline.ts";

const ONE_MIB = 1024 * 1024;
const HIGH_WATER_BYTES = ONE_MIB;
const text = "t".repeat(10_000);

let release: () => Promise<void> = () => Promise.resolve();

afterEach(async () => {
  await release();
});

async function open(
  make: () => Promise<TransportPair>,
  handler: PeerHandler = {},
  options: PeerOptions = {},
): Promise<{ peer: RpcPeer; pair: TransportPair }> {
  const pair = await make();
  const peer = new RpcPeer(pair.left, handler, options);
  peer.start();
  release = async () => {
    pair.left.destroy?.();
    pair.right.destroy?.();
    await pair.release();
  };
  return { peer, pair };
}

describe("a reader that is slower than the writer", () => {
  it("makes a writer that awaits drained() wait, with bounded memory, and loses nothing", async () => {
    const { peer, pair } = await open(tcpPair);
    const count = 4_000; // 40 MB, more than any socket buffer takes
    let written = 0;
    let highest = 0;
    const writing = (async () => {
      for (; written < count; written++) {
        peer.notify("n", { written, text });
        highest = Math.max(highest, peer.bufferedBytes);
        if (peer.bufferedBytes > HIGH_WATER_BYTES) await peer.drained();
      }
    })();
    await turns(50);
    expect(written).toBeLessThan(count); // nobody reads yet
    const sink = new RecordingSink();
    pair.right.start(sink);
    await within("everything to be written", writing);
    await sink.received(count);
    const numbers = sink.messages.map(
      (message) => (JSON.parse(message) as { params: { written: number } }).params.written,
    );
    expect(numbers).toEqual(Array.from({ length: count }, (_, n) => n));
    expect(highest).toBeLessThan(HIGH_WATER_BYTES + 3 * text.length);
  });

  it("refuses requests past the hard bound, without ending the connection, until it has drained", async () => {
    const { peer, pair } = await open(tcpPair, {}, { maxBufferedBytes: ONE_MIB });
    const refusals: unknown[] = [];
    let accepted = 0;
    for (; refusals.length === 0; await turns(1)) {
      for (let i = 0; i < 100; i++) {
        const call = peer.request("r", { text });
        call.catch((error: unknown) => refusals.push(error));
        accepted = peer.pendingCalls;
      }
    }
    expect(refusals[0]).toMatchObject({ code: "OUTBOUND_QUEUE_FULL" });
    expect(peer.isClosed).toBe(false);
    expect(peer.bufferedBytes).toBeLessThan(ONE_MIB + 2 * text.length);
    const sink = new RecordingSink();
    pair.right.start(sink);
    await within("drained", peer.drained());
    const call = peer.request("after");
    await sink.received(accepted + 1);
    expect(sink.messages.length).toBe(accepted + 1); // what was refused was not written
    pair.right.send(JSON.stringify({ jsonrpc: "2.0", id: accepted + 1, result: "answered" }));
    expect(await within("the answer", call)).toBe("answered");
  });

  it.each([
    ["TCP", tcpPair],
    ["memory", memoryPair],
  ])(
    "that ignores notifications past the hard bound is disconnected with OUTBOUND_QUEUE_FULL (%s)",
    async (_n, make) => {
      const reports: unknown[] = [];
      const { peer } = await open(
        make,
        { closed: (error) => reports.push(error?.code) },
        { maxBufferedBytes: ONE_MIB },
      );
      const failed = expect(peer.request("pending")).rejects.toMatchObject({ code: "OUTBOUND_QUEUE_FULL" });
      let highest = 0;
      for (; !peer.isClosed; await turns(1)) {
        for (let i = 0; i < 100; i++) peer.notify("n", { text });
        highest = Math.max(highest, peer.bufferedBytes);
      }
      await failed;
      await within("closed", peer.closed);
      expect(reports).toEqual(["OUTBOUND_QUEUE_FULL"]);
      expect(highest).toBeLessThan(ONE_MIB + 2 * text.length);
      expect(peer.bufferedBytes).toBe(0);
    },
  );

  it("of replies is disconnected too: a reply is never dropped in silence", async () => {
    const { server, port } = await listen();
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const reports: unknown[] = [];
    const peer = new RpcPeer(
      await connectTcp({ host: "127.0.0.1", port }),
      { request: () => text, closed: (error) => reports.push(error?.code) },
      { maxBufferedBytes: ONE_MIB },
    );
    peer.start();
    const [socket] = await accepted;
    socket.on("error", () => undefined);
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "m" });
    const frames = `Content-Length: ${body.length}\r\n\r\n${body}`.repeat(1_000);
    const asking = (async () => {
      while (!peer.isClosed) {
        if (socket.writable) socket.write(frames);
        await turns(1);
      }
    })();
    await within("the peer to give up", asking);
    expect(reports).toEqual(["OUTBOUND_QUEUE_FULL"]);
    socket.destroy();
    await peer.closed;
    await closeServer(server);
  });
});

describe("writes", () => {
  it("of one tick leave in one write, and large batches in several", async () => {
    const { server, port } = await listen();
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const peer = new RpcPeer(await connectTcp({ host: "127.0.0.1", port }), {});
    peer.start();
    const [socket] = await accepted;
    const chunks: number[] = [];
    let bytes = 0;
    const arrived = new Promise<void>((resolve) => {
      socket.on("data", (chunk) => {
        chunks.push(chunk.length);
        bytes += chunk.length;
        if (bytes > 100 * 90) resolve();
      });
    });
    for (let i = 0; i < 100; i++) peer.notify("n", { text: "t".repeat(30) });
    await within("the batch", arrived);
    expect(chunks.length).toBe(1);
    peer.close();
    await peer.closed;
    await closeServer(server);
  });
});
