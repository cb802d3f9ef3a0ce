/**
 * Requests that come as events (protocol 3): any attached client may answer them with a call; the first answer wins.
 *
 * An event without a handler here is left to other clients. One request runs its handler once and is answered once on a
 * connection, however often its event arrives. After an outage:
 *
 * | the request is asked again, and its handler | then                                                      |
 * | ------------------------------------------- | --------------------------------------------------------- |
 * | has not run                                 | runs, unless the missed events say that the request is over |
 * | is running, or its answer waits             | is left alone: its answer goes out once the session is back |
 * | has answered on an earlier connection       | does not run again: the same answer is given once more    |
 */
import { NarthexError, messageOf, type RawSessionEvent } from "@narthex/protocol";
import type { Logger } from "./logger.ts";
import type { SessionHandlers } from "./session-handlers.ts";
import { textOf } from "./wire-value.ts";
import { failedToolResult, toToolResult } from "./tool-result.ts";
import type { ElicitationContext } from "./types/elicitation.ts";
import type { PermissionRequest } from "./types/permission.ts";
import type { ToolInvocation } from "./types/tool.ts";

/** Request ids whose handling is remembered, so that a repeated event is not handled again. */
const MAX_REMEMBERED_REQUESTS = 4_096;
/** Newest answers that are kept, for a runtime that asks again because it has lost them. */
const MAX_KEPT_ANSWERS = 256;

type Data = Record<string, unknown>;
/** The call that answers a request: method and params beside sessionId and requestId. */
type Answer = readonly [method: string, params: Data];
type Responder = (data: Data, signal: AbortSignal) => Promise<Answer | undefined> | undefined;

/** What is said to a question that was lost on the way. */
const LOST = "The question was lost: too many events came before the session was known.";
const REFUSALS: Readonly<Record<string, Answer>> = {
  "external_tool.requested": ["session.tools.handlePendingToolCall", { error: LOST }],
  "permission.requested": [
    "session.permissions.handlePendingPermissionRequest",
    { result: { kind: "user-not-available" } },
  ],
  "elicitation.requested": ["session.ui.handlePendingElicitation", { result: { action: "cancel" } }],
  "command.execute": ["session.commands.handlePendingCommand", { error: LOST }],
  "user_input.requested": ["session.ui.handlePendingUserInput", { response: { answer: LOST, wasFreeform: true } }],
  "exit_plan_mode.requested": [
    "session.ui.handlePendingExitPlanMode",
    { response: { approved: false, feedback: LOST } },
  ],
  "auto_mode_switch.requested": ["session.ui.handlePendingAutoModeSwitch", { response: "no" }],
  "mcp.oauth_required": ["session.mcp.oauth.handlePendingRequest", { result: { kind: "cancelled" } }],
};

export interface BroadcastContext {
  readonly sessionId: string;
  readonly handlers: SessionHandlers;
  readonly logger: Logger;
  /** Answers a request, on this connection or on the next; aborting `signal` takes back an answer that still waits. */
  answer(method: string, params: Data, signal: AbortSignal): Promise<unknown>;
}

export class BroadcastRequests {
  readonly #context: BroadcastContext;
  /** Requests being handled, by id; aborted when the runtime says that the request is over. */
  readonly #running = new Map<string, AbortController>();
  /** Requests that were handled, with the connection (counted from 0) on which they were asked or answered. */
  readonly #handled = new Map<string, number>();
  readonly #answers = new Map<string, Answer | undefined>();
  /** Questions of the missed events, until it is known which of them are over; undefined while events are live. */
  #missed: Map<string, RawSessionEvent> | undefined;
  #connection = 0;
  #isClosed = false;

  constructor(context: BroadcastContext) {
    this.#context = context;
  }

  /** Looks at every event of the session; starts a handler where one is wanted, ends it where the request is over. */
  event(event: RawSessionEvent): void {
    const data = event.data as Data | undefined;
    const requestId = data?.requestId;
    if (data === undefined || typeof requestId !== "string") return;
    if (event.type.endsWith(".completed")) {
      this.#running.get(requestId)?.abort(new NarthexError("ABORTED", "The request is over."));
      this.#missed?.delete(requestId);
      this.#answers.delete(requestId);
    } else if (this.#responders[event.type] !== undefined) {
      if (this.#missed === undefined) this.#ask(event.type, requestId, data);
      else keepNewest(this.#missed, requestId, event, MAX_REMEMBERED_REQUESTS);
    }
  }

  /** The connection is lost: questions wait until all missed events are known. */
  pause(): void {
    this.#missed ??= new Map();
    this.#connection += 1;
  }

  /** All missed events are known: what is still open is asked. */
  resume(): void {
    const missed = this.#missed;
    this.#missed = undefined;
    for (const [requestId, event] of missed ?? []) this.#ask(event.type, requestId, event.data as Data);
  }

  /** Answers a question with a refusal, whether or not there is a handler for it. */
  decline(event: RawSessionEvent): void {
    const requestId = (event.data as Data | undefined)?.requestId;
    const refusal = REFUSALS[event.type];
    if (typeof requestId !== "string" || refusal === undefined || this.#handled.has(requestId)) return;
    this.#run(requestId, Promise.resolve(refusal), new AbortController());
  }

  /** The session has ended here: handlers are told, answers are no longer sent. */
  close(): void {
    for (const abort of this.#running.values()) {
      abort.abort(new NarthexError("SESSION_DISCONNECTED", "The session has been disconnected."));
    }
    this.#running.clear();
    this.#missed = undefined;
    this.#answers.clear();
    this.#isClosed = true;
  }

  #ask(type: string, requestId: string, data: Data): void {
    const handledOn = this.#handled.get(requestId);
    if (handledOn !== undefined) {
      if (handledOn === this.#connection || this.#running.has(requestId)) return;
      if (this.#answers.has(requestId)) {
        this.#run(requestId, Promise.resolve(this.#answers.get(requestId)), new AbortController());
        return;
      }
    }
    const responder = this.#responders[type];
    const abort = new AbortController();
    const answer = responder && this.#start(responder, data, abort.signal);
    if (answer !== undefined) this.#run(requestId, answer, abort);
  }

  #run(requestId: string, answer: Promise<Answer | undefined>, abort: AbortController): void {
    keepNewest(this.#handled, requestId, this.#connection, MAX_REMEMBERED_REQUESTS);
    this.#running.set(requestId, abort);
    void this.#answer(requestId, answer, abort.signal).finally(() => {
      this.#running.delete(requestId);
      this.#handled.set(requestId, this.#connection); // the one on which it was answered
    });
  }

  #start(responder: Responder, data: Data, signal: AbortSignal): Promise<Answer | undefined> | undefined {
    try {
      return responder(data, signal);
    } catch (error) {
      return Promise.reject(NarthexError.from(error, "HANDLER_FAILED"));
    }
  }

  async #answer(requestId: string, answer: Promise<Answer | undefined>, signal: AbortSignal): Promise<void> {
    const { sessionId, logger } = this.#context;
    try {
      const reply = await answer;
      if (this.#isClosed) return;
      if (!signal.aborted) keepNewest(this.#answers, requestId, reply, MAX_KEPT_ANSWERS);
      if (reply === undefined) return;
      const [method, params] = reply;
      await this.#context.answer(method, { ...params, requestId }, signal);
    } catch (error) {
      if (!this.#isClosed && !signal.aborted)
        logger.warn(`Request ${requestId} could not be answered: ${messageOf(error)}`, { sessionId });
    }
  }

  readonly #responders: Readonly<Record<string, Responder>> = {
    "external_tool.requested": (data, signal) => this.#runTool(data, signal),
    "permission.requested": (data) => this.#decidePermission(data),
    "elicitation.requested": (data) => this.#elicit(data),
    "command.execute": (data) => this.#runCommand(data),
  };

  #runTool(data: Data, signal: AbortSignal): Promise<Answer> | undefined {
    const toolName = textOf(data.toolName);
    const handler = this.#context.handlers.tools.get(toolName);
    if (handler === undefined) return undefined;
    const invocation: ToolInvocation = {
      sessionId: this.#context.sessionId,
      toolCallId: textOf(data.toolCallId),
      toolName,
      arguments: data.arguments,
      signal,
      ...(typeof data.traceparent === "string" ? { traceparent: data.traceparent } : {}),
      ...(typeof data.tracestate === "string" ? { tracestate: data.tracestate } : {}),
    };
    const method = "session.tools.handlePendingToolCall";
    return settle(async () => toToolResult(await handler(data.arguments as never, invocation))).then((outcome) =>
      outcome.ok
        ? [method, { result: outcome.value }]
        : [method, { result: failedToolResult(outcome.error), error: messageOf(outcome.error) }],
    );
  }

  #decidePermission(data: Data): Promise<Answer | undefined> | undefined {
    const { handlers, sessionId } = this.#context;
    const handler = handlers.permission;
    if (handler === undefined || data.resolvedByHook === true) return undefined;
    const request = data.permissionRequest as PermissionRequest;
    return settle(async () => handler(request, { sessionId })).then((outcome): Answer | undefined => {
      const decision = outcome.ok ? outcome.value : ({ kind: "user-not-available" } as const);
      if (!outcome.ok) this.#reportThrow("permission", outcome.error);
      const method = "session.permissions.handlePendingPermissionRequest";
      if (decision.kind !== "attributed") {
        return decision.kind === "no-result" ? undefined : [method, { result: decision }];
      }
      const { result, decisionContext } = decision;
      return result.kind === "no-result" ? undefined : [method, { result, decisionContext }];
    });
  }

  #elicit(data: Data): Promise<Answer> | undefined {
    const handler = this.#context.handlers.elicitation;
    if (handler === undefined) return undefined;
    const { requestId: _id, toolCallId: _call, ...request } = data;
    const context = { ...request, sessionId: this.#context.sessionId } as unknown as ElicitationContext;
    return settle(async () => handler(context)).then((outcome) => {
      if (!outcome.ok) this.#reportThrow("elicitation", outcome.error);
      const result = outcome.ok ? outcome.value : { action: "cancel" };
      return ["session.ui.handlePendingElicitation", { result }];
    });
  }

  #runCommand(data: Data): Promise<Answer> | undefined {
    const { handlers, sessionId } = this.#context;
    if (handlers.commands.size === 0) return undefined;
    const commandName = textOf(data.commandName);
    const handler = handlers.commands.get(commandName);
    const context = { sessionId, commandName, command: textOf(data.command), args: textOf(data.args) };
    const method = "session.commands.handlePendingCommand";
    if (handler === undefined) return Promise.resolve([method, { error: `Unknown command: ${commandName}` }]);
    return settle(async () => handler(context)).then((outcome) =>
      outcome.ok ? [method, {}] : [method, { error: messageOf(outcome.error) }],
    );
  }

  #reportThrow(kind: string, error: unknown): void {
    const { logger, sessionId } = this.#context;
    logger.error(`The ${kind} handler threw: ${messageOf(error)}`, { sessionId });
  }
}

/** Sets an entry, as the newest; past the bound the oldest goes. */
function keepNewest<T>(map: Map<string, T>, key: string, value: T, max: number): void {
  map.delete(key);
  map.set(key, value);
  const oldest = map.keys().next();
  if (map.size > max && !oldest.done) map.delete(oldest.value);
}

type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

function settle<T>(run: () => Promise<T>): Promise<Settled<T>> {
  return run().then(
    (value) => ({ ok: true, value }) as const,
    (error: unknown) => ({ ok: false, error }) as const,
  );
}
