import { NarthexError } from "@narthex/protocol";
import type { Model, ModelMessage, ModelToolCall, ToolDeclaration } from "../../src/models/model.ts";
import { createOfflineModel } from "../../src/models/offline-planner.ts";
import { createBuiltInTools } from "../../src/tools/registry.ts";
import { readsOnlyWorkspace } from "../../src/tools/shell-command.ts";
import { DEFAULT_TOOL_LIMITS, type ToolContext, type ToolLimits } from "../../src/tools/tool.ts";

export interface LoopOptions {
  /** Which permission requests are granted; default all. */
  readonly allow?: "all" | "read-only" | "none";
  readonly limits?: Partial<ToolLimits>;
  readonly askUser?: ToolContext["askUser"];
  /** Tools of the client, answered by these functions. */
  readonly custom?: readonly (ToolDeclaration & { run: (args: unknown) => string })[];
  readonly without?: readonly string[];
  readonly model?: Model;
}

export interface LoopResult {
  readonly answer: string;
  readonly messages: readonly ModelMessage[];
  readonly calls: readonly ModelToolCall[];
  /** Kinds of requests that were turned down. */
  readonly refused: readonly string[];
}

const tools = createBuiltInTools();
const MAX_STEPS = 30;

/** A small agent loop: the offline planner, the real tools, a folder. */
export async function runTurn(root: string, prompt: string, options: LoopOptions = {}): Promise<LoopResult> {
  const model = options.model ?? createOfflineModel();
  const declared = [
    ...tools.filter((tool) => options.without?.includes(tool.name) !== true),
    ...(options.custom ?? []),
  ];
  const declarations = declared.map(({ name, description, parameters }) => ({ name, description, parameters }));
  const messages: ModelMessage[] = [
    { role: "system", content: "You are an agent." },
    { role: "user", content: prompt },
  ];
  const made: ModelToolCall[] = [];
  const refused: string[] = [];
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const { text, calls } = await readReply(model, messages, declarations);
    messages.push({ role: "assistant", content: text, ...(calls.length === 0 ? {} : { toolCalls: calls }) });
    if (calls.length === 0) return { answer: text, messages, calls: made, refused };
    made.push(...calls);
    const results = await Promise.all(calls.map((call) => runCall(call, root, options, refused)));
    for (const [i, call] of calls.entries()) {
      messages.push({ role: "tool", toolCallId: call.id, toolName: call.name, content: results[i] ?? "" });
    }
  }
  throw new Error("the planner does not come to an end");
}

async function readReply(model: Model, messages: readonly ModelMessage[], declarations: readonly ToolDeclaration[]) {
  let text = "";
  const calls: ModelToolCall[] = [];
  for await (const chunk of model.stream({ messages, tools: declarations, signal: new AbortController().signal })) {
    if (chunk.type === "text") text += chunk.text;
    if (chunk.type === "tool-call") calls.push(chunk.call);
  }
  return { text, calls };
}

async function runCall(call: ModelToolCall, root: string, options: LoopOptions, refused: string[]): Promise<string> {
  const custom = options.custom?.find((tool) => tool.name === call.name);
  if (custom !== undefined) return custom.run(call.arguments);
  const tool = tools.find((candidate) => candidate.name === call.name);
  if (tool === undefined) return `There is no tool ${call.name}.`;
  const context: ToolContext = {
    sessionId: "s1",
    toolCallId: call.id,
    workspaceRoot: root,
    signal: new AbortController().signal,
    limits: { ...DEFAULT_TOOL_LIMITS, ...options.limits },
    onPartialOutput: () => {},
    ...(options.askUser === undefined ? {} : { askUser: options.askUser }),
  };
  try {
    const request = await tool.permission(call.arguments, context);
    const isHarmless = request?.kind === "shell" && readsOnlyWorkspace(request, root);
    const isAllowed =
      request === undefined || (options.allow ?? "all") === "all" || (options.allow === "read-only" && isHarmless);
    if (!isAllowed) {
      refused.push(request.kind);
      return "Permission to run this tool was denied by the user.";
    }
    return (await tool.run(call.arguments, context)).text;
  } catch (error) {
    if (NarthexError.is(error)) return error.message;
    throw error;
  }
}
