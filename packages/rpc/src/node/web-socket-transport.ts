import { NarthexError } from "@narthex/protocol";
import { DrainWaiters } from "../drain-waiters.ts";
import type { Transport, TransportSink } from "../transport.ts";
import { BREATHE_BYTES, DEFAULT_CLOSE_TIMEOUT_MS, DEFAULT_LOW_WATER_BYTES } from "./transport-options.ts";

/** The part of a `WebSocket` of the `ws` package that is used here. */
export interface WebSocketLike {
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(data: string, sent: (error?: Error | null) => void): void;
  close(code?: number): void;
  terminate(): void;
  pause(): void;
  resume(): void;
  on(event: "message", listener: (data: Buffer | ArrayBuffer | Buffer[]) => void): unknown;
  on(event: "close", listener: (code: number, reason: Buffer) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
}

const CONNECTING = 0;
const CLOSED = 3;
/** Normal end, going away, and a close frame without a code. */
const GOOD_CLOSE_CODES: ReadonlySet<number> = new Set([1000, 1001, 1005]);
const NORMAL_CLOSE = 1000;

/**
 * Messages over an open WebSocket, on either side: each is one text message; binary ones with UTF-8 JSON are read too.
 * On the server, call it inside the `connection` event, so that nothing is missed, and bound the message size with the
 * `maxPayload` option of the `WebSocketServer`. The phases are those of the stream transport, without `deaf`: a WebSocket
 * keeps its own message boundaries.
 *
 * @example
 * new WebSocketServer({ server, maxPayload }).on("connection", (ws) => new RpcPeer(webSocketTransport(ws), handler).start());
 *
 * @throws NarthexError CLIENT_OPTIONS_INVALID if the WebSocket is not open yet
 */
export function webSocketTransport(ws: WebSocketLike): Transport {
  if (ws.readyState === CONNECTING) {
    throw new NarthexError("CLIENT_OPTIONS_INVALID", "The WebSocket is not open yet: wait for its open event.");
  }
  return new WebSocketTransport(ws);
}

class WebSocketTransport implements Transport {
  readonly #ws: WebSocketLike;
  readonly #waiters = new DrainWaiters();
  #phase: "new" | "open" | "closing" | "ended" = "new";
  #sink: TransportSink | undefined;
  #verdict: { error: NarthexError | undefined } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #bytesSinceBreath = 0;

  constructor(ws: WebSocketLike) {
    this.#ws = ws;
    ws.pause(); // until start(): an event without a listener is lost
    ws.on("message", (data) => {
      this.#read(bytesOf(data));
    });
    ws.on("error", (cause) => {
      this.#fail(failure(cause));
    });
    ws.on("close", (code, reason) => {
      this.#end(GOOD_CLOSE_CODES.has(code) ? undefined : closedWith(code, reason.toString()));
    });
    if (ws.readyState === CLOSED) this.#end(closedWith(undefined, "it had been closed before"));
  }

  get bufferedBytes(): number {
    return this.#phase === "ended" ? 0 : this.#ws.bufferedAmount;
  }

  start(sink: TransportSink): void {
    if (this.#sink !== undefined) return;
    this.#sink = sink;
    if (this.#verdict !== undefined) return process.nextTick(() => this.#deliverVerdict());
    if (this.#phase === "new") this.#phase = "open";
    this.#ws.resume();
  }

  send(body: string): void {
    if (this.#phase === "new" || this.#phase === "open") this.#ws.send(body, this.#sent);
  }

  drained(): Promise<void> {
    const isDrained = this.#verdict !== undefined || this.bufferedBytes <= DEFAULT_LOW_WATER_BYTES;
    return isDrained ? Promise.resolve() : this.#waiters.wait();
  }

  close(): void {
    if (this.#phase === "closing" || this.#phase === "ended") return;
    this.#phase = "closing";
    this.#timer = setTimeout(() => {
      this.destroy();
    }, DEFAULT_CLOSE_TIMEOUT_MS);
    this.#timer.unref();
    this.#ws.resume(); // the answer to the close frame has to be read
    this.#ws.close(NORMAL_CLOSE);
  }

  destroy(): void {
    this.#ws.terminate();
    this.#end(undefined);
  }

  readonly #sent = (error?: Error | null): void => {
    if (error !== undefined && error !== null) this.#fail(failure(error));
    else if (!this.#waiters.isEmpty && this.bufferedBytes <= DEFAULT_LOW_WATER_BYTES) this.#waiters.release();
  };

  #read(body: Uint8Array): void {
    if (this.#phase !== "open") return;
    this.#bytesSinceBreath += body.length;
    if (this.#bytesSinceBreath >= BREATHE_BYTES) this.#breathe();
    this.#sink?.message(body);
  }

  /** One flooding connection must not be read on and on while timers and others wait. */
  #breathe(): void {
    this.#bytesSinceBreath = 0;
    this.#ws.pause();
    setImmediate(() => {
      this.#ws.resume();
    });
  }

  /** Reports at once, and then ends the WebSocket in good order, so that the other side learns the reason. */
  #fail(error: NarthexError): void {
    if (this.#phase === "closing" || this.#phase === "ended") return;
    this.close();
    this.#report(error);
  }

  #end(error: NarthexError | undefined): void {
    if (this.#phase === "ended") return;
    const isExpected = this.#phase === "closing";
    this.#phase = "ended";
    clearTimeout(this.#timer);
    this.#report(isExpected ? undefined : error);
  }

  #report(error: NarthexError | undefined): void {
    if (this.#verdict !== undefined) return;
    this.#verdict = { error };
    this.#waiters.release();
    this.#deliverVerdict();
  }

  #deliverVerdict(): void {
    if (this.#verdict !== undefined) this.#sink?.closed(this.#verdict.error);
  }
}

function bytesOf(data: Buffer | ArrayBuffer | Buffer[]): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}

function failure(cause: Error): NarthexError {
  if ((cause as { code?: unknown }).code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") {
    const reason =
      "The other side sent a larger WebSocket message than allowed: send less at once, or raise the limit.";
    return new NarthexError("FRAME_TOO_LARGE", reason, { cause });
  }
  return new NarthexError("CONNECTION_CLOSED", `The WebSocket failed: ${cause.message}. Connect again.`, { cause });
}

function closedWith(code: number | undefined, reason: string): NarthexError {
  const because = [code === undefined ? "" : `code ${code}`, reason].filter((part) => part !== "").join(", ");
  return new NarthexError("CONNECTION_CLOSED", `The WebSocket was closed (${because}): connect again.`, {
    data: { closeCode: code },
  });
}
