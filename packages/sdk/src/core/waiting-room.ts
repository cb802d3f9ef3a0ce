/**
 * Where calls wait while there is no connection to make them on.
 *
 * W1. Whoever waits leaves exactly once: when the room opens, when it ends, when its time is up or its signal aborts.
 * W2. Calls leave in the order in which they came.
 * W3. No timer and no listener stays behind.
 * W4. The number of those who wait is bounded.
 */
import { NarthexError } from "@narthex/protocol";

/** How long a call waits at most. */
export interface Patience {
  /** Milliseconds; Infinity waits for as long as the client tries. */
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Most calls that wait for one connection or session. */
const MAX_WAITING_CALLS = 10_000;
/** Longest time that a timer of the platform can wait. */
const MAX_TIMER_MS = 2_147_483_647;

interface Waiting {
  readonly go: () => void;
  readonly fail: (error: NarthexError) => void;
}

export class WaitingRoom {
  readonly #waiting = new Set<Waiting>();

  /**
   * Waits until the connection is back.
   * @throws {NarthexError} NOT_CONNECTED when it takes too long, OUTBOUND_QUEUE_FULL, ABORTED, or what the room ends with
   */
  wait({ waitMs, signal }: Patience): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(aborted(signal));
    if (this.#waiting.size >= MAX_WAITING_CALLS) {
      const text = `${MAX_WAITING_CALLS} calls wait for the connection to come back: wait for some of them first.`;
      return Promise.reject(new NarthexError("OUTBOUND_QUEUE_FULL", text));
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(waiting);
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
      };
      const fail = (error: NarthexError): void => {
        leave();
        reject(error);
      };
      const onAbort = (): void => fail(aborted(signal));
      const waiting: Waiting = { go: () => (leave(), resolve()), fail };
      const timer = waitMs <= MAX_TIMER_MS ? setTimeout(() => fail(tooLate(waitMs)), waitMs) : undefined;
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(waiting);
    });
  }

  /** The connection is back: everybody goes on. */
  open(): void {
    for (const waiting of this.#waiting) waiting.go(); // W2: a set keeps the order of insertion
  }

  /** It will not come back. */
  end(error: NarthexError): void {
    for (const waiting of this.#waiting) waiting.fail(error);
  }
}

function tooLate(waitMs: number): NarthexError {
  return new NarthexError(
    "NOT_CONNECTED",
    `The connection to the runtime was lost and was not back within ${waitMs} ms. Nothing was sent: try again later, or raise reconnect.callWaitMs.`,
  );
}

function aborted(signal: AbortSignal | undefined): NarthexError {
  return new NarthexError("ABORTED", "The call was cancelled while it waited for the connection; nothing was sent.", {
    cause: signal?.reason,
  });
}
