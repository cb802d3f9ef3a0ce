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
import { answerSessionRequest } from "./inbound-requests.ts";
import type { Logger } from "./logger.ts";
import type { SessionHandlers } from "./session-handlers.ts";
import { SessionTraffic, type SessionStartup } from "./session-traffic.ts";
import { createSessionUi } from "./session-ui.ts";
import { SendReadiness } from "./send-readiness.ts";
import { TurnWaiter } from "./turn-waiter.ts";
import type { SessionCapabilities, SessionUiApi } from "./types/elicitation.ts";
import type { MessageOptions } from "./types/message.ts";
import type { ModelCapabilitiesOverride, ReasoningEffort, ContextTier } from "./types/provider.ts";
import type { SessionEventHandler, TypedSessionEventHandler } from "./types/session-config.ts";
import { isUrgentRequest } from "./urgent-requests.ts";
import { waitForTurn } from "./wait-for-turn.ts";

/** The assistant's message that ends a turn. */
export type AssistantMessageEvent = SessionEventPayload<"assistant.message">;

/** Time limits of `sendAndWait`. */
export interface WaitOptions {
  /** Milliseconds from the call (default 60,000). The turn itself is not aborted. */
  timeoutMs?: number;
  /** Milliseconds without any event (default: no limit). */
  idleTimeoutMs?: number;
  signal?: AbortSignal;
}

/** What a session needs from its client. */
export interface SessionPort {
  readonly logger: Logger;
  call(method: string, params: Record<string, unknown>): Promise<unknown>;
  /** Trace context for a message, when the application provides one. */
  traceContext(): Promise<Record<string, unknown>>;
  /** Lets the runtime know that this client is done with the session, and forgets it. */
  disconnect(sessionId: string): Promise<void>;
}

const DEFAULT_WAIT_MS = 60_000;

/** A session of a coding agent. Made by the client; ends with `disconnect()`, which leaves the session resumable. */
export class CopilotSession {
  readonly sessionId: string;
  readonly #port: SessionPort;
  readonly #dispatch: EventDispatch;
  #handlers: SessionHandlers | undefined;
  #broadcast: BroadcastRequests | undefined;
  #readiness: SendReadiness | undefined;
  readonly #waiters = new Set<TurnWaiterHandle>();
  #workspacePath: string | undefined;
  #remoteUrl: string | undefined;
  #capabilities: SessionCapabilities = {};
  #hasLiveCapabilities = false;
  #namesMessages = false;
  #end: NarthexError | undefined;
  readonly #traffic = new SessionTraffic((event) => this.#deliver(event));
  readonly #ui: SessionUiApi;

  /** Made by the client only. @internal */
  constructor(sessionId: string, port: SessionPort) {
    this.sessionId = sessionId;
    this.#port = port;
    this.#dispatch = new EventDispatch(sessionId, port.logger);
    this.#ui = createSessionUi({
      canElicit: () => this.#capabilities.ui?.elicitation === true,
      call: (method, params) => this.#call(method, params),
    });
  }

  /** Folder of the session's state on the runtime's machine, when it has one. */
  get workspacePath(): string | undefined {
    return this.#workspacePath;
  }

  /** Where the session can be watched in a browser; undefined when the runtime offers no such place. */
  get remoteUrl(): string | undefined {
    return this.#remoteUrl;
  }

  /** What the runtime and the attached clients can do; follows changes. */
  get capabilities(): SessionCapabilities {
    return this.#capabilities;
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
   * the message waits here for the worker's first event, at most `readyTimeoutMs` of the create.
   * @throws {NarthexError} SESSION_DISCONNECTED, CONNECTION_CLOSED, SESSION_NOT_READY, QUEUE_FULL
   */
  async send(options: string | MessageOptions): Promise<string> {
    return this.#send(options, undefined);
  }

  async #send(options: string | MessageOptions, signal: AbortSignal | undefined): Promise<string> {
    const message = typeof options === "string" ? { prompt: options } : options;
    if (typeof message?.prompt !== "string") {
      throw new NarthexError("INVALID_PARAMS", "send needs a prompt: pass a string, or { prompt }.");
    }
    this.#assertOpen();
    await this.#readiness?.wait(signal);
    const trace = await this.#port.traceContext();
    const result = await this.#call("session.send", { ...message, ...trace });
    return SEND_RESULT.parse(result).messageId;
  }

  /**
   * Sends a message and waits until its turn is over; resolves with the last message of the assistant, if there was one.
   *
   * The wait ends with the turn (`session.idle`), an error of the session, its shutdown, a disconnect, the loss of the
   * connection or the time limit, whichever comes first. Idles of earlier turns do not count.
   *
   * @param timeout milliseconds from the call (default 60,000), or limits by name
   * @throws {NarthexError} SESSION_ERROR or the code that the runtime gives (MODEL_AUTHENTICATION, …), ABORTED, TURN_TIMEOUT, SESSION_SHUT_DOWN, SESSION_DISCONNECTED, CONNECTION_CLOSED
   */
  sendAndWait(
    options: string | MessageOptions,
    timeout: number | WaitOptions = {},
  ): Promise<AssistantMessageEvent | undefined> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const limits = typeof timeout === "number" ? { timeoutMs: timeout } : timeout;
    const handle: TurnWaiterHandle = { waiter: new TurnWaiter(this.#namesMessages), changed: () => undefined };
    this.#waiters.add(handle);
    const settled = new AbortController(); // a message that still waits to be sent is not sent once nobody waits for it
    const turn = waitForTurn(handle, () => this.#send(options, settled.signal), {
      timeoutMs: limits.timeoutMs ?? DEFAULT_WAIT_MS,
      idleTimeoutMs: limits.idleTimeoutMs,
      signal: limits.signal,
      onSettled: () => {
        this.#waiters.delete(handle);
        settled.abort();
      },
    });
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
    this.#assertOpen();
    const [type, callback] = typeof typeOrHandler === "string" ? [typeOrHandler, handler] : [undefined, typeOrHandler];
    if (typeof callback !== "function") throw new NarthexError("INVALID_PARAMS", "on() needs a handler function.");
    return this.#dispatch.subscribe(type, callback as (event: RawSessionEvent) => void, { replay: true });
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
    if (this.#end !== undefined) return;
    await this.#port.disconnect(this.sessionId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  /** Sets what answers the runtime's questions; before the session is registered. @internal */
  attach(handlers: SessionHandlers, onEvent: SessionEventHandler | undefined): void {
    this.#handlers = handlers;
    this.#broadcast = new BroadcastRequests({
      sessionId: this.sessionId,
      handlers,
      logger: this.#port.logger,
      call: (method, params) => this.#call(method, params),
    });
    if (onEvent !== undefined) this.#dispatch.subscribe(undefined, onEvent as never, { replay: false });
  }

  /** Messages wait until the session's worker has started. @internal */
  holdMessages(timeoutMs: number): void {
    const { sessionId } = this;
    this.#readiness = new SendReadiness({ sessionId, timeoutMs, readLog: () => this.getEvents() });
  }

  /** Takes over what the create or resume response says. @internal */
  describe(facts: {
    workspacePath?: string | undefined;
    remoteUrl?: string | undefined;
    capabilities?: SessionCapabilities | undefined;
  }): void {
    this.#workspacePath = facts.workspacePath ?? this.#workspacePath;
    this.#remoteUrl = facts.remoteUrl ?? this.#remoteUrl;
    // A capabilities.changed that came before the response is newer than the response.
    if (!this.#hasLiveCapabilities) this.#capabilities = facts.capabilities ?? {};
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
    if (this.#end !== undefined) return;
    this.#observe(event);
    this.#readiness?.observe(event);
    this.#dispatch.emit(event);
    this.#broadcast?.event(event);
    for (const handle of this.#waiters) {
      handle.waiter.event(event);
      handle.changed(true);
    }
  }

  /** Answers a question that was lost, so that the runtime does not wait for it. @internal */
  decline(event: RawSessionEvent): void {
    this.#broadcast?.decline(event);
  }

  /** One request of the runtime; settles with its result. @internal */
  answer(method: RuntimeRequestMethod, params: Record<string, unknown> & { sessionId: string }): Promise<unknown> {
    if (isUrgentRequest(method)) return this.#answerNow(method, params); // the runtime may wait for it
    return this.#traffic.request(() => this.#answerNow(method, params));
  }

  #answerNow(method: RuntimeRequestMethod, params: Record<string, unknown> & { sessionId: string }): Promise<unknown> {
    const handlers = this.#handlers;
    if (handlers === undefined || this.#end !== undefined) {
      return Promise.reject(new NarthexError("SESSION_DISCONNECTED", `Session ${this.sessionId} is disconnected.`));
    }
    return answerSessionRequest({ sessionId: this.sessionId, handlers, logger: this.#port.logger }, method, params);
  }

  /** The session is over on this client; whoever waits is told why. @internal */
  finish(reason: NarthexError): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    this.#traffic.release(undefined); // held requests are refused, held events have nobody left
    this.#readiness?.end(reason);
    this.#broadcast?.close();
    this.#broadcast = undefined;
    this.#handlers = undefined;
    this.#dispatch.clear();
    for (const handle of this.#waiters) {
      handle.waiter.fail(reason);
      handle.changed(false);
    }
  }

  #observe(event: RawSessionEvent): void {
    const data = event.data as Record<string, unknown> | undefined;
    if (event.type === "capabilities.changed") {
      this.#hasLiveCapabilities = true;
      this.#capabilities = { ...this.#capabilities, ...(data as SessionCapabilities) };
    } else if (event.type === "session.info" && data?.infoType === "remote" && typeof data.url === "string") {
      this.#remoteUrl ??= data.url;
    } else if (event.type === "user.message" && typeof data?.messageId === "string") {
      this.#namesMessages = true;
    }
  }

  async #call(method: string, params: Record<string, unknown>): Promise<unknown> {
    this.#assertOpen();
    return this.#port.call(method, { ...params, sessionId: this.sessionId });
  }

  #assertOpen(): void {
    if (this.#end !== undefined) throw this.#end;
  }
}

interface TurnWaiterHandle {
  readonly waiter: TurnWaiter;
  changed: (isProgress: boolean) => void;
}
