// Any server that speaks OpenAI's chat completions over server-sent events.
// M1: a call is made again only before its first chunk. M2: a tool call is given out only once the answer has ended
//     well, so a broken stream never starts a tool. M3: no secret is in any error.
import { createOpenAICompatible, type OpenAICompatibleChatLanguageModel } from "@ai-sdk/openai-compatible";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf, NarthexError } from "@narthex/protocol";
import { abortedError, brokenError, keyError, unreachableError, type Endpoint } from "./model-errors.ts";
import type { Model, ModelChunk, ModelRequest, ModelUsage } from "./model.ts";
import { parseToolInput, toPrompt, toTools } from "./openai-prompt.ts";
import { retryDelay } from "./retry-policy.ts";
import { SecretFilter } from "./secrets.ts";
import { WatchedFetch } from "./watched-fetch.ts";

/** Where the model is and how it is called. */
export interface OpenAiCompatibleOptions {
  /** Such as `https://api.openai.com/v1` or `http://127.0.0.1:11434/v1`; without credentials in it. */
  readonly baseUrl: string;
  /** The model's name at that server. */
  readonly model: string;
  readonly apiKey?: string;
  /** Asked before every call, and once more after a 401; wins over `apiKey`. */
  readonly getApiKey?: () => Promise<string>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Context window in tokens; default 128,000. */
  readonly contextTokens?: number;
  /** Longest wait for the beginning of an answer, in milliseconds; default 120,000. Node itself ends it at 300,000. */
  readonly requestTimeoutMs?: number;
  /** Longest silence within an answer, in milliseconds; default 60,000. */
  readonly idleTimeoutMs?: number;
  /** Further calls after one that was refused with 429 or 5xx or did not get through; default 2. */
  readonly maxRetries?: number;
  /** First wait before a further call, in milliseconds, doubled each time; default 500. */
  readonly retryDelayMs?: number;
  /** Longest wait before a further call; a server that asks for more gets none. Default 20,000. */
  readonly maxRetryDelayMs?: number;
  /** Largest answer in bytes; default 32 MiB. */
  readonly maxResponseBytes?: number;
  /** Asks for token counts (default true); some servers refuse a request that does. */
  readonly includeUsage?: boolean;
  /** For tests: time, waiting and chance. */
  readonly clock?: ModelClock;
}

export interface ModelClock {
  readonly now: () => number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
}

const SYSTEM_CLOCK: ModelClock = {
  now: () => Date.now(),
  wait: (ms, signal) => delay(ms, undefined, { signal }),
  random: () => Math.random(),
};

/**
 * Creates a model behind an OpenAI-compatible endpoint; connects to nothing yet.
 *
 * @example
 * const model = createOpenAiCompatibleModel({ baseUrl: "http://127.0.0.1:11434/v1", model: "qwen3" });
 * @throws {NarthexError} MODEL_CONFIG_INVALID when the base URL cannot be used or the model has no name
 */
export function createOpenAiCompatibleModel(options: OpenAiCompatibleOptions): Model {
  checkOptions(options);
  return {
    id: options.model,
    isOffline: false,
    contextTokens: options.contextTokens ?? 128_000,
    stream: (request) => streamWithRetries(options, request),
  };
}

type StreamPart =
  Awaited<ReturnType<OpenAICompatibleChatLanguageModel["doStream"]>>["stream"] extends ReadableStream<infer T>
    ? T
    : never;

async function* streamWithRetries(options: OpenAiCompatibleOptions, request: ModelRequest): AsyncGenerator<ModelChunk> {
  const clock = options.clock ?? SYSTEM_CLOCK;
  const secrets = new SecretFilter(options.headers);
  const endpoint: Endpoint = { baseUrl: options.baseUrl, model: options.model, clean: (text) => secrets.clean(text) };
  let hasNewKey = options.getApiKey === undefined;
  for (let attempt = 0; ; attempt += 1) {
    let hasStarted = false;
    try {
      for await (const chunk of streamOnce(options, request, endpoint, secrets)) {
        hasStarted = true;
        yield chunk;
      }
      return;
    } catch (error) {
      const failure = NarthexError.from(error, "MODEL_STREAM_BROKEN");
      if (hasStarted || request.signal.aborted) throw failure; // M1
      if (failure.code === "MODEL_AUTHENTICATION" && !hasNewKey) {
        hasNewKey = true; // the provider of keys gets one chance to give a fresh one
        continue;
      }
      const waitMs = retryDelay(failure, attempt, retryLimits(options), clock.random());
      if (waitMs === undefined) throw failure;
      await clock.wait(waitMs, request.signal).catch(() => {});
      if (request.signal.aborted) throw abortedError(endpoint);
    }
  }
}

async function* streamOnce(
  options: OpenAiCompatibleOptions,
  request: ModelRequest,
  endpoint: Endpoint,
  secrets: SecretFilter,
): AsyncGenerator<ModelChunk> {
  const clock = options.clock ?? SYSTEM_CLOCK;
  const watched = new WatchedFetch(endpoint, watchLimits(options), clock.now);
  try {
    const apiKey = await readKey(options, request, endpoint);
    secrets.add(apiKey);
    const parts = await openStream(options, request, watched, apiKey);
    yield* toChunks(parts, endpoint, watched);
  } catch (error) {
    throw toModelError(error, request, endpoint, watched);
  } finally {
    watched.close();
  }
}

async function readKey(
  options: OpenAiCompatibleOptions,
  request: ModelRequest,
  endpoint: Endpoint,
): Promise<string | undefined> {
  if (options.getApiKey === undefined) return options.apiKey;
  try {
    return await abortable(options.getApiKey(), request.signal);
  } catch (error) {
    throw request.signal.aborted ? abortedError(endpoint) : keyError(endpoint, error);
  }
}

async function openStream(
  options: OpenAiCompatibleOptions,
  request: ModelRequest,
  watched: WatchedFetch,
  apiKey: string | undefined,
): Promise<ReadableStream<StreamPart>> {
  const provider = createOpenAICompatible({
    name: "narthex",
    baseURL: options.baseUrl,
    includeUsage: options.includeUsage ?? true,
    fetch: watched.fetch,
    ...(apiKey === undefined || apiKey === "" ? {} : { apiKey }),
    ...(options.headers === undefined ? {} : { headers: { ...options.headers } }),
  });
  const { stream } = await provider.chatModel(options.model).doStream({
    prompt: toPrompt(request.messages),
    abortSignal: request.signal,
    ...(request.tools.length === 0 ? {} : { tools: toTools(request.tools) }),
  });
  return stream;
}

/** The provider layer's parts as our chunks. */
async function* toChunks(
  parts: AsyncIterable<StreamPart>,
  endpoint: Endpoint,
  watched: WatchedFetch,
): AsyncGenerator<ModelChunk> {
  const names = new Map<string, string>();
  const calls: ModelChunk[] = [];
  for await (const part of parts) {
    if (part.type === "text-delta") yield { type: "text", text: part.delta };
    else if (part.type === "reasoning-delta") yield { type: "reasoning", text: part.delta };
    else if (part.type === "tool-input-start") names.set(part.id, part.toolName);
    else if (part.type === "tool-input-delta") {
      yield { type: "tool-call-delta", id: part.id, name: names.get(part.id) ?? "", inputDelta: part.delta };
    } else if (part.type === "tool-call") {
      const call = { id: part.toolCallId, name: part.toolName, arguments: parseToolInput(part.input) };
      calls.push({ type: "tool-call", call });
    } else if (part.type === "error") throw brokenError(endpoint, reasonOf(part.error, watched));
    else if (part.type === "finish") {
      yield* calls; // M2
      yield { type: "finish", reason: part.finishReason.unified, usage: toUsage(part.usage) };
    }
  }
}

function reasonOf(error: unknown, watched: WatchedFetch): string {
  const message = messageOf(error);
  if (!watched.contentType.includes("event-stream")) {
    return `it is no event stream but ${watched.contentType || "of no stated type"}; check the base URL`;
  }
  if (/without a finish reason/.test(message)) return "it ended without a finish reason";
  if (/JSON parsing failed/i.test(message)) return "a piece of it is no JSON";
  if (/Type validation failed/i.test(message)) return "a piece of it is not in the form of chat completions";
  const told = typeof error === "object" && error !== null && "message" in error ? String(error.message) : message;
  return `the server said: ${told}`;
}

function toUsage(usage: Extract<StreamPart, { type: "finish" }>["usage"]): ModelUsage {
  const { inputTokens, outputTokens } = usage;
  return {
    ...(inputTokens.total === undefined ? {} : { inputTokens: inputTokens.total }),
    ...(outputTokens.total === undefined ? {} : { outputTokens: outputTokens.total }),
    ...(inputTokens.cacheRead === undefined ? {} : { cacheReadTokens: inputTokens.cacheRead }),
    ...(outputTokens.reasoning === undefined ? {} : { reasoningTokens: outputTokens.reasoning }),
  };
}

/** M3: nothing of the provider layer's error goes on but what `endpoint.clean` has seen. */
function toModelError(error: unknown, request: ModelRequest, endpoint: Endpoint, watched: WatchedFetch): NarthexError {
  if (request.signal.aborted) return abortedError(endpoint);
  if (watched.failure !== undefined) return NarthexError.from(watched.failure);
  if (NarthexError.is(error)) return error;
  return watched.hasAnswered ? brokenError(endpoint, "the connection was cut") : unreachableError(endpoint, error);
}

/** The promise, or a rejection as soon as the signal aborts. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort: () => void = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(NarthexError.from(signal.reason, "ABORTED"));
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function retryLimits(options: OpenAiCompatibleOptions) {
  return {
    maxRetries: options.maxRetries ?? 2,
    firstDelayMs: options.retryDelayMs ?? 500,
    maxDelayMs: options.maxRetryDelayMs ?? 20_000,
  };
}

function watchLimits(options: OpenAiCompatibleOptions) {
  return {
    requestTimeoutMs: options.requestTimeoutMs ?? 120_000,
    idleTimeoutMs: options.idleTimeoutMs ?? 60_000,
    maxResponseBytes: options.maxResponseBytes ?? 32 * 1024 * 1024,
  };
}

function checkOptions({ baseUrl, model }: OpenAiCompatibleOptions): void {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw invalid("The model's base URL is no http(s) address; use one such as https://api.openai.com/v1.");
  }
  if (url.username !== "" || url.password !== "" || url.search !== "") {
    throw invalid(
      `The model's base URL (${url.host}) has credentials or a query in it; give the key as apiKey instead.`,
    );
  }
  if (model.trim() === "") throw invalid(`No model is named for ${baseUrl}; name one that the server offers.`);
}

function invalid(text: string): NarthexError {
  return new NarthexError("MODEL_CONFIG_INVALID", text);
}
