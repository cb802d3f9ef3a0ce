import type { PermissionRequest } from "@narthex/protocol";

/** Limits of the built-in tools; every one is an option of the runtime. */
export interface ToolLimits {
  /** Longest text a tool hands to the model, in characters (default 30,000); more is cut in the middle and says so. */
  readonly maxOutputChars: number;
  /** Default time limit of a shell command in milliseconds (default 120,000). */
  readonly shellTimeoutMs: number;
  /** Largest time limit a model may ask for, in milliseconds (default 600,000). */
  readonly maxShellTimeoutMs: number;
  /** Largest file that `view` and `edit` read, in bytes (default 5 MiB). */
  readonly maxFileBytes: number;
  /** Most matches or paths that `grep` and `glob` return (default 1,000). */
  readonly maxMatches: number;
}

export const DEFAULT_TOOL_LIMITS: ToolLimits = {
  maxOutputChars: 30_000,
  shellTimeoutMs: 120_000,
  maxShellTimeoutMs: 600_000,
  maxFileBytes: 5 * 1024 * 1024,
  maxMatches: 1_000,
};

/** What `ask_user` gets from whoever answers. */
export interface UserAnswer {
  readonly answer: string;
  readonly wasFreeform: boolean;
}

/** What a running tool may use. */
export interface ToolContext {
  readonly sessionId: string;
  readonly toolCallId: string;
  /** Absolute, symlink-free root; no tool reads or writes outside of it. */
  readonly workspaceRoot: string;
  /** Aborts when the turn is aborted; a tool settles soon after. */
  readonly signal: AbortSignal;
  readonly limits: ToolLimits;
  /** Live output of a running tool (becomes `tool.execution_partial_result`). */
  readonly onPartialOutput: (text: string) => void;
  /** Asks whoever is attached; undefined when nobody can answer. */
  readonly askUser?: (question: {
    question: string;
    choices?: string[];
    allowFreeform?: boolean;
  }) => Promise<UserAnswer>;
}

/** What a finished tool call gives back. A failure that the model should read is `success: false`, not a throw. */
export interface ToolOutcome {
  readonly success: boolean;
  /** Text for the model. */
  readonly text: string;
  /** Text for people, when it should differ (a diff, say). */
  readonly detail?: string;
}

/** A tool that the runtime itself provides. */
export interface BuiltInTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly parameters: Record<string, unknown>;
  /** True when a call that started may be run again after a crash. */
  readonly isIdempotent: boolean;
  /**
   * What must be allowed before `run`; undefined when nothing has to be asked (reading inside the workspace).
   * Throws TOOL_ARGUMENTS_INVALID or PATH_OUTSIDE_WORKSPACE, whose text goes to the model.
   */
  permission(args: unknown, context: ToolContext): Promise<PermissionRequest | undefined>;
  /** Runs the call. Throws only NarthexErrors; the loop turns them into failed outcomes. */
  run(args: unknown, context: ToolContext): Promise<ToolOutcome>;
}
