// Where the model of a local session runs.

/** How hard a model is to think. */
export type ReasoningEffort = "low" | "medium" | "high" | "xhigh" | "max";

/** Which context window of a model to use. */
export type ContextTier = "default" | "long_context";

/** Which token is wanted. */
export interface ProviderTokenArgs {
  readonly providerName: string;
  readonly sessionId: string;
}

/** Gives a token for a model call; asked again when it is refused. */
export type BearerTokenProvider = (args: ProviderTokenArgs) => Promise<string>;

/** A model endpoint of one's own. `baseUrl` ends before `/chat/completions`. */
export interface ProviderConfig {
  type?: "openai" | "azure" | "anthropic";
  wireApi?: "completions" | "responses";
  transport?: "http" | "websockets";
  baseUrl: string;
  apiKey?: string;
  bearerToken?: string;
  bearerTokenProvider?: BearerTokenProvider;
  azure?: {
    apiVersion?: string;
  };
  headers?: Record<string, string>;
  modelId?: string;
  wireModel?: string;
  maxPromptTokens?: number;
  maxOutputTokens?: number;
}

/** One of several endpoints, by name. */
export interface NamedProviderConfig {
  name: string;
  type?: "openai" | "azure" | "anthropic";
  wireApi?: "completions" | "responses";
  baseUrl: string;
  apiKey?: string;
  bearerToken?: string;
  bearerTokenProvider?: BearerTokenProvider;
  azure?: {
    apiVersion?: string;
  };
  headers?: Record<string, string>;
}

/** A model, and the named endpoint that serves it. */
export interface ProviderModelConfig {
  id: string;
  provider: string;
  wireModel?: string;
  modelId?: string;
  name?: string;
  maxPromptTokens?: number;
  maxContextWindowTokens?: number;
  maxOutputTokens?: number;
  capabilities?: ModelCapabilitiesOverride;
}

/** What a model can take. Limits are in tokens and bytes. */
export interface ModelCapabilities {
  supports: {
    vision: boolean;
    reasoningEffort: boolean;
  };
  limits: {
    max_prompt_tokens?: number;
    max_output_tokens?: number;
    max_context_window_tokens: number;
    vision?: {
      supported_media_types: string[];
      max_prompt_images: number;
      max_prompt_image_size: number;
    };
  };
}

type DeepPartial<T> = T extends readonly (infer U)[]
  ? DeepPartial<U>[]
  : T extends object
    ? {
        [K in keyof T]?: DeepPartial<T[K]>;
      }
    : T;

/** Corrections to what is known of a model. */
export type ModelCapabilitiesOverride = DeepPartial<ModelCapabilities>;

/** Whether a model may be used. */
export interface ModelPolicy {
  state: "enabled" | "disabled" | "unconfigured";
  terms: string;
}

/** Prices of a model's long context window, per `batchSize` tokens. */
export interface ModelBillingTokenPricesLongContext {
  inputPrice?: number;
  outputPrice?: number;
  cachePrice?: number;
  cacheReadPrice?: number;
  cacheWritePrice?: number;
  cacheWrite1hPrice?: number;
  contextMax?: number;
  maxPromptTokens?: number;
}

/** Prices of a model, per `batchSize` tokens. */
export interface ModelBillingTokenPrices extends ModelBillingTokenPricesLongContext {
  batchSize?: number;
  longContext?: ModelBillingTokenPricesLongContext;
}

/** What a model costs, relative to the base rate and per token. */
export interface ModelBilling {
  multiplier?: number;
  tokenPrices?: ModelBillingTokenPrices;
}

/** A model that sessions can use. */
export interface ModelInfo {
  id: string;
  name: string;
  capabilities: ModelCapabilities;
  policy?: ModelPolicy;
  billing?: ModelBilling;
  supportedReasoningEfforts?: ReasoningEffort[];
  defaultReasoningEffort?: ReasoningEffort;
}
