// Which model a session uses: its own provider, or the runtime's.
import { NarthexError } from "@narthex/protocol";
import type { Model } from "../models/model.ts";
import { createModel, type ModelConfig } from "../models/resolve-model.ts";
import { createOpenAiCompatibleModel } from "../models/openai-compatible.ts";
import type { ProviderParams, SessionParams } from "./session-config.ts";

/** A model, and what an operator should know about the choice. */
export interface ModelChoice {
  readonly model: Model;
  readonly warning?: string;
}

/**
 * The model for a session's params.
 * @throws {NarthexError} MODEL_CONFIG_INVALID
 */
export function chooseModel(
  runtimeModel: ModelConfig,
  params: Pick<SessionParams, "provider" | "model">,
  bearerToken: () => Promise<string>,
): ModelChoice {
  if (params.provider !== undefined) return { model: providerModel(params.provider, params.model, bearerToken) };
  if (runtimeModel.kind === "offline") {
    const model = createModel(runtimeModel);
    if (params.model === undefined || params.model === model.id) return { model };
    const warning = `The model ${params.model} is not configured here: the built-in offline planner answers instead. Configure one with NARTHEX_MODEL and NARTHEX_MODEL_BASE_URL.`;
    return { model, warning };
  }
  return { model: createModel({ ...runtimeModel, model: params.model ?? runtimeModel.model }) };
}

function providerModel(
  provider: ProviderParams,
  wanted: string | undefined,
  bearerToken: () => Promise<string>,
): Model {
  if ((provider.type ?? "openai") !== "openai" || (provider.wireApi ?? "completions") !== "completions") {
    throw new NarthexError(
      "MODEL_CONFIG_INVALID",
      `provider.type ${provider.type ?? "openai"} with wireApi ${provider.wireApi ?? "completions"} is not supported yet: use an OpenAI-compatible chat-completions endpoint (type "openai").`,
    );
  }
  const model = provider.wireModel ?? provider.modelId ?? wanted;
  if (model === undefined) {
    throw new NarthexError(
      "MODEL_CONFIG_INVALID",
      "A provider needs a model: set `model` of the session, or `provider.wireModel`.",
    );
  }
  const apiKey = provider.bearerToken ?? provider.apiKey;
  return createOpenAiCompatibleModel({
    baseUrl: provider.baseUrl,
    model,
    ...(provider.hasBearerTokenProvider === true ? { getApiKey: bearerToken } : {}),
    ...(apiKey === undefined || provider.hasBearerTokenProvider === true ? {} : { apiKey }),
    ...(provider.headers === undefined ? {} : { headers: provider.headers }),
    ...(provider.maxPromptTokens === undefined ? {} : { contextTokens: provider.maxPromptTokens }),
  });
}
