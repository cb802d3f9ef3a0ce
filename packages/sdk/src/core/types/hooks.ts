// Hooks: what runs before and after the steps of a session.
import type { ToolResultObject } from "./tool.ts";

/** What every hook is told. */
export interface BaseHookInput {
  sessionId: string;
  timestamp: Date;
  workingDirectory: string;
}

/** A tool is about to be called. */
export interface PreToolUseHookInput extends BaseHookInput {
  toolName: string;
  toolArgs: unknown;
}

/** Allows, denies or leaves open a tool call, and may change its arguments. */
export interface PreToolUseHookOutput {
  permissionDecision?: "allow" | "deny" | "ask";
  permissionDecisionReason?: string;
  modifiedArgs?: unknown;
  additionalContext?: string;
  suppressOutput?: boolean;
}

/** Runs before a tool call; returning nothing means no opinion. */
export type PreToolUseHandler = (
  input: PreToolUseHookInput,
  invocation: {
    sessionId: string;
  },
) => Promise<PreToolUseHookOutput | void> | PreToolUseHookOutput | void;

/** A tool of an MCP server is about to be called. */
export interface PreMcpToolCallHookInput extends BaseHookInput {
  toolCallId?: string;
  serverName: string;
  toolName: string;
  arguments: unknown;
  _meta?: Record<string, unknown>;
}

/** The `_meta` to send along; null sends none. */
export interface PreMcpToolCallHookOutput {
  metaToUse?: Record<string, unknown> | null;
}

/** Runs before a call to an MCP server. */
export type PreMcpToolCallHandler = (
  input: PreMcpToolCallHookInput,
  invocation: {
    sessionId: string;
  },
) => Promise<PreMcpToolCallHookOutput | void> | PreMcpToolCallHookOutput | void;

/** A tool call has succeeded. */
export interface PostToolUseHookInput extends BaseHookInput {
  toolName: string;
  toolArgs: unknown;
  toolResult: ToolResultObject;
}

/** May replace the result, or add to what the model is told. */
export interface PostToolUseHookOutput {
  modifiedResult?: ToolResultObject;
  additionalContext?: string;
  suppressOutput?: boolean;
}

/** Runs after a tool call that succeeded. */
export type PostToolUseHandler = (
  input: PostToolUseHookInput,
  invocation: {
    sessionId: string;
  },
) => Promise<PostToolUseHookOutput | void> | PostToolUseHookOutput | void;

/** A tool call has failed. */
export interface PostToolUseFailureHookInput extends BaseHookInput {
  toolName: string;
  toolArgs: unknown;
  error: string;
}

/** May add to what the model is told. */
export interface PostToolUseFailureHookOutput {
  additionalContext?: string;
}

/** Runs after a tool call that failed. */
export type PostToolUseFailureHandler = (
  input: PostToolUseFailureHookInput,
  invocation: {
    sessionId: string;
  },
) => Promise<PostToolUseFailureHookOutput | void> | PostToolUseFailureHookOutput | void;

/** A prompt is about to begin its turn. */
export interface UserPromptSubmittedHookInput extends BaseHookInput {
  prompt: string;
}

/** May change the prompt, or add to it. */
export interface UserPromptSubmittedHookOutput {
  modifiedPrompt?: string;
  additionalContext?: string;
  suppressOutput?: boolean;
}

/** Runs when a prompt begins its turn. */
export type UserPromptSubmittedHandler = (
  input: UserPromptSubmittedHookInput,
  invocation: {
    sessionId: string;
  },
) => Promise<UserPromptSubmittedHookOutput | void> | UserPromptSubmittedHookOutput | void;

/** A prompt with everything that was added to it. */
export interface UserPromptTransformedHookInput extends BaseHookInput {
  prompt: string;
  transformedPrompt: string;
}

/** May change what is sent to the model. */
export interface UserPromptTransformedHookOutput {
  modifiedTransformedPrompt?: string;
}

/** Runs after a prompt was put together. */
export type UserPromptTransformedHandler = (
  input: UserPromptTransformedHookInput,
  invocation: {
    sessionId: string;
  },
) => Promise<UserPromptTransformedHookOutput | void> | UserPromptTransformedHookOutput | void;

/** A session starts to work, on its first prompt. */
export interface SessionStartHookInput extends BaseHookInput {
  source: "startup" | "resume" | "new";
  initialPrompt?: string;
}

/** May add context, or change settings. */
export interface SessionStartHookOutput {
  additionalContext?: string;
  modifiedConfig?: Record<string, unknown>;
}

/** Runs when a session starts to work. */
export type SessionStartHandler = (
  input: SessionStartHookInput,
  invocation: {
    sessionId: string;
  },
) => Promise<SessionStartHookOutput | void> | SessionStartHookOutput | void;

/** A turn, or the session, has ended. */
export interface SessionEndHookInput extends BaseHookInput {
  reason: "complete" | "error" | "abort" | "timeout" | "user_exit";
  finalMessage?: string;
  error?: string;
}

/** What to do on the way out. */
export interface SessionEndHookOutput {
  suppressOutput?: boolean;
  cleanupActions?: string[];
  sessionSummary?: string;
}

/** Runs when a turn, or the session, ends. */
export type SessionEndHandler = (
  input: SessionEndHookInput,
  invocation: {
    sessionId: string;
  },
) => Promise<SessionEndHookOutput | void> | SessionEndHookOutput | void;

/** Something failed; `recoverable` says whether the runtime could go on. */
export interface ErrorOccurredHookInput extends BaseHookInput {
  error: string;
  errorContext: "model_call" | "tool_execution" | "system" | "user_input";
  recoverable: boolean;
}

/** May have the step retried, skipped, or the turn aborted. */
export interface ErrorOccurredHookOutput {
  suppressOutput?: boolean;
  errorHandling?: "retry" | "skip" | "abort";
  retryCount?: number;
  userNotification?: string;
}

/** Runs when something failed. */
export type ErrorOccurredHandler = (
  input: ErrorOccurredHookInput,
  invocation: {
    sessionId: string;
  },
) => Promise<ErrorOccurredHookOutput | void> | ErrorOccurredHookOutput | void;

/** The agent considers itself done. */
export interface AgentStopHookInput extends BaseHookInput {
  stopReason?: string;
  transcriptPath?: string;
  stopHookActive?: boolean;
}

/** `block` makes it go on; `reason` tells it why. */
export interface AgentStopHookOutput {
  decision?: "block";
  reason?: string;
}

/** Runs when the agent considers itself done. */
export type AgentStopHandler = (
  input: AgentStopHookInput,
  invocation: {
    sessionId: string;
  },
) => Promise<AgentStopHookOutput | void> | AgentStopHookOutput | void;

/** The hooks of an application. Which of them a runtime invokes stands in its profile; a hook that throws changes nothing. */
export interface SessionHooks {
  onPreToolUse?: PreToolUseHandler;
  onPreMcpToolCall?: PreMcpToolCallHandler;
  onPostToolUse?: PostToolUseHandler;
  onPostToolUseFailure?: PostToolUseFailureHandler;
  onUserPromptSubmitted?: UserPromptSubmittedHandler;
  onUserPromptTransformed?: UserPromptTransformedHandler;
  onSessionStart?: SessionStartHandler;
  onSessionEnd?: SessionEndHandler;
  onErrorOccurred?: ErrorOccurredHandler;
  onAgentStop?: AgentStopHandler;
}
