// When a failed model call is made again. Pure: the clock and chance are given.
import type { NarthexError } from "@narthex/protocol";
import type { ModelErrorData } from "./model-errors.ts";

export interface RetryLimits {
  /** Most further calls after the first. */
  readonly maxRetries: number;
  /** First wait in milliseconds; each further one is twice as long. */
  readonly firstDelayMs: number;
  /** Longest wait in milliseconds. A server that asks for more gets no retry: its error goes up at once. */
  readonly maxDelayMs: number;
}

/**
 * How long to wait before the next call; undefined when there shall be none. Only an endpoint that cannot be reached
 * (but not one that stays silent), 429 and 5xx are tried again.
 *
 * @param attempt 0 after the first call
 * @param random from 0 to 1
 */
export function retryDelay(
  error: NarthexError,
  attempt: number,
  limits: RetryLimits,
  random: number,
): number | undefined {
  if (attempt >= limits.maxRetries || !isTransient(error)) return undefined;
  const { retryAfterMs } = (error.data ?? {}) as ModelErrorData;
  if (retryAfterMs !== undefined) return retryAfterMs <= limits.maxDelayMs ? retryAfterMs : undefined;
  const ceiling = Math.min(limits.firstDelayMs * 2 ** attempt, limits.maxDelayMs);
  return Math.round(ceiling / 2 + (ceiling / 2) * random); // half fixed, half by chance, so that clients spread out
}

function isTransient(error: NarthexError): boolean {
  if (error.code === "MODEL_RATE_LIMITED" || error.code === "MODEL_SERVER_ERROR") return true;
  return error.code === "MODEL_UNREACHABLE" && ((error.data ?? {}) as ModelErrorData).networkCode !== "TIMEOUT";
}

/** The wait that an answer's headers ask for, in milliseconds. `Retry-After` is seconds or a date. */
export function readRetryAfter(headers: { get(name: string): string | null }, nowMs: number): number | undefined {
  const exact = Number.parseFloat(headers.get("retry-after-ms") ?? "");
  if (Number.isFinite(exact) && exact >= 0) return exact;
  const value = headers.get("retry-after")?.trim();
  if (value === undefined || value === "") return undefined;
  if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
