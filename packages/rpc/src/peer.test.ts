import { describe, expect, it } from "vitest";
import { RpcPeer } from "./peer.ts";
import type { PeerHandler } from "./peer-options.ts";
import type { Transport, TransportSink } from "./transport.ts";

/** A transport that breaks its promises: it goes on delivering, and takes everything, after `close`. */
class CarelessTransport implements Transport {
  readonly bufferedBytes = 0;
  readonly sent: string[] = [];
  sink: TransportSink | undefined;

  start(sink: TransportSink): void {
    this.sink = sink;
  }

  send(body: string): void {
    this.sent.push(body);
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.sent.push("closed");
  }
}

function open(handler: PeerHandler): { peer: RpcPeer; transport: CarelessTransport } {
  const transport = new CarelessTransport();
  const peer = new RpcPeer(transport, handler);
  peer.start();
  return { peer, transport };
}

describe("RpcPeer on a careless transport", () => {
  it("dispatches nothing after it was closed, and reports its end once", () => {
    const seen: string[] = [];
    const { peer, transport } = open({
      notification: (method) => seen.push(method),
      request: (method) => seen.push(method),
      closed: () => seen.push("closed"),
    });
    transport.sink?.message('{"jsonrpc":"2.0","method":"a"}');
    peer.close();
    transport.sink?.message('{"jsonrpc":"2.0","method":"b"}');
    transport.sink?.message('{"jsonrpc":"2.0","id":1,"method":"c"}');
    transport.sink?.message("{");
    transport.sink?.closed();
    transport.sink?.closed();
    expect(seen).toEqual(["a", "closed"]);
    expect(transport.sent).toEqual(["closed"]);
  });

  it("writes nothing after it was closed, not even the answer of the handler that closed it", () => {
    const { peer, transport } = open({
      request: () => {
        peer.close();
        peer.notify("n");
        return "answer";
      },
    });
    transport.sink?.message('{"jsonrpc":"2.0","id":1,"method":"m"}');
    expect(transport.sent).toEqual(["closed"]);
  });

  it("writes nothing for a notification whose toJSON closed it", () => {
    const { peer, transport } = open({});
    peer.notify("n", { toJSON: () => (peer.close(), "text") });
    expect(transport.sent).toEqual(["closed"]);
  });

  it("starts once", () => {
    const { peer, transport } = open({});
    const first = transport.sink;
    peer.start();
    expect(transport.sink).toBe(first);
  });
});
