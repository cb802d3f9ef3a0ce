import { NarthexError, messageOf } from "@narthex/protocol";
import { DEFAULT_MAX_BODY_BYTES } from "../frame-parser.ts";
import { positiveInteger } from "../limits.ts";
import type { Transport } from "../transport.ts";
import { DEFAULT_CONNECT_TIMEOUT_MS } from "./transport-options.ts";
import { webSocketTransport } from "./web-socket-transport.ts";

/** How to connect to a WebSocket server. */
export interface ConnectWebSocketOptions {
  /** Request headers, such as `authorization`. */
  headers?: Record<string, string>;
  /** Time limit for the handshake. Default 10,000. */
  timeoutMs?: number;
  /** Longest inbound message in bytes; a longer one ends the connection with FRAME_TOO_LARGE. Default 64 MiB. */
  maxMessageBytes?: number;
}

/**
 * Connects to `ws://` or `wss://`. Loads the `ws` package on first use, so that other transports do not pay for it.
 *
 * @throws NarthexError (as a rejection) CONNECTION_FAILED if the handshake fails or takes too long, with the HTTP status, if
 *   there is one, in `data.status`; CLIENT_OPTIONS_INVALID for a malformed address or bound
 */
export async function connectWebSocket(url: string, options: ConnectWebSocketOptions = {}): Promise<Transport> {
  const timeoutMs = positiveInteger("timeoutMs", options.timeoutMs, DEFAULT_CONNECT_TIMEOUT_MS);
  const maxPayload = positiveInteger("maxMessageBytes", options.maxMessageBytes, DEFAULT_MAX_BODY_BYTES);
  const { WebSocket } = await import("ws");
  const open = (): InstanceType<typeof WebSocket> => {
    const headers = options.headers ?? {};
    return new WebSocket(url, { headers, handshakeTimeout: timeoutMs, maxPayload, perMessageDeflate: false });
  };
  return new Promise((resolve, reject) => {
    const ws = attempt(open);
    const fail = (reason: string, extra: { cause?: unknown; data?: unknown }): void => {
      reject(new NarthexError("CONNECTION_FAILED", `No WebSocket connection to ${url}: ${reason}`, extra));
    };
    ws.once("open", () => {
      resolve(webSocketTransport(ws)); // in the event itself: a message may follow in the same chunk
    });
    ws.on("error", (cause) => {
      fail(cause.message, { cause });
    });
    ws.once("unexpected-response", (_request, response) => {
      const status = response.statusCode;
      fail(`the server answered ${status} ${response.statusMessage ?? ""}`.trimEnd(), { data: { status } });
      response.resume();
      ws.terminate();
    });
  });
}

function attempt<T>(open: () => T): T {
  try {
    return open();
  } catch (cause) {
    throw new NarthexError("CLIENT_OPTIONS_INVALID", `No WebSocket address: ${messageOf(cause)}`, { cause });
  }
}
