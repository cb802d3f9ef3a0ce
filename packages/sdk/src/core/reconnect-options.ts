// How an application bounds reconnecting, and what holds where it says nothing.
import { NarthexError } from "@narthex/protocol";
import type { ReconnectLimits } from "./reconnect.ts";

/**
 * What the client does about a connection that is lost. Times are milliseconds. The pause before attempt n is a random
 * share of `initialDelayMs` × 2^(n-1), at most of `maxDelayMs`.
 */
export interface ReconnectOptions {
  /** Longest pause before the first attempt (default 250). */
  initialDelayMs?: number;
  /** Longest pause before any attempt (default 15,000). */
  maxDelayMs?: number;
  /** Gives up after this time without a connection (default 120,000; Infinity never does). */
  maxElapsedMs?: number;
  /** Gives up after this many attempts (default Infinity: only time counts). */
  maxAttempts?: number;
  /** Attempts and time count anew after a connection that held this long (default 10,000). */
  minUptimeMs?: number;
  /**
   * How long a call waits for the connection, or for its session, to be back before it fails with NOT_CONNECTED
   * (default 30,000). `sendAndWait` waits up to its own time limit instead.
   */
  callWaitMs?: number;
  /** Gives up at once when it aborts, now and for losses to come. */
  signal?: AbortSignal;
}

export const DEFAULT_RECONNECT_OPTIONS: Readonly<Required<Omit<ReconnectOptions, "signal">>> = {
  initialDelayMs: 250,
  maxDelayMs: 15_000,
  maxElapsedMs: 120_000,
  maxAttempts: Number.POSITIVE_INFINITY,
  minUptimeMs: 10_000,
  callWaitMs: 30_000,
};

export interface ResolvedReconnectOptions extends ReconnectLimits {
  readonly callWaitMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * The complete options; undefined when the client is not to reconnect.
 * @throws {NarthexError} CLIENT_OPTIONS_INVALID
 */
export function resolveReconnectOptions(
  options: ReconnectOptions | false | undefined,
): ResolvedReconnectOptions | undefined {
  if (options === false) return undefined;
  const { signal, ...given } = options ?? {};
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const resolved = { ...DEFAULT_RECONNECT_OPTIONS, ...set };
  for (const [name, value] of Object.entries(resolved)) {
    if (typeof value === "number" && value >= 0) continue;
    throw new NarthexError("CLIENT_OPTIONS_INVALID", `reconnect.${name} is ${String(value)}: use a number from 0 up.`);
  }
  return { ...resolved, signal };
}
