import { NarthexError } from "@narthex/protocol";

/** Milliseconds a test waits for something before it fails (default of every wait here). */
export const DEFAULT_DEADLINE_MS = 10_000;

/**
 * The promise, or a clear failure when it takes too long.
 * @throws {NarthexError} REQUEST_TIMEOUT naming what was waited for
 */
export async function within<T>(what: string, promise: Promise<T>, timeoutMs = DEFAULT_DEADLINE_MS): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new NarthexError("REQUEST_TIMEOUT", `Waited ${timeoutMs} ms for ${what}.`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
