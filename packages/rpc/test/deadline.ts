import { setTimeout as delay } from "node:timers/promises";

/** The promise, or a failure that names what did not happen in time. */
export async function within<T>(what: string, promise: Promise<T>, timeoutMs = 10_000): Promise<T> {
  const cancel = new AbortController();
  const expiry = delay(timeoutMs, undefined, { signal: cancel.signal }).then(
    () => Promise.reject(new Error(`not within ${timeoutMs} ms: ${what}`)),
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([promise, expiry]);
  } finally {
    cancel.abort();
  }
}

/** One turn of the event loop: everything that is ready now has been handled afterwards. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Some turns of the event loop, for checking that something does not happen. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}
