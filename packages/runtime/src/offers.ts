// What a runtime has to offer to sessions: models and built-in tools.
import type { ModelConfig } from "./models/resolve-model.ts";
import { createModel } from "./models/resolve-model.ts";
import { createBuiltInTools } from "./tools/registry.ts";

export interface ModelOffer {
  readonly id: string;
  readonly name: string;
  readonly isOffline: boolean;
  readonly contextTokens: number;
}

export interface ToolOffer {
  readonly name: string;
  readonly description: string;
  readonly parameters: Record<string, unknown>;
}

export function offeredModels(config: ModelConfig): ModelOffer[] {
  const model = createModel(config);
  const name = model.isOffline ? "Offline planner (no language model)" : model.id;
  return [{ id: model.id, name, isOffline: model.isOffline, contextTokens: model.contextTokens }];
}

export function offeredTools(): ToolOffer[] {
  return createBuiltInTools().map(({ name, description, parameters }) => ({ name, description, parameters }));
}
