import { startScriptedModel, type ScriptedAnswer, type ScriptedModel } from "@narthex/testkit";
import { onTestFinished } from "vitest";

/** A model of this test that says what the script says, and how a session is told to use it. */
export async function scriptedModel(
  ...script: ScriptedAnswer[]
): Promise<{ model: ScriptedModel; provider: { type: "openai"; baseUrl: string; apiKey: string } }> {
  const model = await startScriptedModel(...script);
  onTestFinished(() => model.close());
  return { model, provider: { type: "openai", baseUrl: model.baseUrl, apiKey: "sk-interop" } };
}

/** The model calls one tool. */
export function toolCall(name: string, args: unknown): ScriptedAnswer {
  return { toolCalls: [{ name, arguments: args }] };
}

/** What the model was told in its n-th call (0 is the first), as text: the last message. */
export function lastMessage(model: ScriptedModel, call: number): string {
  return JSON.stringify(model.calls[call]?.body.messages.at(-1)?.content ?? null);
}

/** The system message of the n-th call. */
export function systemMessage(model: ScriptedModel, call: number): string {
  return JSON.stringify(model.calls[call]?.body.messages[0]?.content ?? null);
}

/** The names of the tools that the n-th call offered to the model. */
export function offeredTools(model: ScriptedModel, call: number): string[] {
  const tools = (model.calls[call]?.body.tools ?? []) as { function: { name: string } }[];
  return tools.map((tool) => tool.function.name);
}
