import {
  NarthexError,
  SEND_RESULT,
  type RawSessionEvent,
  type RuntimeRequestMethod,
  type SessionEvent,
  type SessionEventPayload,
  type SessionEventType,
} from "@narthex/protocol";
import { BroadcastRequests } from "./broadcast-requests.ts";
import { EventDispatch } from "./event-dispatch.ts";
import { answerSessionRequest, isQuestion } from "./inbound-requests.ts";
import { SessionFacts, type DescribedFacts } from "./session-facts.ts";
import type { SessionHandlers } from "./session-handlers.ts";
import { SessionLine, type SessionPort } from "./session-line.ts";
import { SessionTraffic, type SessionStartup } from "./session-traffic.ts";
import { createSessionUi } from "./session-ui.ts";
import { streamEvents, type EventStreamOptions, type EventStreamSource } from "./event-stream.ts";
import { SendReadiness } from "./send-readiness.ts";
import { TurnWaits, type WaitOptions } from "./turn-waits.ts";
import type { SessionCapabilities, SessionUiApi } from "./types/elicitation.ts";
import type { MessageOptions } from "./types/message.ts";
import type { ModelCapabilitiesOverride, ReasoningEffort, ContextTier } from "./types/provider.ts";
import type { SessionEventHandler, TypedSessionEventHandler } from "./types/session-config.ts";
import { isUrgentRequest } from "./urgent-requests.ts";
import type { Patience } from "./waiting-room.ts";

/** The assistant's message that ends a turn. */
export type AssistantMessageEvent = SessionEventPayload<"assistant.message">;

/** How a session is taken up again on another connection. */
export interface SessionRecovery {
  /** Was it created here? Then all of its events are this client's. */
  readonly isCreatedHere: boolean;
  /** Params of `session.resume`, beside trace context. */
  params(): Record<string, unknown>;
  /** The patch of options to apply afterwards; undefined when there is none. */
  patch(): Record<string, unknown> | undefined;
}

/** A session of a coding agent. Made by the client; ends with `disconnect()`, which leaves the session resumable. */
export class CopilotSession {
  readonly sessionId: string;
  readonly #port: SessionPort;
  readonly #line: SessionLine;
  readonly #dispatch: EventDispatch;
  #handlers: SessionHandlers | undefined;
  #broadcast: BroadcastRequests | undefined;
  #readiness: SendReadiness | undefined;
  readonly #waits = new TurnWaits();
  #recovery: SessionRecovery | undefined;
  /** The model that was switched to, with its options: newer than what the config says. */
  #modelChoice: Record<string, unknown> = {};
  readonly #facts = new SessionFacts();
  readonly #traffic = new SessionTraffic({
    deliver: (event) => this.#deliver(event),
    repeated: (event) => this.#broadcast?.event(event), // a question that is asked again
  });
  readonly #ui: SessionUiApi;

  /** Made by the client only. @internal */
  constructor(sessionId: string, port: SessionPort) {
    this.sessionId = sessionId;
    this.#port = port;
    this.#line = new SessionLine(sessionId, port);
    this.#dispatch = new EventDispatch(sessionId, port.logger);
    this.#ui = createSessionUi({
      canElicit: () => this.#facts.capabilities.ui?.elicitation === true,
      call: (method, params) => this.#call(method, params),
    });
  }

  /** Folder of the session's state on the runtime's machine, when it has one. */
  get workspacePath(): string | undefined {
    return this.#facts.workspacePath;
  }

  /** Where the session can be watched in a browser; undefined when the runtime offers no such place. */
  get remoteUrl(): string | undefined {
    return this.#facts.remoteUrl;
  }

  /** What the runtime and the attached clients can do; follows changes. */
  get capabilities(): SessionCapabilities {
    return this.#facts.capabilities;
  }

  /** What arrived before the session was known, what of it was lost, and what of that was repaired. */
  get startup(): SessionStartup {
    return this.#traffic.startup;
  }

  /** Questions of the application to whoever watches the session. */
  get ui(): SessionUiApi {
    return this.#ui;
  }

  /**
   * Sends a message; resolves with its id once the runtime has accepted it. The answer comes as events.
   *
   * A cloud session may exist before its worker does. Where the runtime does not promise to keep a message until then,
   * the message waits here for the worker's first event, at most `readyTimeoutMs` of the create. A message whose answer was
   * lost with the connection is sent again once it is back, where the runtime tells by a key that it is the same.
   * @throws {NarthexError} SESSION_DISCONNECTED, CONNECTION_CLOSED, NOT_CONNECTED, SESSION_NOT_READY, QUEUE_FULL
   */
  async send(options: string | MessageOptions): Promise<string> {
    return this.#send(options);
  }

  async #send(options: string | MessageOptions, patience?: Patience): Promise<string> {
    const message = typeof options === "string" ? { prompt: options } : options;
    if (typeof message?.prompt !== "string") {
      throw new NarthexError("INVALID_PARAMS", "send needs a prompt: pass a string, or { prompt }.");
    }
    this.#line.assertOpen();
    await this.#readiness?.wait(patience?.signal);
    const trace = await this.#port.traceContext();
    // With a key of its own a message may be sent again: the runtime knows it, and runs it once.
    const isRepeatable = this.#port.isSendRepeatable();
    const key = message.idempotencyKey ?? (isRepeatable ? crypto.randomUUID() : undefined);
    const params = { ...message, ...trace, ...(key === undefined ? {} : { idempotencyKey: key }) };
    const result = isRepeatable
      ? await this.#line.repeat("session.send", params, patience)
      : await this.#call("session.send", params, patience);
    return SEND_RESULT.parse(result).messageId;
  }

  /**
   * Sends a message and waits until its turn is over; resolves with the last message of the assistant, if there was one.
   *
   * The wait ends with the turn (`session.idle`), an error of the session, its shutdown, a disconnect, the loss of the
   * connection for good or the time limit, whichever comes first. Idles of earlier turns do not count. A connection that
   * is lost and comes back does not end it once the runtime has accepted the message.
   *
   * @param timeout milliseconds from the call (default 60,000), or limits by name
   * @throws {NarthexError} SESSION_ERROR or the code that the runtime gives (MODEL_AUTHENTICATION, …), ABORTED, TURN_TIMEOUT, SESSION_SHUT_DOWN, SESSION_DISCONNECTED, CONNECTION_CLOSED
   */
  sendAndWait(
    options: string | MessageOptions,
    timeout: number | WaitOptions = {},
  ): Promise<AssistantMessageEvent | undefined> {
    if (this.#line.ended !== undefined) return Promise.reject(this.#line.ended);
    const limits = typeof timeout === "number" ? { timeoutMs: timeout } : timeout;
    const patience = (signal: AbortSignal): Patience => ({ waitMs: Number.POSITIVE_INFINITY, signal });
    const turn = this.#waits.wait((signal) => this.#send(options, patience(signal)), limits);
    return turn as Promise<AssistantMessageEvent | undefined>;
  }

  /**
   * Subscribes to the events of one type, or of every type; returns the function that ends the subscription.
   *
   * A subscription made right after the session was created also gets what had arrived by then.
   *
   * @example
   * const off = session.on("assistant.message", (event) => console.log(event.data.content));
   */
  on<K extends SessionEventType>(eventType: K, handler: TypedSessionEventHandler<K>): () => void;
  on(handler: SessionEventHandler): () => void;
  on(typeOrHandler: string | SessionEventHandler, handler?: (event: never) => void): () => void {
    this.#line.assertOpen();
    const [type, callback] = typeof typeOrHandler === "string" ? [typeOrHandler, handler] : [undefined, typeOrHandler];
    if (typeof callback !== "function") throw new NarthexError("INVALID_PARAMS", "on() needs a handler function.");
    return this.#dispatch.subscribe(type, callback as (event: RawSessionEvent) => void, { replay: true });
  }

  /**
   * The session's events from a place on, and then what comes: each once, in order, also across a lost connection. Nothing
   * is read ahead of the loop by more than a page. Ends when this client disconnects the session.
   *
   * @example
   * for await (const event of session.events({ types: ["assistant.message"] })) console.log(event.data);
   * @throws {NarthexError} EVENT_CURSOR_EXPIRED, ABORTED, METHOD_NOT_FOUND where the runtime's log cannot be read
   */
  events(options: EventStreamOptions = {}): AsyncGenerator<SessionEvent, void, undefined> {
    const source: EventStreamSource = {
      call: (method, params, patience) => this.#call(method, params, patience),
      ended: () => this.#line.ended,
    };
    return streamEvents(source, options);
  }

  /** All persisted events of the session, in order. */
  async getEvents(): Promise<SessionEvent[]> {
    const result = (await this.#call("session.getMessages", {})) as { events?: SessionEvent[] } | null;
    return result?.events ?? [];
  }

  /** Aborts what the session is doing, and throws away queued messages. The session stays usable. */
  async abort(): Promise<void> {
    await this.#call("session.abort", {});
  }

  /** Changes the model from the next message on. */
  async setModel(
    model: string,
    options: {
      reasoningEffort?: ReasoningEffort;
      reasoningSummary?: string;
      contextTier?: ContextTier;
      modelCapabilities?: ModelCapabilitiesOverride;
    } = {},
  ): Promise<void> {
    await this.#call("session.model.switchTo", { modelId: model, ...options });
    this.#modelChoice = { model, ...options };
  }

  /** Writes a line into the session's timeline, kept in its log unless `ephemeral`. */
  async log(
    message: string,
    options: { level?: "info" | "warning" | "error"; ephemeral?: boolean } = {},
  ): Promise<void> {
    await this.#call("session.log", { message, ...options });
  }

  /**
   * Ends this client's part in the session: no more events, handlers are let go. The session itself stays and can be
   * resumed. Harmless when repeated.
   */
  async disconnect(): Promise<void> {
    if (this.#line.ended !== undefined) return;
    await this.#port.disconnect(this.sessionId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  /** Sets what answers the runtime's questions; before the session is registered. @internal */
  attach(handlers: SessionHandlers, onEvent: SessionEventHandler | undefined, recovery: SessionRecovery): void {
    this.#handlers = handlers;
    this.#recovery = recovery;
    this.#broadcast = new BroadcastRequests({
      sessionId: this.sessionId,
      handlers,
      logger: this.#port.logger,
      answer: (method, params, signal) => this.#line.answer(method, params, signal),
    });
    if (onEvent !== undefined) this.#dispatch.subscribe(undefined, onEvent as never, { replay: false });
  }

  /** Messages wait until the session's worker has started. @internal */
  holdMessages(timeoutMs: number): void {
    const { sessionId } = this;
    this.#readiness = new SendReadiness({ sessionId, timeoutMs, readLog: () => this.getEvents() });
  }

  /** Takes over what the create or resume response says. @internal */
  describe(facts: DescribedFacts): void {
    this.#facts.describe(facts);
  }

  /** @internal */
  get traffic(): SessionTraffic {
    return this.#traffic;
  }

  /** The application has had its chance to subscribe. @internal */
  closeStartupWindow(): void {
    this.#dispatch.closeStartupWindow();
  }

  /** One event, in order. @internal */
  receive(event: RawSessionEvent): void {
    this.#traffic.event(event);
  }

  #deliver(event: RawSessionEvent): void {
    if (this.#line.ended !== undefined) return;
    this.#facts.observe(event);
    this.#readiness?.observe(event);
    this.#dispatch.emit(event);
    this.#broadcast?.event(event);
    this.#waits.event(event);
  }

  /** Answers a question that was lost, so that the runtime does not wait for it. @internal */
  decline(event: RawSessionEvent): void {
    this.#broadcast?.decline(event);
  }

  /** One request of the runtime; settles with its result. @internal */
  answer(method: RuntimeRequestMethod, params: Record<string, unknown> & { sessionId: string }): Promise<unknown> {
    if (isUrgentRequest(method)) return this.#answerNow(method, params); // the runtime may wait for it
    return this.#traffic.request(() => this.#answerNow(method, params), isQuestion(method));
  }

  #answerNow(method: RuntimeRequestMethod, params: Record<string, unknown> & { sessionId: string }): Promise<unknown> {
    const handlers = this.#handlers;
    if (handlers === undefined || this.#line.ended !== undefined) {
      return Promise.reject(new NarthexError("SESSION_DISCONNECTED", `Session ${this.sessionId} is disconnected.`));
    }
    return answerSessionRequest({ sessionId: this.sessionId, handlers, logger: this.#port.logger }, method, params);
  }

  /** Is the session known to the runtime, and not over here? @internal */
  get isLive(): boolean {
    return this.#facts.isEstablished && this.#line.ended === undefined;
  }

  /** Is there a turn whose end may have been missed? @internal */
  get mayHaveMissedEnd(): boolean {
    return this.#waits.mayHaveMissedEnd;
  }

  /** The connection is lost: calls and answers wait until the session is resumed. @internal */
  suspend(): void {
    this.#line.suspend();
    this.#broadcast?.pause();
    this.#facts.suspend();
  }

  /** What a resume on another connection takes; from now on what arrives is held. @internal */
  beginCatchUp(): SessionRecovery | undefined {
    const recovery = this.#recovery;
    if (recovery === undefined || !this.isLive) return undefined;
    this.#traffic.beginCatchUp();
    return { ...recovery, params: () => ({ ...recovery.params(), ...this.#modelChoice }) };
  }

  /** Missed events are delivered: open questions are put, waiting calls and answers go out. @internal */
  goOn(): void {
    this.#broadcast?.resume();
    this.#line.back();
  }

  /** The runtime says that the session does nothing. @internal */
  runtimeIsIdle(): void {
    this.#waits.runtimeIsIdle();
  }

  /** The session is over on this client; whoever waits is told why. @internal */
  finish(reason: NarthexError): void {
    if (!this.#line.end(reason)) return;
    this.#traffic.release(undefined); // held requests are refused, held events have nobody left
    this.#readiness?.end(reason);
    this.#broadcast?.close();
    this.#broadcast = undefined;
    this.#handlers = undefined;
    this.#recovery = undefined;
    this.#dispatch.clear();
    this.#waits.fail(reason);
  }

  #call(method: string, params: Record<string, unknown>, patience?: Patience): Promise<unknown> {
    return this.#line.call(method, params, patience);
  }
}
