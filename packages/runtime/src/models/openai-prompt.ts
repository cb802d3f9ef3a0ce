// Our messages and tools in the shape that the provider layer takes.
import type { OpenAICompatibleChatLanguageModel } from "@ai-sdk/openai-compatible";
import type { ModelMessage, ModelToolCall, ToolDeclaration } from "./model.ts";

/** What `doStream` takes; named through the class, so that no further package has to be imported. */
export type StreamOptions = Parameters<OpenAICompatibleChatLanguageModel["doStream"]>[0];
type PromptMessage = StreamOptions["prompt"][number];
type FunctionTool = Extract<NonNullable<StreamOptions["tools"]>[number], { type: "function" }>;

/** The conversation, message by message. */
export function toPrompt(messages: readonly ModelMessage[]): PromptMessage[] {
  return messages.map(toPromptMessage);
}

/** The tools a model may call. */
export function toTools(tools: readonly ToolDeclaration[]): FunctionTool[] {
  return tools.map(({ name, description, parameters }) => ({
    type: "function",
    name,
    description,
    inputSchema: parameters as FunctionTool["inputSchema"],
  }));
}

function toPromptMessage(message: ModelMessage): PromptMessage {
  switch (message.role) {
    case "system":
      return { role: "system", content: message.content };
    case "user":
      return { role: "user", content: [{ type: "text", text: message.content }] };
    case "assistant": {
      const text = message.content === "" ? [] : [{ type: "text" as const, text: message.content }];
      return { role: "assistant", content: [...text, ...(message.toolCalls ?? []).map(toToolCall)] };
    }
    case "tool": {
      const { toolCallId, toolName, content } = message;
      return {
        role: "tool",
        content: [{ type: "tool-result", toolCallId, toolName, output: { type: "text", value: content } }],
      };
    }
  }
}

/** Servers insist on an object; text that was none goes back under a name that says so. */
function toToolCall(call: ModelToolCall) {
  const isObject = typeof call.arguments === "object" && call.arguments !== null && !Array.isArray(call.arguments);
  const input = isObject ? call.arguments : { malformed_arguments: call.arguments };
  return { type: "tool-call" as const, toolCallId: call.id, toolName: call.name, input };
}

/** The arguments of a tool call as an object; the raw text when they are none. An empty text means no arguments. */
export function parseToolInput(input: string): unknown {
  if (input.trim() === "") return {};
  try {
    const parsed: unknown = JSON.parse(input);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? parsed : input;
  } catch {
    return input;
  }
}
