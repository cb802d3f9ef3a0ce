// @narthex/testkit: test applications of the SDK offline, with a runtime and a model that do what the test says.
export {
  startScriptedRuntime,
  type ScriptedCall,
  type ScriptedRuntime,
  type ScriptedRuntimeOptions,
} from "./scripted-runtime.ts";
export type { ScriptedEvent, ScriptedLog } from "./scripted-log.ts";
export {
  startScriptedModel,
  type ModelCall,
  type ScriptEntry,
  type ScriptedAnswer,
  type ScriptedModel,
} from "./scripted-model.ts";
export { Arrivals } from "./arrivals.ts";
export { DEFAULT_DEADLINE_MS, within } from "./deadline.ts";
