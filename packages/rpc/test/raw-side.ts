import { createMemoryPair, RpcPeer, type PeerHandler, type PeerOptions, type Transport } from "@narthex/rpc";
import { RecordingSink } from "./recording-sink.ts";

/** The other side of a peer, played by the test message by message. */
export class RawSide {
  readonly sink = new RecordingSink();
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
    transport.start(this.sink);
  }

  /** Everything the peer has sent, parsed. */
  get received(): unknown[] {
    return this.sink.messages.map((text) => JSON.parse(text) as unknown);
  }

  send(message: unknown): void {
    this.#transport.send(JSON.stringify(message));
  }

  sendText(text: string): void {
    this.#transport.send(text);
  }

  request(id: unknown, method: string, params?: unknown): void {
    this.send({ jsonrpc: "2.0", id, method, params });
  }

  notify(method: string, params?: unknown): void {
    this.send({ jsonrpc: "2.0", method, params });
  }

  respond(id: unknown, result: unknown): void {
    this.send({ jsonrpc: "2.0", id, result });
  }

  close(): void {
    this.#transport.close();
  }

  /** Waits until the peer has sent this many messages; returns them all. */
  async messages(count: number): Promise<unknown[]> {
    await this.sink.received(count);
    return this.received;
  }

  /** Waits until everything sent so far has been dispatched, by asking for one more answer. */
  async settled(): Promise<void> {
    const id = `settled-${this.sink.messages.length}`;
    const isAnswer = (message: unknown): boolean => (message as { id?: unknown }).id === id;
    this.request(id, "no.such.method");
    for (let count = this.sink.messages.length; !this.received.some(isAnswer); count++) {
      await this.sink.received(count + 1);
    }
    const at = this.received.findIndex(isAnswer);
    this.sink.messages.splice(at, 1);
  }
}

/** A started peer whose other side the test plays. */
export function peerAndRawSide(handler: PeerHandler = {}, options?: PeerOptions): { peer: RpcPeer; other: RawSide } {
  const [left, right] = createMemoryPair();
  const peer = new RpcPeer(left, handler, options);
  peer.start();
  return { peer, other: new RawSide(right) };
}

/** Two started peers joined in memory. */
export function peerPair(left: PeerHandler, right: PeerHandler, options?: PeerOptions): [RpcPeer, RpcPeer] {
  const [leftEnd, rightEnd] = createMemoryPair();
  const peers: [RpcPeer, RpcPeer] = [new RpcPeer(leftEnd, left, options), new RpcPeer(rightEnd, right, options)];
  for (const peer of peers) peer.start();
  return peers;
}
