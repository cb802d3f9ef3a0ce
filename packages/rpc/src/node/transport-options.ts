import { DEFAULT_MAX_BODY_BYTES, DEFAULT_MAX_HEADER_BYTES, type FrameLimits } from "../frame-parser.ts";
import { positiveInteger } from "../limits.ts";

/** Bounds of a transport over byte streams. */
export interface TransportOptions extends FrameLimits {
  /** `drained()` resolves at or below this many queued bytes. Default 64 KiB. */
  lowWaterBytes?: number;
  /** How long `close()` waits for the queue to be written and the other side to end. Default 2,000. */
  closeTimeoutMs?: number;
}

export type ResolvedTransportOptions = Required<TransportOptions>;

export const DEFAULT_LOW_WATER_BYTES = 64 * 1024;
export const DEFAULT_CLOSE_TIMEOUT_MS = 2_000;
/** After this much input the event loop gets a turn before the next chunk. */
export const BREATHE_BYTES = 256 * 1024;
/** Default of the time limit for making a connection. */
export const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;

/** @throws NarthexError CLIENT_OPTIONS_INVALID if a bound is not a whole number of at least 1 */
export function resolveTransportOptions(options: TransportOptions): ResolvedTransportOptions {
  return {
    maxHeaderBytes: positiveInteger("maxHeaderBytes", options.maxHeaderBytes, DEFAULT_MAX_HEADER_BYTES),
    maxBodyBytes: positiveInteger("maxBodyBytes", options.maxBodyBytes, DEFAULT_MAX_BODY_BYTES),
    lowWaterBytes: positiveInteger("lowWaterBytes", options.lowWaterBytes, DEFAULT_LOW_WATER_BYTES),
    closeTimeoutMs: positiveInteger("closeTimeoutMs", options.closeTimeoutMs, DEFAULT_CLOSE_TIMEOUT_MS),
  };
}
