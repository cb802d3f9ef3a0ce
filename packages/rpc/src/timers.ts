/** The one-shot timers a peer needs; replace them to test without waiting. */
export interface Timers {
  /** Calls `callback` once after `delayMs`; returns what `clear` takes. */
  set(callback: () => void, delayMs: number): unknown;
  clear(handle: unknown): void;
}

/** The longest delay that `setTimeout` understands; more than this would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The timers of the platform. */
export const systemTimers: Timers = {
  set: (callback, delayMs) => setTimeout(callback, Math.min(delayMs, MAX_DELAY_MS)),
  clear: (handle) => {
    clearTimeout(handle as number);
  },
};
