// What can be changed of a session while it lives: its options and its model.
import { NarthexError } from "@narthex/protocol";
import type { SessionContext } from "./session-context.ts";
import { ignoredOptionsWarning, type SessionParams } from "./session-config.ts";

/** What a client that attaches asks for, counts from now on; what it does not mention stays. */
export function takeSettings(context: SessionContext, params: SessionParams): void {
  const { settings } = context;
  const { provider, model } = params;
  settings.params = { ...settings.params, ...params };
  if (provider !== undefined || model !== undefined) {
    settings.model = context.chooseModel({ ...(provider && { provider }), ...(model && { model }) });
  }
}

/**
 * Applies a patch of options. What this runtime does not act on is named in a warning of the session.
 * @throws {NarthexError} MODEL_CONFIG_INVALID
 */
export async function updateOptions(context: SessionContext, patch: Readonly<Record<string, unknown>>): Promise<void> {
  const { model, ...rest } = patch;
  if (typeof model === "string") await switchModel(context, model);
  const names = Object.keys(rest).filter((name) => rest[name] !== undefined && rest[name] !== false);
  if (names.length === 0) return;
  const message = ignoredOptionsWarning(names);
  await context.writer.write("session.warning", { warningType: "options", message });
}

/**
 * Changes the model from the next call on.
 * @throws {NarthexError} MODEL_CONFIG_INVALID
 */
export async function switchModel(context: SessionContext, modelId: string): Promise<void> {
  const { settings, writer } = context;
  const provider = settings.params.provider;
  const next = context.chooseModel({
    model: modelId,
    ...(provider && { provider: { ...provider, wireModel: modelId } }),
  });
  if (next.id !== modelId) {
    throw new NarthexError(
      "MODEL_CONFIG_INVALID",
      `The model ${modelId} is not configured on this runtime; ${next.id} is.`,
    );
  }
  const previousModel = settings.model.id;
  settings.model = next;
  await context.keepModel(modelId);
  await writer.write("session.model_change", { previousModel, newModel: next.id, source: "sdk" });
}
