// Tools that an application gives to a session.

/** How a tool call went, as the model and the timeline see it. */
export type ToolResultType = "success" | "failure" | "rejected" | "denied" | "timeout";

/** Binary content of a tool result; `data` is base64. */
export type ToolBinaryResult = {
  data: string;
  mimeType: string;
  type: "image" | "resource";
  description?: string;
};

/** Any JSON value. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** Figures of a tool call for the timeline, grouped by name. */
export type ToolTelemetry = Record<string, Record<string, JsonValue> | undefined>;

/** A tool result with more than text. `sessionLog` is for people, `textResultForLlm` for the model. */
export type ToolResultObject = {
  textResultForLlm: string;
  binaryResultsForLlm?: ToolBinaryResult[];
  resultType: ToolResultType;
  error?: string;
  sessionLog?: string;
  toolTelemetry?: ToolTelemetry;
  toolReferences?: string[];
};

/** What a tool call gives back. */
export type ToolResult = string | ToolResultObject;

/** Where a tool call comes from. `signal` aborts when the answer is no longer wanted. */
export interface ToolInvocation {
  sessionId: string;
  toolCallId: string;
  toolName: string;
  arguments: unknown;
  traceparent?: string;
  tracestate?: string;
  signal?: AbortSignal;
}

/** Runs a tool call. Returns a string, a `ToolResultObject`, or any JSON value; a throw tells the model that the tool failed. */
export type ToolHandler<TArgs = unknown> = (args: TArgs, invocation: ToolInvocation) => Promise<unknown> | unknown;

/** A zod schema, as far as the SDK needs it. */
export interface ZodSchema<T = unknown> {
  _output: T;
  toJSONSchema(): Record<string, unknown>;
}

/** A tool of the application. Without `handler` it is declared, and left to another client to run. */
export interface Tool<TArgs = unknown> {
  name: string;
  description?: string;
  parameters?: ZodSchema<TArgs> | Record<string, unknown>;
  handler?: ToolHandler<TArgs>;
  overridesBuiltInTool?: boolean;
  skipPermission?: boolean;
  defer?: "auto" | "never";
  metadata?: Record<string, unknown>;
  isTerminal?: boolean;
}

/** Lets the model search for tools instead of being told of all of them, past `deferThreshold` tools. */
export interface ToolSearchConfig {
  enabled?: boolean;
  deferThreshold?: number;
}

/** A command as it was typed; `args` is what stands behind its name. */
export interface CommandContext {
  sessionId: string;
  command: string;
  commandName: string;
  args: string;
}

/** Runs a command of the application; a throw is shown to whoever typed it. */
export type CommandHandler = (context: CommandContext) => Promise<void> | void;

/** A slash command that the application offers; `name` without the slash. */
export interface CommandDefinition {
  name: string;
  description?: string;
  handler: CommandHandler;
}
