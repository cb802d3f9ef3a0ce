/**
 * Tool calls that an ended process left without a result. What is done depends on what the log has of a call:
 *
 * | in the log                                    | what is done                                                  |
 * | --------------------------------------------- | ------------------------------------------------------------- |
 * | no `tool.execution_start`                     | it runs, as if nothing had happened                           |
 * | permission was asked, no answer               | asked again under the same request id, then it runs           |
 * | permission was denied                         | the model is told                                             |
 * | a question to the user, no answer             | asked again under the same request id                         |
 * | a client's tool                               | asked (again) of the clients, under the same request id       |
 * | a tool that only reads                        | it runs again                                                 |
 * | any other tool                                | the model is told that it was interrupted; it is not run again |
 *
 * Hooks are invoked again: they see a call at least once.
 */
import { NarthexError } from "@narthex/protocol";
import type { SessionContext } from "./session-context.ts";
import { attemptToolCall, runToolCall, settleToolCall } from "./tool-call.ts";
import { toolOf } from "./tool-catalog.ts";
import type { OpenCall } from "./turn-standing.ts";

/** Settles one such call; see `runToolCall`. */
export async function resumeToolCall(
  context: SessionContext,
  open: OpenCall,
  turnId: string,
  signal: AbortSignal,
): Promise<void> {
  const { call } = open;
  if (!open.isStarted) return runToolCall(context, call, turnId, signal);
  await settleToolCall(context, call, turnId, signal, async () => {
    try {
      return await goOn(context, open, signal);
    } finally {
      await dropQuestions(context, call.id);
    }
  });
}

function goOn(context: SessionContext, open: OpenCall, signal: AbortSignal): ReturnType<typeof attemptToolCall> {
  const { call, permission } = open;
  if (permission?.isAllowed === false) {
    throw new NarthexError("PERMISSION_DENIED", `Permission for this call was denied (${permission.kind}).`);
  }
  const { pending } = context;
  const entry = toolOf(context, call);
  const isWaiting = pending.hasReopened(call.id, ["permission", "tool", "user-input"]);
  if (!isWaiting && entry?.kind === "builtin" && !entry.tool.isIdempotent) {
    throw new NarthexError(
      "TOOL_INTERRUPTED",
      "This tool call was interrupted: the runtime ended while it ran. Its effects are unknown, and it was not run again.",
    );
  }
  // What was asked after the permission shows that it was there, or not needed.
  const isAllowed = permission !== undefined || pending.hasReopened(call.id, ["tool", "user-input"]);
  return attemptToolCall(context, call, signal, isAllowed);
}

/** What the call had asked and does not ask any more is closed in the log too. */
async function dropQuestions(context: SessionContext, toolCallId: string): Promise<void> {
  const { writer, pending } = context;
  for (const { kind, requestId } of pending.dropReopened(toolCallId)) {
    if (kind === "permission") {
      await writer.write("permission.completed", { requestId, toolCallId, result: { kind: "cancelled" } });
    } else if (kind === "tool") writer.emit("external_tool.completed", { requestId });
    else await writer.write("user_input.completed", { requestId });
  }
}
