/**
 * Requests that come as events (protocol 3): any attached client may answer them with a call; the first answer wins.
 *
 * An event without a handler here is left to other clients. One request is answered at most once by this client, however
 * often its event arrives.
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
  call(method: string, params: Data): Promise<unknown>;
}

export class BroadcastRequests {
  readonly #context: BroadcastContext;
  /** Requests being handled, by id; aborted when the runtime says that the request is over. */
  readonly #running = new Map<string, AbortController>();
  readonly #handled = new Set<string>();

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
      return;
    }
    const responder = this.#responders[event.type];
    if (responder === undefined || this.#handled.has(requestId)) return;
    const abort = new AbortController();
    const answer = this.#start(responder, data, abort.signal);
    if (answer === undefined) return;
    this.#remember(requestId);
    this.#running.set(requestId, abort);
    void this.#answer(requestId, answer).finally(() => this.#running.delete(requestId));
  }

  /** Answers a question with a refusal, whether or not there is a handler for it. */
  decline(event: RawSessionEvent): void {
    const requestId = (event.data as Data | undefined)?.requestId;
    const refusal = REFUSALS[event.type];
    if (typeof requestId !== "string" || refusal === undefined || this.#handled.has(requestId)) return;
    this.#remember(requestId);
    void this.#answer(requestId, Promise.resolve(refusal));
  }

  /** The session has ended here: handlers are told, answers are no longer sent. */
  close(): void {
    for (const abort of this.#running.values()) {
      abort.abort(new NarthexError("SESSION_DISCONNECTED", "The session has been disconnected."));
    }
    this.#running.clear();
    this.#isClosed = true;
  }
  #isClosed = false;

  #start(responder: Responder, data: Data, signal: AbortSignal): Promise<Answer | undefined> | undefined {
    try {
      return responder(data, signal);
    } catch (error) {
      return Promise.reject(NarthexError.from(error, "HANDLER_FAILED"));
    }
  }

  async #answer(requestId: string, answer: Promise<Answer | undefined>): Promise<void> {
    const { sessionId, logger } = this.#context;
    try {
      const reply = await answer;
      if (reply === undefined || this.#isClosed) return;
      const [method, params] = reply;
      await this.#context.call(method, { ...params, requestId });
    } catch (error) {
      if (!this.#isClosed)
        logger.warn(`Request ${requestId} could not be answered: ${messageOf(error)}`, { sessionId });
    }
  }

  #remember(requestId: string): void {
    this.#handled.add(requestId);
    const oldest = this.#handled.values().next();
    if (this.#handled.size > MAX_REMEMBERED_REQUESTS && !oldest.done) this.#handled.delete(oldest.value);
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

type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

function settle<T>(run: () => Promise<T>): Promise<Settled<T>> {
  return run().then(
    (value) => ({ ok: true, value }) as const,
    (error: unknown) => ({ ok: false, error }) as const,
  );
}
