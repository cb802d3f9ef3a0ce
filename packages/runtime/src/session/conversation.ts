// The conversation with the model, rebuilt from the log: the same events give the same messages, live or after a restart.
import type { RawSessionEvent } from "@narthex/protocol";
import type { ModelMessage, ModelToolCall } from "../models/model.ts";

/** What the model is told about a tool call that has no result. */
const INTERRUPTED = "This tool call was interrupted before it finished; its effects are unknown.";

type Data = Record<string, unknown>;

export class Conversation {
  #system = "";
  readonly #messages: ModelMessage[] = [];
  /** Tool calls of the last assistant message that have no result yet, by id. */
  readonly #open = new Map<string, string>();

  /** Takes an event into account, where it belongs to the conversation. */
  apply(event: RawSessionEvent): void {
    if (event.agentId !== undefined) return;
    const data = (event.data ?? {}) as Data;
    switch (event.type) {
      case "system.message":
        if (data.role === "system") this.#system = text(data.content);
        break;
      case "user.message":
        this.#closeOpenCalls();
        this.#messages.push({ role: "user", content: text(data.transformedContent ?? data.content) });
        break;
      case "assistant.message":
        this.#assistant(data);
        break;
      case "tool.execution_complete":
        this.#toolResult(data);
        break;
      default:
    }
  }

  /** The messages for the next model call: every tool call has a result, as endpoints demand. */
  messages(): ModelMessage[] {
    const system: ModelMessage[] = this.#system === "" ? [] : [{ role: "system", content: this.#system }];
    const missing = [...this.#open].map(([toolCallId, toolName]) => interrupted(toolCallId, toolName));
    return [...system, ...this.#messages, ...missing];
  }

  get hasSystemMessage(): boolean {
    return this.#system !== "";
  }

  get length(): number {
    return this.#messages.length;
  }

  #assistant(data: Data): void {
    this.#closeOpenCalls();
    const requests = Array.isArray(data.toolRequests) ? (data.toolRequests as Data[]) : [];
    const toolCalls = requests.map((request): ModelToolCall => ({
      id: text(request.toolCallId),
      name: text(request.name),
      arguments: request.arguments ?? {},
    }));
    for (const call of toolCalls) this.#open.set(call.id, call.name);
    const content = text(data.content);
    if (content === "" && toolCalls.length === 0) return;
    this.#messages.push({ role: "assistant", content, ...(toolCalls.length === 0 ? {} : { toolCalls }) });
  }

  #toolResult(data: Data): void {
    const toolCallId = text(data.toolCallId);
    const toolName = this.#open.get(toolCallId);
    if (toolName === undefined) return;
    this.#open.delete(toolCallId);
    const result = data.result as Data | undefined;
    const error = data.error as Data | undefined;
    const content = result === undefined ? text(error?.message) : text(result.content);
    this.#messages.push({ role: "tool", toolCallId, toolName, content });
  }

  #closeOpenCalls(): void {
    for (const [toolCallId, toolName] of this.#open) this.#messages.push(interrupted(toolCallId, toolName));
    this.#open.clear();
  }
}

function interrupted(toolCallId: string, toolName: string): ModelMessage {
  return { role: "tool", toolCallId, toolName, content: INTERRUPTED };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
