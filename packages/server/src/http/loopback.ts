const LOOPBACK_NAMES = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Is this `Host` header a name of this machine? */
export function isLoopbackName(host: string | undefined): boolean {
  return host !== undefined && LOOPBACK_NAMES.has(host.replace(/:\d+$/, "").toLowerCase());
}

/** May a page of this origin open a WebSocket here? Programs send no origin; browsers always do. */
export function isOwnOrigin(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true;
  try {
    return host !== undefined && new URL(origin).host === host && isLoopbackName(host);
  } catch {
    return false;
  }
}
