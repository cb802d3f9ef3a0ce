import { NarthexError } from "@narthex/protocol";
import type { Model } from "./model.ts";
import { createOfflineModel } from "./offline-planner.ts";
import { createOpenAiCompatibleModel, type OpenAiCompatibleOptions } from "./openai-compatible.ts";

/** Which model a session uses. */
export type ModelConfig = { readonly kind: "offline" } | ({ readonly kind: "openai" } & OpenAiCompatibleOptions);

/**
 * Creates the model of a configuration; connects to nothing yet.
 * @throws {NarthexError} MODEL_CONFIG_INVALID
 */
export function createModel(config: ModelConfig): Model {
  return config.kind === "offline" ? createOfflineModel() : createOpenAiCompatibleModel(config);
}

/**
 * The model that the environment names:
 *
 * - `NARTHEX_MODEL`: the model's name; `offline`, or nothing at all, for the built-in planner
 * - `NARTHEX_MODEL_BASE_URL`: the endpoint, such as `https://api.openai.com/v1` or `http://127.0.0.1:11434/v1`
 * - `NARTHEX_MODEL_API_KEY`: its key, where one is needed
 *
 * @throws {NarthexError} MODEL_CONFIG_INVALID when one of the first two stands without the other
 */
export function modelConfigFromEnvironment(env: Readonly<Record<string, string | undefined>>): ModelConfig {
  const model = env["NARTHEX_MODEL"]?.trim() ?? "";
  const baseUrl = env["NARTHEX_MODEL_BASE_URL"]?.trim() ?? "";
  const apiKey = env["NARTHEX_MODEL_API_KEY"]?.trim() ?? "";
  if (model === "offline") return { kind: "offline" };
  if (model === "" && baseUrl === "") {
    if (apiKey === "") return { kind: "offline" };
    throw incomplete("NARTHEX_MODEL_API_KEY is set, but no model", "NARTHEX_MODEL and NARTHEX_MODEL_BASE_URL");
  }
  if (model === "") throw incomplete("NARTHEX_MODEL_BASE_URL is set, but no model", "NARTHEX_MODEL");
  if (baseUrl === "") throw incomplete(`NARTHEX_MODEL is "${model}", but no endpoint is set`, "NARTHEX_MODEL_BASE_URL");
  return { kind: "openai", model, baseUrl, ...(apiKey === "" ? {} : { apiKey }) };
}

function incomplete(happened: string, missing: string): NarthexError {
  const text = `${happened}: set ${missing} too, or set NARTHEX_MODEL=offline for the built-in planner.`;
  return new NarthexError("MODEL_CONFIG_INVALID", text);
}
