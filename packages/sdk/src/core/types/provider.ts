// Where the model of a local session runs.

export type ReasoningEffort = "low" | "medium" | "high" | "xhigh" | "max";

export type ContextTier = "default" | "long_context";

export interface ProviderTokenArgs {
  readonly providerName: string;
  readonly sessionId: string;
}

export type BearerTokenProvider = (args: ProviderTokenArgs) => Promise<string>;

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

export type ModelCapabilitiesOverride = DeepPartial<ModelCapabilities>;

export interface ModelPolicy {
  state: "enabled" | "disabled" | "unconfigured";
  terms: string;
}

export interface ModelInfo {
  id: string;
  name: string;
  capabilities: ModelCapabilities;
  policy?: ModelPolicy;
  billing?: { multiplier?: number; [key: string]: unknown };
  supportedReasoningEfforts?: ReasoningEffort[];
  defaultReasoningEffort?: ReasoningEffort;
}
