/**
 * The time limit and the signal of one create or resume, from the call to its end: also while the client connects, while
 * the application's trace callback runs, and while options are applied afterwards.
 */
import { NarthexError } from "@narthex/protocol";
import { shown } from "./wire-value.ts";
import type { CreateSessionOptions } from "./types/session-config.ts";

const DEFAULT_CREATE_TIMEOUT_MS = 300_000;
/** Longest time that a timer of the platform can wait. */
const MAX_TIME_MS = 2_147_483_647;

export class CreateLimits {
  readonly signal: AbortSignal | undefined;
  readonly #timeoutMs: number;
  readonly #start: number;
  readonly #now: () => number;

  /** @throws {NarthexError} CONFIG_INVALID */
  constructor(options: CreateSessionOptions, now: () => number = () => performance.now()) {
    checkTime("timeoutMs", options.timeoutMs);
    checkTime("readyTimeoutMs", options.readyTimeoutMs);
    if (options.signal !== undefined && !(options.signal instanceof AbortSignal)) {
      throw new NarthexError("CONFIG_INVALID", "`signal` is no AbortSignal: pass `controller.signal`.");
    }
    this.signal = options.signal;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_CREATE_TIMEOUT_MS;
    this.#now = now;
    this.#start = now();
  }

  /** Milliseconds left, at least 1; undefined without a limit. */
  remainingMs(): number | undefined {
    if (this.#timeoutMs === 0) return undefined;
    return Math.max(1, this.#timeoutMs - Math.round(this.#now() - this.#start));
  }

  /**
   * What the work comes to, or the end of the patience with it; the work itself goes on unseen.
   * @throws {NarthexError} ABORTED, REQUEST_TIMEOUT
   */
  promptly<T>(what: string, work: Promise<T>): Promise<T> {
    const { signal } = this;
    const timeoutMs = this.remainingMs();
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        act();
      };
      const onAbort = (): void =>
        settle(() => reject(new NarthexError("ABORTED", `${what} was cancelled.`, { cause: signal?.reason })));
      const late = (): void =>
        settle(() => reject(new NarthexError("REQUEST_TIMEOUT", `${what} took longer than ${this.#timeoutMs} ms.`)));
      const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
      signal?.addEventListener("abort", onAbort, { once: true });
      work.then(
        (value) => settle(() => resolve(value)),
        (error: unknown) => settle(() => reject(error)),
      );
      if (signal?.aborted === true) onAbort();
    });
  }
}

function checkTime(name: string, value: unknown): void {
  if (value === undefined || (typeof value === "number" && value >= 0 && value <= MAX_TIME_MS)) return;
  throw new NarthexError("CONFIG_INVALID", `${name} is ${shown(value)}: use milliseconds from 0 to ${MAX_TIME_MS}.`);
}
