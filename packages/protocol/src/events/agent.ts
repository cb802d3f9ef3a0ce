// Hooks, skills, sub-agents and the sandbox: the payloads of its events, as the wire protocol (version 3) has them.
import type { JsonValue } from "./json-value.ts";

export interface SkillInvokedData {
  name: string;
  model?: string;
  path: string;
  content: string;
  allowedTools?: string[];
  disableModelInvocation?: boolean;
  source?: string;
  pluginName?: string;
  pluginVersion?: string;
  description?: string;
  trigger?: SkillInvokedTrigger;
}

export type SkillInvokedTrigger = "user-invoked" | "agent-invoked" | "context-load";

export interface SubagentStartedData {
  toolCallId: string;
  agentName: string;
  agentDisplayName: string;
  agentDescription: string;
  model?: string;
  taskModelSource?: SubagentTaskModelSource;
  modelSelectionSource?: SubagentModelSelectionSource;
  factoryRunId?: string;
  parentId?: string;
  resumable?: boolean;
  agentType?: string;
  executionMode?: string;
}

export type SubagentTaskModelSource = "task_argument" | "subagent_configuration" | "custom_agent_definition" | "unset";

export type SubagentModelSelectionSource =
  | "explicit_override"
  | "configured_required"
  | "configured_preference"
  | "complementary_default"
  | "session_inheritance"
  | "agent_definition_default"
  | "runtime_policy";

export interface SubagentConfiguredData {
  model: string;
  reasoningEffort?: string;
  contextTier?: string;
  multiTurn: boolean;
}

export interface SubagentCompletedData {
  toolCallId: string;
  agentName: string;
  agentDisplayName: string;
  model?: string;
  firstDispatchedModel?: string;
  configuredModelPreference?: string;
  explicitModelOverride?: string;
  explicitModelMatchesPreference?: boolean;
  modelOverrideReason?: string;
  modelSelectionSource?: SubagentModelSelectionSource;
  configuredModelMatchesActual?: boolean;
  totalToolCalls?: number;
  totalTokens?: number;
  durationMs?: number;
  cancelled?: boolean;
}

export interface SubagentFailedData {
  toolCallId: string;
  agentName: string;
  agentDisplayName: string;
  error: string;
  model?: string;
  firstDispatchedModel?: string;
  configuredModelPreference?: string;
  explicitModelOverride?: string;
  explicitModelMatchesPreference?: boolean;
  modelOverrideReason?: string;
  modelSelectionSource?: SubagentModelSelectionSource;
  configuredModelMatchesActual?: boolean;
  totalToolCalls?: number;
  totalTokens?: number;
  durationMs?: number;
}

export interface SubagentSelectedData {
  agentName: string;
  agentDisplayName: string;
  tools: string[] | null;
}

export type SubagentDeselectedData = Record<string, unknown>;

export interface HookStartData {
  hookInvocationId: string;
  hookType: string;
  input?: JsonValue;
  parentToolCallId?: string;
}

export interface HookEndData {
  hookInvocationId: string;
  hookType: string;
  output?: JsonValue;
  success: boolean;
  error?: HookEndError;
  parentToolCallId?: string;
}

export interface HookEndError {
  message: string;
  stack?: string;
  source?: string;
}

export interface HookProgressData {
  message: string;
  temporary?: boolean;
}

/** Event type to payload. */
export interface AgentEventData {
  "skill.invoked": SkillInvokedData;
  "subagent.started": SubagentStartedData;
  "subagent.configured": SubagentConfiguredData;
  "subagent.completed": SubagentCompletedData;
  "subagent.failed": SubagentFailedData;
  "subagent.selected": SubagentSelectedData;
  "subagent.deselected": SubagentDeselectedData;
  "hook.start": HookStartData;
  "hook.end": HookEndData;
  "hook.progress": HookProgressData;
}
