// One tool call, from its start to its result in the log: hooks, permission, the call itself.
import {
  NarthexError,
  type JsonValue,
  type PermissionRequest,
  type ToolExecutionCompleteData,
} from "@narthex/protocol";
import { z } from "zod";
import type { ModelToolCall } from "../models/model.ts";
import type { ToolContext, ToolOutcome } from "../tools/tool.ts";
import { invokeHook } from "./hooks.ts";
import { checkPermission, type Verdict } from "./permission-check.ts";
import type { ClientTool } from "./session-config.ts";
import type { SessionContext } from "./session-context.ts";
import { isStoreFailure } from "./store-failure.ts";
import { sessionTools, toolOf, type CatalogTool } from "./tool-catalog.ts";
import { askUser } from "./user-input.ts";

/**
 * Runs a call and logs its start and its result. A call that fails, is refused or is aborted has a result too, so the
 * conversation stays whole; only a store that cannot be written makes this reject.
 */
export async function runToolCall(
  context: SessionContext,
  call: ModelToolCall,
  turnId: string,
  signal: AbortSignal,
): Promise<void> {
  const { id: toolCallId, name: toolName } = call;
  // Durable before anything is run: after a crash it is known that this call may have had effects.
  const args = call.arguments as JsonValue;
  await context.writer.write("tool.execution_start", { toolCallId, toolName, arguments: args, turnId });
  await settleToolCall(context, call, turnId, signal, () => attemptToolCall(context, call, signal));
}

/** Runs what is left of a call that has started, and logs its result. */
export async function settleToolCall(
  context: SessionContext,
  { id: toolCallId }: ModelToolCall,
  turnId: string,
  signal: AbortSignal,
  attempt: () => Promise<ToolOutcome>,
): Promise<void> {
  let outcome: ToolOutcome;
  let code = "TOOL_FAILED";
  try {
    outcome = await attempt();
  } catch (error) {
    if (isStoreFailure(error)) throw error; // the call has no result that could be told
    const failure = NarthexError.from(error, "TOOL_FAILED");
    code = signal.aborted ? "ABORTED" : failure.code;
    outcome = { success: false, text: signal.aborted ? "The user aborted this call." : failure.message };
  }
  await context.writer.write("tool.execution_complete", { toolCallId, turnId, ...completion(outcome, code) });
}

function completion(outcome: ToolOutcome, code: string): Omit<ToolExecutionCompleteData, "toolCallId"> {
  const result = {
    content: outcome.text,
    ...(outcome.detail === undefined ? {} : { detailedContent: outcome.detail }),
  };
  if (outcome.success) return { success: true, result };
  return { success: false, result, error: { message: outcome.text, code } };
}

/** Hooks, permission (unless it was given before a restart) and the call itself. */
export async function attemptToolCall(
  context: SessionContext,
  call: ModelToolCall,
  signal: AbortSignal,
  wasAllowed = false,
): Promise<ToolOutcome> {
  const entry = toolOf(context, call);
  if (entry === undefined) {
    const names = [...sessionTools(context).keys()].join(", ");
    throw new NarthexError("TOOL_NOT_FOUND", `There is no tool "${call.name}". The tools are: ${names}.`);
  }
  const before = await invokeHook(context, "preToolUse", { toolName: call.name, toolArgs: call.arguments }, signal);
  const args = before?.modifiedArgs ?? call.arguments;
  const verdict = await judge(context, entry, call, args, before, signal, wasAllowed);
  if (!verdict.isAllowed) throw new NarthexError("PERMISSION_DENIED", verdict.reason);
  const outcome = await run(context, entry, { ...call, arguments: args }, signal);
  countChange(context, entry, args, outcome);
  return afterwards(context, call.name, args, outcome, signal);
}

/** A built-in that writes a file gives its diff as detail. */
function countChange(context: SessionContext, entry: CatalogTool, args: unknown, outcome: ToolOutcome): void {
  const path = (args as { path?: unknown } | null)?.path;
  if (entry.kind !== "builtin" || !outcome.success || outcome.detail === undefined || typeof path !== "string") return;
  if (entry.tool.name === "create" || entry.tool.name === "edit") context.metrics.fileChanged(path, outcome.detail);
}

/** A hook may decide; else the tool says what has to be allowed, and somebody allows it. */
async function judge(
  context: SessionContext,
  entry: CatalogTool,
  call: ModelToolCall,
  args: unknown,
  hook: Record<string, unknown> | undefined,
  signal: AbortSignal,
  wasAllowed: boolean,
): Promise<Verdict> {
  if (hook?.permissionDecision === "deny") {
    const why = typeof hook.permissionDecisionReason === "string" ? `: ${hook.permissionDecisionReason}` : ".";
    return { isAllowed: false, reason: `A hook denied this call${why}` };
  }
  if (wasAllowed && hook?.modifiedArgs === undefined) return { isAllowed: true };
  const request = await permissionRequest(context, entry, call, args, signal);
  if (request === undefined || hook?.permissionDecision === "allow") return { isAllowed: true };
  return checkPermission(context, request, signal);
}

async function permissionRequest(
  context: SessionContext,
  entry: CatalogTool,
  call: ModelToolCall,
  args: unknown,
  signal: AbortSignal,
): Promise<PermissionRequest | undefined> {
  if (entry.kind === "builtin") {
    const request = await entry.tool.permission(args, toolContext(context, call, signal));
    return request === undefined ? undefined : { ...request, toolCallId: call.id };
  }
  const { name, description, skipPermission } = entry.tool;
  if (skipPermission === true) return undefined;
  return {
    kind: "custom-tool",
    toolCallId: call.id,
    toolName: name,
    toolDescription: description,
    args: args as JsonValue,
  };
}

async function run(
  context: SessionContext,
  entry: CatalogTool,
  call: ModelToolCall,
  signal: AbortSignal,
): Promise<ToolOutcome> {
  if (entry.kind === "builtin") return entry.tool.run(call.arguments, toolContext(context, call, signal));
  return runClientTool(context, entry.tool, call, signal);
}

const RESULT_OBJECT = z.looseObject({
  textResultForLlm: z.string(),
  resultType: z.string().optional(),
  error: z.string().optional(),
  sessionLog: z.string().optional(),
});

/** A client's answer, as it stands in `session.tools.handlePendingToolCall`. */
export interface ToolAnswer {
  readonly result?: unknown;
  readonly error?: string | undefined;
}

async function runClientTool(
  context: SessionContext,
  tool: ClientTool,
  call: ModelToolCall,
  signal: AbortSignal,
): Promise<ToolOutcome> {
  const { requestId, answer, event } = context.pending.open<ToolAnswer>("tool", signal, call.id);
  if (event === undefined) {
    const asked = await context.writer.write("external_tool.requested", {
      requestId,
      sessionId: context.id,
      toolCallId: call.id,
      toolName: tool.name,
      arguments: call.arguments as JsonValue,
      workingDirectory: context.workspace.root,
    });
    context.pending.announce(requestId, asked);
  }
  try {
    return toOutcome(await answer);
  } finally {
    context.writer.emit("external_tool.completed", { requestId });
  }
}

function toOutcome(answer: ToolAnswer): ToolOutcome {
  if (answer.result === undefined) {
    return { success: false, text: `The tool failed: ${answer.error ?? "the client gave no result."}` };
  }
  if (typeof answer.result === "string") return { success: answer.error === undefined, text: answer.result };
  const parsed = RESULT_OBJECT.safeParse(answer.result);
  if (!parsed.success) return { success: true, text: JSON.stringify(answer.result) };
  const { textResultForLlm, resultType, sessionLog } = parsed.data;
  const success = (resultType === undefined || resultType === "success") && answer.error === undefined;
  return { success, text: textResultForLlm, ...(sessionLog === undefined ? {} : { detail: sessionLog }) };
}

async function afterwards(
  context: SessionContext,
  toolName: string,
  toolArgs: unknown,
  outcome: ToolOutcome,
  signal: AbortSignal,
): Promise<ToolOutcome> {
  const hookType = outcome.success ? "postToolUse" : "postToolUseFailure";
  const toolResult = { textResultForLlm: outcome.text, resultType: outcome.success ? "success" : "failure" };
  const input = outcome.success ? { toolName, toolArgs, toolResult } : { toolName, toolArgs, error: outcome.text };
  const hook = await invokeHook(context, hookType, input, signal);
  const modified = RESULT_OBJECT.safeParse(hook?.modifiedResult);
  const text = modified.success ? modified.data.textResultForLlm : outcome.text;
  const extra = typeof hook?.additionalContext === "string" ? `\n\n${hook.additionalContext}` : "";
  return { ...outcome, text: text + extra };
}

function toolContext(context: SessionContext, call: ModelToolCall, signal: AbortSignal): ToolContext {
  return {
    sessionId: context.id,
    toolCallId: call.id,
    workspaceRoot: context.workspace.root,
    signal,
    limits: context.toolLimits,
    onPartialOutput: (partialOutput) =>
      context.writer.emit("tool.execution_partial_result", { toolCallId: call.id, partialOutput }),
    ...(context.attachments.can("user-input") || context.pending.hasReopened(call.id, ["user-input"])
      ? { askUser: (question) => askUser(context, call.id, question, signal) }
      : {}),
  };
}
