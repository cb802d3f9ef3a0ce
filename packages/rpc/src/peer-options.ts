import type { NarthexError } from "@narthex/protocol";
import type { InboundCall } from "./inbound-calls.ts";
import { positiveInteger } from "./limits.ts";
import { systemTimers, type Timers } from "./timers.ts";

/** What an application does with the traffic of a peer. Every member may be left out. */
export interface PeerHandler {
  /** Called in arrival order inside the read loop. A throw, or a rejected promise, is reported as a problem and stops nothing. */
  notification?(method: string, params: unknown): void;
  /**
   * Called in arrival order inside the read loop; the value, or what the promise resolves to, is the answer. A thrown
   * `NarthexError` goes out as it is, METHOD_NOT_FOUND as `Unhandled method <name>`, anything else as -32603.
   */
  request?(method: string, params: unknown, call: InboundCall): unknown;
  /** The connection is over; called exactly once. Without an error it ended in good order. */
  closed?(error: NarthexError | undefined): void;
  /** Something worth a log line that nobody else hears of: bad JSON from the other side, a notification handler that threw. */
  problem?(error: NarthexError): void;
}

/** Bounds of a peer. */
export interface PeerOptions {
  /** Calls of this side waiting for an answer; one more rejects with OUTBOUND_QUEUE_FULL. Default 65,536. */
  maxPendingCalls?: number;
  /** Abandoned calls that still want a late response; past it the oldest is forgotten. Default 4,096. */
  maxLateCalls?: number;
  /** Requests of the other side being handled; one more is answered with LIMIT_EXCEEDED. Default 16,384. */
  maxInboundCalls?: number;
  /**
   * Bytes queued to be sent. Once that many wait, `request` rejects with OUTBOUND_QUEUE_FULL and writes nothing; a
   * notification or a reply, which must not be lost silently, ends the connection with that error instead. So the queue
   * holds at most this and one message. Default 64 MiB. To stay clear of it, watch `bufferedBytes` and await `drained()`.
   */
  maxBufferedBytes?: number;
  /** Where time limits come from. Default: `setTimeout`. */
  timers?: Timers;
}

/** {@link PeerOptions} with every default filled in. */
export type ResolvedPeerOptions = Required<PeerOptions>;

const DEFAULT_MAX_PENDING_CALLS = 65_536;
const DEFAULT_MAX_LATE_CALLS = 4_096;
const DEFAULT_MAX_INBOUND_CALLS = 16_384;
const DEFAULT_MAX_BUFFERED_BYTES = 64 * 1024 * 1024;

/** @throws NarthexError CLIENT_OPTIONS_INVALID if a bound is not a whole number of at least 1 */
export function resolvePeerOptions(options: PeerOptions): ResolvedPeerOptions {
  return {
    maxPendingCalls: positiveInteger("maxPendingCalls", options.maxPendingCalls, DEFAULT_MAX_PENDING_CALLS),
    maxLateCalls: positiveInteger("maxLateCalls", options.maxLateCalls, DEFAULT_MAX_LATE_CALLS),
    maxInboundCalls: positiveInteger("maxInboundCalls", options.maxInboundCalls, DEFAULT_MAX_INBOUND_CALLS),
    maxBufferedBytes: positiveInteger("maxBufferedBytes", options.maxBufferedBytes, DEFAULT_MAX_BUFFERED_BYTES),
    timers: options.timers ?? systemTimers,
  };
}
