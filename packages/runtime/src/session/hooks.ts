// Hooks of the attached clients, around tool calls and prompts.
import { randomUUID } from "node:crypto";
import { NarthexError, messageOf, type JsonValue } from "@narthex/protocol";
import type { SessionContext } from "./session-context.ts";

/** Milliseconds a hook may take before the session goes on without its opinion. */
const HOOK_TIMEOUT_MS = 60_000;

type HookOutput = Record<string, unknown> | undefined;

/**
 * Invokes a hook on the clients that have hooks; undefined when nobody has an opinion. A hook that fails or takes too
 * long is recorded as such and changes nothing.
 */
export async function invokeHook(
  context: SessionContext,
  hookType: string,
  input: Record<string, unknown>,
  signal: AbortSignal,
): Promise<HookOutput> {
  if (!context.attachments.can("hooks")) return undefined;
  const hookInvocationId = randomUUID();
  const full = { sessionId: context.id, timestamp: Date.now(), cwd: context.workspace.root, ...input };
  await context.writer.write("hook.start", { hookInvocationId, hookType, input: full });
  const timeout = AbortSignal.timeout(HOOK_TIMEOUT_MS);
  try {
    const params = { sessionId: context.id, hookType, input: full };
    const reply = await context.attachments.ask("hooks", "hooks.invoke", params, AbortSignal.any([signal, timeout]));
    const output = (reply as { output?: unknown } | null)?.output;
    await context.writer.write("hook.end", { hookInvocationId, hookType, output: output as JsonValue, success: true });
    return typeof output === "object" && output !== null ? (output as Record<string, unknown>) : undefined;
  } catch (error) {
    const message = timeout.aborted ? `no answer within ${HOOK_TIMEOUT_MS} ms` : messageOf(error);
    await context.writer.write("hook.end", { hookInvocationId, hookType, success: false, error: { message } });
    if (signal.aborted) throw NarthexError.from(signal.reason, "ABORTED");
    context.logger.warn(`A ${hookType} hook failed: ${message}`, { sessionId: context.id });
    return undefined;
  }
}
