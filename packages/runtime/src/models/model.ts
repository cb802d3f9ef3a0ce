/** One message of the conversation, as a model gets it. */
export type ModelMessage =
  | { readonly role: "system"; readonly content: string }
  | { readonly role: "user"; readonly content: string }
  | { readonly role: "assistant"; readonly content: string; readonly toolCalls?: readonly ModelToolCall[] }
  | { readonly role: "tool"; readonly toolCallId: string; readonly toolName: string; readonly content: string };

/** A tool call that a model asks for. */
export interface ModelToolCall {
  readonly id: string;
  readonly name: string;
  /** Parsed arguments; when the model sent no JSON object, the raw text. */
  readonly arguments: unknown;
}

/** What a model is told about a tool. */
export interface ToolDeclaration {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments object. */
  readonly parameters: Record<string, unknown>;
}

export interface ModelRequest {
  readonly messages: readonly ModelMessage[];
  readonly tools: readonly ToolDeclaration[];
  readonly signal: AbortSignal;
}

/** Tokens of one model call, as far as the endpoint reports them. */
export interface ModelUsage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly cacheReadTokens?: number;
  readonly reasoningTokens?: number;
}

/** What comes out of a model, in order. A call ends with exactly one `finish`, or the iteration throws. */
export type ModelChunk =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "reasoning"; readonly text: string }
  | { readonly type: "tool-call-delta"; readonly id: string; readonly name: string; readonly inputDelta: string }
  | { readonly type: "tool-call"; readonly call: ModelToolCall }
  | { readonly type: "finish"; readonly reason: string; readonly usage: ModelUsage };

/**
 * A model that can take part in a session.
 *
 * `stream` throws a NarthexError with one of the MODEL_* codes when the call fails (with `data: {statusCode?,
 * retryAfterMs?}`), and rejects with code ABORTED soon after `signal` aborts.
 */
export interface Model {
  /** The id shown in events, such as `gpt-5` or `offline`. */
  readonly id: string;
  /** True for the built-in planner that is no language model. */
  readonly isOffline: boolean;
  /** Context window in tokens, for usage events. */
  readonly contextTokens: number;
  stream(request: ModelRequest): AsyncIterable<ModelChunk>;
}
