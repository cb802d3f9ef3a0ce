import type { NarthexError } from "@narthex/protocol";

/** Where a transport delivers. All three are called from the transport's read loop, never from inside `start` or `send`. */
export interface TransportSink {
  /** One JSON-RPC message as UTF-8 bytes or text. The next one follows only when this call has returned. */
  message(body: Uint8Array | string): void;
  /** The transport has ended; called exactly once, last. Without an error it ended in good order, on either side. */
  closed(error?: NarthexError): void;
  /** The byte stream cannot be cut into frames any more. Nothing further is delivered; sending still works, until `close`. */
  malformed(error: NarthexError): void;
}

/**
 * A duplex channel of JSON messages. Order is kept; a message is delivered whole or not at all.
 *
 * T1  `send` never throws and never blocks: on a channel that has ended the message is dropped.
 * T2  What was sent before `close()` is flushed, then the channel ends; the wait for a peer that does not read is bounded.
 * T3  After `close()` nothing is delivered to `sink.message` any more, not even the rest of the chunk at hand.
 * T4  `sink.closed` is called exactly once on a started transport, and every `drained()` promise has settled by then.
 * T5  A transport holds no bound of its own on what is queued to be sent: `RpcPeer` watches `bufferedBytes` and enforces one.
 */
export interface Transport {
  /** Begins delivery. Call once; what arrived earlier is kept and delivered now. */
  start(sink: TransportSink): void;
  /** Queues one JSON message. Messages of one tick leave in one write. */
  send(body: string): void;
  /** Bytes accepted by `send` that the operating system has not taken yet. */
  readonly bufferedBytes: number;
  /** Resolves once `bufferedBytes` is at or below the low-water mark, or the transport has ended. Never rejects. */
  drained(): Promise<void>;
  /** Flushes what is queued, then ends the channel. May be called more than once. */
  close(): void;
  /** Ends the channel at once; what is queued is lost. */
  destroy?(): void;
}
