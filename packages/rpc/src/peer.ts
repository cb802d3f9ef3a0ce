import { NarthexError, messageOf } from "@narthex/protocol";
import { InboundCalls, type RunningCall } from "./inbound-calls.ts";
import { envelopeOf, idOfBrokenResponse, isCallId, isResponse, outcomeOf, type Envelope } from "./message.ts";
import { errorText, notificationText, requestTail, requestText, resultText } from "./message-text.ts";
import { OutboundCalls, abortedError, type RequestOptions } from "./outbound-calls.ts";
import { resolvePeerOptions, type PeerHandler, type PeerOptions, type ResolvedPeerOptions } from "./peer-options.ts";
import type { Transport } from "./transport.ts";

const utf8 = new TextDecoder();

/**
 * One side of a JSON-RPC 2.0 connection. Both sides are equal: each may call, notify and answer.
 *
 * | state  | start | message  | malformed    | transport closed       | close            |
 * |--------|-------|----------|--------------|------------------------|------------------|
 * | new    | open  | –        | –            | –                      | closed           |
 * | open   | –     | dispatch | reply, close | closed                 | closed           |
 * | closed | –     | ignore   | ignore       | resolve `closed`       | –                |
 *
 * R1  Inbound messages are dispatched one by one in arrival order, synchronously: the effects of one (the `onResponse` of a
 *     response, the return of a handler) are there before the next is looked at. Nothing waits for a handler's promise.
 * R2  Every inbound request is answered exactly once, as long as the connection lives.
 * R3  Every outbound call settles exactly once; at the end of the connection all do.
 * R4  Entering `closed` is final: nothing is dispatched and nothing written afterwards, no timer or listener remains.
 * R5  Messages go out in the order of the calls that made them; replies in the order in which handlers finish.
 * R6  What waits to be sent, and the calls in either direction, are bounded (see {@link PeerOptions}).
 *
 * @example
 * const peer = new RpcPeer(transport, { request: (method, params) => answer(method, params) });
 * peer.start();
 * const pong = await peer.request("ping", { message: "hi" }, { timeoutMs: 1_000 });
 */
export class RpcPeer {
  readonly #transport: Transport;
  readonly #handler: PeerHandler;
  readonly #options: ResolvedPeerOptions;
  readonly #outbound: OutboundCalls;
  readonly #inbound = new InboundCalls();
  #state: "new" | "open" | "closed" = "new";
  #resolveClosed: () => void = () => undefined;
  /**
   * Resolves when the transport has ended: after `close()` when what was queued has been flushed, or at the latest when the
   * transport's time limit for that is over; at once when the other side has ended the connection. Never rejects.
   */
  readonly closed: Promise<void>;

  /** @throws NarthexError CLIENT_OPTIONS_INVALID if a bound is malformed */
  constructor(transport: Transport, handler: PeerHandler, options: PeerOptions = {}) {
    this.#transport = transport;
    this.#handler = handler;
    this.#options = resolvePeerOptions(options);
    this.#outbound = new OutboundCalls({
      maxLateCalls: this.#options.maxLateCalls,
      timers: this.#options.timers,
      problem: (error) => {
        this.#problem(error);
      },
    });
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  /** True from the moment the connection ends or `close` is called. */
  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Calls of this side that wait for an answer. */
  get pendingCalls(): number {
    return this.#outbound.pending;
  }

  /** Bytes queued to be sent. */
  get bufferedBytes(): number {
    return this.#transport.bufferedBytes;
  }

  /** Begins to read. Messages may be sent before. */
  start(): void {
    if (this.#state !== "new") return;
    this.#state = "open";
    this.#transport.start({
      message: (body) => {
        this.#receive(body);
      },
      malformed: (error) => {
        this.#malformed(error);
      },
      closed: (error) => {
        this.#end(error, connectionClosed("the other side ended the connection"));
        this.#resolveClosed();
      },
    });
  }

  /**
   * Calls a method of the other side; resolves with its result.
   *
   * @throws NarthexError (as a rejection) the other side's error; CONNECTION_CLOSED, or what `close` was given, when the
   *   connection ends first; REQUEST_TIMEOUT; ABORTED; INVALID_PARAMS if `params` cannot be written as JSON;
   *   OUTBOUND_QUEUE_FULL past a bound. In the last two cases nothing has been written.
   */
  request(method: string, params?: unknown, options?: RequestOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const tail = requestTail(method, params); // a throw rejects; first, because a `toJSON` may do anything
      const refusal = this.#refusal(method, options?.signal);
      if (refusal !== undefined) return reject(refusal);
      const id = this.#outbound.add(method, options, { resolve, reject });
      this.#transport.send(requestText(id, tail));
    });
  }

  /**
   * Sends a notification. On a closed peer it does nothing: the end of the connection is reported by `handler.closed`.
   *
   * @throws NarthexError INVALID_PARAMS if `params` cannot be written as JSON
   */
  notify(method: string, params?: unknown): void {
    if (this.#state !== "closed") this.#write(notificationText(method, params));
  }

  /** Resolves when what is queued has shrunk to the transport's low-water mark, or the connection has ended. */
  drained(): Promise<void> {
    return this.#transport.drained();
  }

  /**
   * Ends the connection: what is queued is flushed, every pending call rejects with `error` (default CONNECTION_CLOSED),
   * handlers' signals abort, answers still being computed are dropped. May be called at any time, also from a handler.
   */
  close(error?: NarthexError): void {
    this.#end(error, connectionClosed("this side closed the connection"));
  }

  #refusal(method: string, signal: AbortSignal | undefined): NarthexError | undefined {
    if (this.#state === "closed") return connectionClosed("the connection had ended before the call was made");
    if (signal?.aborted === true) return abortedError(method, signal);
    const { maxPendingCalls, maxBufferedBytes } = this.#options;
    if (this.#outbound.pending >= maxPendingCalls)
      return queueFull(`${maxPendingCalls} calls wait for an answer. Wait for some`);
    return this.#transport.bufferedBytes >= maxBufferedBytes ? bufferFull(maxBufferedBytes) : undefined;
  }

  #write(text: string): void {
    if (this.#state === "closed") return; // R4
    if (this.#transport.bufferedBytes < this.#options.maxBufferedBytes) return this.#transport.send(text);
    const error = bufferFull(this.#options.maxBufferedBytes); // R6
    this.#end(error, error, () => this.#transport.destroy?.());
  }

  #receive(body: Uint8Array | string): void {
    if (this.#state !== "open") return; // R4
    let message: unknown;
    try {
      message = JSON.parse(typeof body === "string" ? body : utf8.decode(body));
    } catch {
      // The parser's own words quote the message, which may hold what no log should.
      return this.#refuse(new NarthexError("MESSAGE_INVALID_JSON", `A message of length ${body.length} is not JSON.`));
    }
    const envelope = envelopeOf(message);
    if (envelope === undefined) return this.#unrecognised(message);
    this.#dispatch(envelope);
  }

  #dispatch(message: Envelope): void {
    const { method, id } = message;
    if (typeof method === "string") {
      if (id === undefined) return this.#notification(method, message.params);
      if (isCallId(id)) return this.#request(method, id, message.params);
    } else if (isResponse(message)) {
      return this.#response(message);
    }
    this.#unrecognised(message);
  }

  #notification(method: string, params: unknown): void {
    try {
      const returned: unknown = this.#handler.notification?.(method, params);
      if (isThenable(returned))
        void Promise.resolve(returned).catch((error: unknown) => this.#handlerFailed(method, error));
    } catch (error) {
      this.#handlerFailed(method, error);
    }
  }

  #request(method: string, id: number | string, params: unknown): void {
    const { maxInboundCalls } = this.#options;
    if (this.#inbound.running >= maxInboundCalls) {
      const reason = `${method} is refused: ${maxInboundCalls} requests are being handled; wait for answers.`;
      return this.#write(errorText(id, new NarthexError("LIMIT_EXCEEDED", reason))); // R6
    }
    const call = this.#inbound.begin(method, id);
    try {
      if (this.#handler.request === undefined) throw new NarthexError("METHOD_NOT_FOUND", "no request handler");
      const result = this.#handler.request(method, params, call);
      if (!isThenable(result)) return this.#answer(call, result);
      void Promise.resolve(result).then(
        (value) => this.#answer(call, value),
        (error: unknown) => this.#fail(call, error),
      );
    } catch (error) {
      this.#fail(call, error);
    }
  }

  #answer(call: RunningCall, result: unknown): void {
    if (!this.#inbound.finish(call)) return; // R2, R4
    let text: string;
    try {
      text = resultText(call.id, result);
    } catch (error) {
      const reason = `The result of ${call.method} cannot be written as JSON: ${messageOf(error)}`;
      text = errorText(call.id, new NarthexError("HANDLER_FAILED", reason, { cause: error }));
    }
    this.#write(text);
  }

  #fail(call: RunningCall, thrown: unknown): void {
    if (!this.#inbound.finish(call)) return; // R2, R4
    const error = NarthexError.from(thrown, "HANDLER_FAILED");
    const isUnknown = error.code === "METHOD_NOT_FOUND";
    this.#write(errorText(call.id, error, isUnknown ? `Unhandled method ${call.method}` : undefined));
  }

  #response(message: Envelope): void {
    const outcome = outcomeOf(message);
    if (message.id !== null) return this.#outbound.respond(message.id, outcome);
    if ("error" in outcome) this.#problem(outcome.error); // the other side could not read something of ours
  }

  /** JSON, but no message. A call it may have been meant for must not wait for ever. */
  #unrecognised(value: unknown): void {
    const kind = Array.isArray(value)
      ? "an array (batches are not supported)"
      : "not a request, notification or response";
    const error = new NarthexError("MESSAGE_INVALID", `The message is ${kind}, or does not say "jsonrpc":"2.0".`);
    const id = idOfBrokenResponse(value);
    if (this.#outbound.has(id)) this.#outbound.respond(id, { error });
    this.#refuse(error);
  }

  #refuse(error: NarthexError): void {
    this.#write(errorText(null, error));
    this.#problem(error);
  }

  #malformed(error: NarthexError): void {
    if (this.#state !== "open") return;
    this.#refuse(error);
    const reason = connectionClosed(`the other side sent no valid frame (${error.message})`, error);
    this.#end(reason, reason);
  }

  /** R3, R4. `error` is what `handler.closed` hears, `reason` what stands in for it where there has to be an error. */
  #end(error: NarthexError | undefined, reason: NarthexError, endTransport?: () => void): void {
    if (this.#state === "closed") return;
    const wasStarted = this.#state === "open";
    this.#state = "closed";
    endTransport?.();
    this.#transport.close();
    if (!wasStarted) this.#resolveClosed();
    this.#inbound.end(error ?? reason);
    this.#outbound.end(error ?? reason);
    try {
      this.#handler.closed?.(error);
    } catch (thrown) {
      this.#handlerFailed("closed", thrown);
    }
  }

  #handlerFailed(what: string, thrown: unknown): void {
    const reason = `The handler of ${what} threw: ${messageOf(thrown)}`;
    this.#problem(new NarthexError("HANDLER_FAILED", reason, { cause: thrown }));
  }

  #problem(error: NarthexError): void {
    try {
      this.#handler.problem?.(error);
    } catch {
      // A logger that throws must not take the connection with it, and there is nobody left to tell.
    }
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

function connectionClosed(reason: string, cause?: unknown): NarthexError {
  return new NarthexError("CONNECTION_CLOSED", `No answer: ${reason}. Connect again.`, { cause });
}

function bufferFull(maxBytes: number): NarthexError {
  return queueFull(`${maxBytes} bytes wait to be sent and the other side does not read them. Wait for drained()`);
}

function queueFull(reason: string): NarthexError {
  return new NarthexError("OUTBOUND_QUEUE_FULL", `Nothing more can be sent: ${reason} and try again.`);
}
