import { NarthexError } from "@narthex/protocol";

/** Where a running runtime is reached. */
export type RuntimeAddress =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "websocket"; readonly url: string };

/**
 * Reads `port`, `host:port`, `[v6]:port`, `http(s)://host:port` or `ws(s)://host:port/path`.
 * @throws {NarthexError} CLIENT_OPTIONS_INVALID
 */
export function parseRuntimeUri(uri: string): RuntimeAddress {
  const text = uri.trim();
  if (/^wss?:\/\//i.test(text)) return { kind: "websocket", url: text };
  const bare = text.replace(/^https?:\/\//i, "").replace(/\/$/, "");
  const match = /^(?:(?:\[([0-9a-f:.]+)\]|([^\s:/[\]]+)):)?(\d{1,5})$/i.exec(bare);
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > 65_535) {
    throw new NarthexError(
      "CLIENT_OPTIONS_INVALID",
      `${JSON.stringify(uri)} is not a runtime address: use port, host:port, [v6]:port, http://host:port or ws://host:port.`,
    );
  }
  return { kind: "tcp", host: match[1] ?? match[2] ?? "127.0.0.1", port };
}
