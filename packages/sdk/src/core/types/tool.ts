// Tools that an application gives to a session.

export type ToolResultType = "success" | "failure" | "rejected" | "denied" | "timeout";

export type ToolBinaryResult = {
  data: string;
  mimeType: string;
  type: "image" | "resource";
  description?: string;
};

/** Any JSON value. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

export type ToolTelemetry = Record<string, Record<string, JsonValue> | undefined>;

export type ToolResultObject = {
  textResultForLlm: string;
  binaryResultsForLlm?: ToolBinaryResult[];
  resultType: ToolResultType;
  error?: string;
  sessionLog?: string;
  toolTelemetry?: ToolTelemetry;
  toolReferences?: string[];
};

export type ToolResult = string | ToolResultObject;

export interface ToolInvocation {
  sessionId: string;
  toolCallId: string;
  toolName: string;
  arguments: unknown;
  traceparent?: string;
  tracestate?: string;
  signal?: AbortSignal;
}

export type ToolHandler<TArgs = unknown> = (args: TArgs, invocation: ToolInvocation) => Promise<unknown> | unknown;

export interface ZodSchema<T = unknown> {
  _output: T;
  toJSONSchema(): Record<string, unknown>;
}

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

export interface ToolSearchConfig {
  enabled?: boolean;
  deferThreshold?: number;
}

export interface CommandContext {
  sessionId: string;
  command: string;
  commandName: string;
  args: string;
}

export type CommandHandler = (context: CommandContext) => Promise<void> | void;

export interface CommandDefinition {
  name: string;
  description?: string;
  handler: CommandHandler;
}
