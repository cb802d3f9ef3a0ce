// Connections in this process that end at the worst moments.
import { createMemoryPair, RpcPeer, type Transport, type TransportSink } from "@narthex/rpc";
import { Arrivals } from "@narthex/testkit";
import { expect, it, onTestFinished } from "vitest";
import { CopilotClient, RuntimeConnection, type ConnectionEvent } from "../src/index.ts";
import { MemoryLogger } from "./fixture.ts";
import { FAST } from "./outage-fixture.ts";

/** Answers the handshake, and has ended before anybody can look at the answer. */
class DoomedTransport implements Transport {
  readonly bufferedBytes = 0;
  #sink: TransportSink | undefined;

  start(sink: TransportSink): void {
    this.#sink = sink;
  }

  send(body: string): void {
    const { id, method } = JSON.parse(body) as { id: number; method: string };
    if (method !== "connect") return;
    setImmediate(() => {
      this.#sink?.message(JSON.stringify({ jsonrpc: "2.0", id, result: { ok: true, protocolVersion: 3 } }));
      this.#sink?.closed();
    });
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {}
}

/** One end of a connection to a runtime that answers everything. */
function sound(): { transport: Transport; peer: RpcPeer; calls: Arrivals<string> } {
  const [transport, far] = createMemoryPair();
  const calls = new Arrivals<string>();
  const answers: Record<string, unknown> = {
    connect: { ok: true, protocolVersion: 3 },
    "session.create": { sessionId: "s-1" },
    "session.resume": { sessionId: "s-1" },
    "session.eventLog.read": { events: [], cursor: "c", hasMore: false, cursorStatus: "ok" },
    ping: { message: "pong", timestamp: "" },
  };
  const peer = new RpcPeer(far, { request: (method) => (calls.push(method), answers[method] ?? {}) });
  peer.start();
  return { transport, peer, calls };
}

function clientOver(transports: readonly Transport[]) {
  const queue = [...transports];
  const client = new CopilotClient({
    connection: RuntimeConnection.forInProcess({ connect: () => queue.shift() ?? new DoomedTransport() }),
    logger: new MemoryLogger(),
    reconnect: FAST,
  });
  onTestFinished(() => client.forceStop());
  const connection = new Arrivals<ConnectionEvent>();
  client.on("connection", (event) => connection.push(event));
  return { client, connection };
}

it("rejects a start whose connection ends with its handshake", async () => {
  const { client } = clientOver([new DoomedTransport()]);
  await expect(client.start()).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
  await expect(client.ping()).rejects.toMatchObject({ code: "NOT_CONNECTED" });
});

it("goes on trying when a new connection ends with its handshake; sessions and waiting calls survive it", async () => {
  const [first, last] = [sound(), sound()];
  const { client, connection } = clientOver([
    first.transport,
    new DoomedTransport(),
    new DoomedTransport(),
    last.transport,
  ]);
  const session = await client.createCloudSession({ cloud: {} });
  first.peer.close();
  await connection.next("lost", ({ type }) => type === "lost");
  const waiting = [client.ping(), session.getEvents()];
  await connection.next("resumed", ({ type }) => type === "resumed");
  expect((await waiting[0]) as unknown).toMatchObject({ message: "pong" });
  expect(await waiting[1]).toEqual([]);
  await last.calls.next("session.resume", (method) => method === "session.resume");
});
