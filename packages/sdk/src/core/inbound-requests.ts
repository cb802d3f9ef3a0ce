// Requests from the runtime about one session, answered by its handlers.
import { NarthexError, messageOf, type RuntimeRequestMethod } from "@narthex/protocol";
import { invokeHook } from "./hook-calls.ts";
import type { Logger } from "./logger.ts";
import { invokeSessionFs } from "./session-fs-calls.ts";
import type { SessionHandlers } from "./session-handlers.ts";
import { textOf } from "./wire-value.ts";
import { failedToolResult, toToolResult } from "./tool-result.ts";
import type { ExitPlanModeRequest } from "./types/asking.ts";
import type { PermissionRequest } from "./types/permission.ts";

type Params = Record<string, unknown> & { sessionId: string };

/** The session that a request is for. */
export interface RequestTarget {
  readonly sessionId: string;
  readonly handlers: SessionHandlers;
  readonly logger: Logger;
}

/**
 * Answers one request with the session's handler. What a handler throws becomes the error of the reply.
 * @throws {NarthexError} HANDLER_NOT_REGISTERED, HANDLER_FAILED
 */
export async function answerSessionRequest(
  target: RequestTarget,
  method: RuntimeRequestMethod,
  params: Params,
): Promise<unknown> {
  const { handlers, logger, sessionId } = target;
  const invocation = { sessionId };
  switch (method) {
    case "userInput.request":
      return guarded(method, async () => required(handlers.userInput, method, sessionId)(question(params), invocation));
    case "exitPlanMode.request":
      if (handlers.exitPlanMode === undefined) return { approved: true };
      return guarded(method, async () => handlers.exitPlanMode?.(plan(params), invocation));
    case "autoModeSwitch.request":
      if (handlers.autoModeSwitch === undefined) return { response: "no" };
      return guarded(method, async () => {
        const { sessionId: _id, ...request } = params;
        return { response: await handlers.autoModeSwitch?.(request, invocation) };
      });
    case "hooks.invoke":
      return invokeHook(handlers.hooks, { sessionId, hookType: textOf(params.hookType), input: params.input }, logger);
    case "systemMessage.transform":
      return { sections: await transformSections(target, params.sections as Sections) };
    case "providerToken.getToken":
      return guarded(method, async () => {
        const providerName = textOf(params.providerName);
        const provider = required(handlers.tokenProviders.get(providerName), method, sessionId);
        return { token: await provider({ providerName, sessionId }) };
      });
    case "tool.call":
      return { result: await callTool(target, params) };
    case "permission.request":
      return { result: await decidePermission(target, params.permissionRequest as PermissionRequest) };
    default:
      if (method.startsWith("sessionFs.")) return invokeSessionFs(handlers.fs, method, params);
      throw new NarthexError("HANDLER_NOT_REGISTERED", `Session ${sessionId} has no handler for ${method}.`);
  }
}

const QUESTIONS: ReadonlySet<RuntimeRequestMethod> = new Set<RuntimeRequestMethod>([
  "userInput.request",
  "exitPlanMode.request",
  "autoModeSwitch.request",
]);

/** Is the request put to a person, who should have seen what came before it? */
export function isQuestion(method: RuntimeRequestMethod): boolean {
  return QUESTIONS.has(method);
}

type Sections = Record<string, { content: string }>;

function required<T>(handler: T | undefined, method: string, sessionId: string): T {
  if (handler !== undefined) return handler;
  throw new NarthexError("HANDLER_NOT_REGISTERED", `Session ${sessionId} has no handler for ${method}.`);
}

async function guarded<T>(method: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (NarthexError.is(error) && error.code === "HANDLER_NOT_REGISTERED") throw error;
    throw new NarthexError("HANDLER_FAILED", `Request ${method} failed with message: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function question(params: Params): { question: string; choices?: string[]; allowFreeform?: boolean } {
  return {
    question: textOf(params.question),
    ...(Array.isArray(params.choices) ? { choices: params.choices as string[] } : {}),
    ...(typeof params.allowFreeform === "boolean" ? { allowFreeform: params.allowFreeform } : {}),
  };
}

function plan(params: Params): ExitPlanModeRequest {
  const { sessionId: _id, ...request } = params;
  return request as unknown as ExitPlanModeRequest;
}

/** A transform that fails leaves its section as it was. */
async function transformSections(target: RequestTarget, sections: Sections): Promise<Sections> {
  const entries = Object.entries(sections).map(async ([id, section]): Promise<[string, { content: string }]> => {
    const transform = target.handlers.transforms.get(id);
    if (transform === undefined) return [id, section];
    try {
      return [id, { content: await transform(section.content) }];
    } catch (error) {
      target.logger.error(`The transform of section ${id} threw: ${messageOf(error)}`, { sessionId: target.sessionId });
      return [id, section];
    }
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function callTool(target: RequestTarget, params: Params): Promise<unknown> {
  const toolName = textOf(params.toolName);
  const handler = required(target.handlers.tools.get(toolName), "tool.call", target.sessionId);
  const { sessionId } = target;
  const invocation = { sessionId, toolCallId: textOf(params.toolCallId), toolName, arguments: params.arguments };
  try {
    return toToolResult(await handler(params.arguments as never, invocation));
  } catch (error) {
    return failedToolResult(error);
  }
}

async function decidePermission(target: RequestTarget, request: PermissionRequest): Promise<unknown> {
  const handler = target.handlers.permission;
  if (handler === undefined) return { kind: "user-not-available" };
  try {
    const decision = await handler(request, { sessionId: target.sessionId });
    return decision.kind === "attributed" ? decision.result : decision;
  } catch (error) {
    target.logger.error(`The permission handler threw: ${messageOf(error)}`, { sessionId: target.sessionId });
    return { kind: "user-not-available" };
  }
}
