import type { ModelMessage, ModelToolCall } from "../model.ts";
import type { ToolResult } from "./skill.ts";

/** Calls that were made in this turn, with what they gave. */
export interface PastStep {
  readonly calls: readonly ModelToolCall[];
  readonly results: readonly ToolResult[];
}

/** The turn so far: the newest prompt and what was done about it. */
export interface OfflineTurn {
  readonly prompt: string;
  readonly steps: readonly PastStep[];
}

/** Reads the current turn out of the conversation. */
export function readTurn(messages: readonly ModelMessage[]): OfflineTurn {
  const start = messages.findLastIndex((message) => message.role === "user");
  const prompt = messages[start]?.content ?? "";
  const since = messages.slice(start + 1);
  const resultOf = (call: ModelToolCall): ToolResult => {
    const message = since.find((candidate) => candidate.role === "tool" && candidate.toolCallId === call.id);
    return { text: message?.content ?? "", isMissing: message === undefined };
  };
  const steps = since.flatMap((message) => {
    if (message.role !== "assistant" || message.toolCalls === undefined || message.toolCalls.length === 0) return [];
    return [{ calls: message.toolCalls, results: message.toolCalls.map(resultOf) }];
  });
  return { prompt, steps };
}
