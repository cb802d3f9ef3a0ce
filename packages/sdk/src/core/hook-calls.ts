// hooks.invoke: wire names and times become the application's, and a failing hook has no opinion.
import { messageOf } from "@narthex/protocol";
import type { Logger } from "./logger.ts";
import type { SessionHooks } from "./types/hooks.ts";

const HOOK_BY_TYPE: Readonly<Record<string, keyof SessionHooks>> = {
  preToolUse: "onPreToolUse",
  preMcpToolCall: "onPreMcpToolCall",
  postToolUse: "onPostToolUse",
  postToolUseFailure: "onPostToolUseFailure",
  userPromptSubmitted: "onUserPromptSubmitted",
  userPromptTransformed: "onUserPromptTransformed",
  sessionStart: "onSessionStart",
  sessionEnd: "onSessionEnd",
  errorOccurred: "onErrorOccurred",
  agentStop: "onAgentStop",
};

type AnyHook = (input: unknown, invocation: { sessionId: string }) => unknown;

/** Runs the hook of a type; `{}` when there is none, when it has no opinion, or when it throws. */
export async function invokeHook(
  hooks: SessionHooks,
  call: { sessionId: string; hookType: string; input: unknown },
  logger: Logger,
): Promise<{ output?: unknown }> {
  const name = HOOK_BY_TYPE[call.hookType];
  const hook = name === undefined ? undefined : (hooks[name] as AnyHook | undefined);
  if (hook === undefined) return {};
  try {
    const output = await hook(hookInput(call.input, call.sessionId), { sessionId: call.sessionId });
    return output === undefined ? {} : { output };
  } catch (error) {
    logger.error(`The ${call.hookType} hook threw: ${messageOf(error)}`, { sessionId: call.sessionId });
    return {};
  }
}

function hookInput(input: unknown, sessionId: string): unknown {
  if (typeof input !== "object" || input === null) return input;
  const { cwd, stop_hook_active: stopHookActive, timestamp, ...rest } = input as Record<string, unknown>;
  return {
    sessionId,
    ...rest,
    ...(cwd === undefined ? {} : { workingDirectory: cwd }),
    ...(stopHookActive === undefined ? {} : { stopHookActive }),
    ...(typeof timestamp === "number" || typeof timestamp === "string" ? { timestamp: new Date(timestamp) } : {}),
  };
}
