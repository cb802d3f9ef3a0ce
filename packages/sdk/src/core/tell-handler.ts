/**
 * Calls a handler of the application. What it throws, or a promise of its that rejects, is reported and harms nobody else;
 * nobody waits for it.
 */
export function tellHandler<E>(
  handler: (event: E) => unknown,
  event: E,
  report: (error: unknown, event: E) => void,
): void {
  try {
    const result = handler(event);
    if (isThenable(result)) Promise.resolve(result).catch((error: unknown) => report(error, event));
  } catch (error) {
    report(error, event);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
