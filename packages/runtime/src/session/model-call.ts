// One model call: what it is given, what comes out of it as events, and what it asks for.
import { randomUUID } from "node:crypto";
import { NarthexError, type AssistantMessageData, type JsonValue } from "@narthex/protocol";
import type { Model, ModelToolCall, ModelUsage } from "../models/model.ts";
import type { SessionContext } from "./session-context.ts";
import { declarations, sessionTools } from "./tool-catalog.ts";

/** What a model call led to. */
export interface ModelAnswer {
  readonly toolCalls: readonly ModelToolCall[];
}

interface Collected {
  content: string;
  reasoning: string;
  bytes: number;
  readonly toolCalls: ModelToolCall[];
  usage: ModelUsage;
}

/** Rough size of a text in tokens, for usage events before the endpoint has said it exactly. */
const CHARS_PER_TOKEN = 4;

/**
 * Calls the model, streams what it says, and logs its message. Aborting leaves no message behind.
 * @throws {NarthexError} MODEL_*, ABORTED, STORE_UNAVAILABLE
 */
export async function callModel(
  context: SessionContext,
  call: { readonly turnId: string; readonly originatingMessageId: string; readonly signal: AbortSignal },
): Promise<ModelAnswer> {
  const { writer } = context;
  const { turnId, signal } = call;
  const model = context.settings.model;
  const catalog = sessionTools(context);
  const messages = context.conversation.messages();
  const size = messages.reduce((sum, message) => sum + message.content.length, 0);
  writer.emit("session.usage_info", {
    tokenLimit: model.contextTokens,
    currentTokens: Math.ceil(size / CHARS_PER_TOKEN),
    messagesLength: messages.length,
  });
  writer.emit("model.call_start", { turnId, model: model.id });
  const startedAt = performance.now();
  const finished = (outcome: "success" | "error" | "cancelled"): void =>
    writer.emit("model.call_finished", {
      turnId,
      dispatchDurationMs: Math.round(performance.now() - startedAt),
      outcome,
      editClassifierVersion: 0,
    });
  const messageId = randomUUID();
  let said: Collected;
  try {
    const stream = model.stream({ messages, tools: declarations(catalog), signal });
    said = await collect(context, stream, messageId);
    signal.throwIfAborted();
  } catch (error) {
    finished(signal.aborted ? "cancelled" : "error");
    throw signal.aborted
      ? NarthexError.from(signal.reason, "ABORTED")
      : NarthexError.from(error, "MODEL_STREAM_BROKEN");
  }
  const duration = Math.round(performance.now() - startedAt);
  // Durable no later than the message: what a call has cost is known even when the process ends right after it.
  writer.emit("assistant.usage", { model: model.id, ...definedOf(said.usage), duration });
  context.metrics.modelCall(model.id, said.usage, duration);
  finished("success");
  await writeMessage(context, model, said, messageId, call.originatingMessageId);
  return { toolCalls: said.toolCalls };
}

async function collect(
  context: SessionContext,
  stream: ReturnType<Model["stream"]>,
  messageId: string,
): Promise<Collected> {
  const { writer } = context;
  const isStreaming = context.settings.params.streaming === true;
  const reasoningId = randomUUID();
  const said: Collected = { content: "", reasoning: "", bytes: 0, toolCalls: [], usage: {} };
  let hasStarted = false;
  for await (const chunk of stream) {
    if (!hasStarted) writer.emit("assistant.message_start", { messageId });
    hasStarted = true;
    switch (chunk.type) {
      case "text":
        said.content += chunk.text;
        if (isStreaming) {
          said.bytes += chunk.text.length;
          writer.emit("assistant.streaming_delta", { totalResponseSizeBytes: said.bytes });
          writer.emit("assistant.message_delta", { messageId, deltaContent: chunk.text });
        }
        break;
      case "reasoning":
        said.reasoning += chunk.text;
        if (isStreaming) writer.emit("assistant.reasoning_delta", { reasoningId, deltaContent: chunk.text });
        break;
      case "tool-call-delta":
        if (isStreaming) {
          const { id: toolCallId, name: toolName, inputDelta } = chunk;
          writer.emit("assistant.tool_call_delta", { toolCallId, toolName, inputDelta });
        }
        break;
      case "tool-call":
        said.toolCalls.push(chunk.call);
        break;
      case "finish":
        said.usage = chunk.usage;
        break;
    }
  }
  if (said.reasoning !== "") await writer.write("assistant.reasoning", { reasoningId, content: said.reasoning });
  return said;
}

async function writeMessage(
  context: SessionContext,
  model: Model,
  said: Collected,
  messageId: string,
  originatingMessageId: string,
): Promise<void> {
  const data: AssistantMessageData = { messageId, originatingMessageId, model: model.id, content: said.content };
  if (said.toolCalls.length > 0) {
    data.toolRequests = said.toolCalls.map((request) => ({
      toolCallId: request.id,
      name: request.name,
      arguments: request.arguments as JsonValue,
      type: "function",
    }));
  }
  if (said.usage.outputTokens !== undefined) data.outputTokens = said.usage.outputTokens;
  await context.writer.write("assistant.message", data);
}

function definedOf(usage: ModelUsage): ModelUsage {
  return Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== undefined));
}
