// The union of all session events, and which of them are kept in the log.
import type { AgentEventData } from "./agent.ts";
import type { AskingEventData } from "./asking.ts";
import type { AssistantEventData } from "./assistant.ts";
import type { EnvironmentEventData } from "./environment.ts";
import type { MessageEventData } from "./message.ts";
import type { PermissionEventData } from "./permission.ts";
import type { SessionEventData } from "./session.ts";
import type { ToolEventData } from "./tool.ts";
import type { UsageEventData } from "./usage.ts";

/** Event types whose payload this profile passes through untouched (experimental or internal in the protocol). */
export type OpaqueEventType =
  | "assistant.fusion_phase_activity"
  | "assistant.fusion_phase_completed"
  | "assistant.fusion_phase_failed"
  | "assistant.fusion_phase_started"
  | "assistant.turn_retry"
  | "factory.run_settled"
  | "factory.run_started"
  | "factory.run_updated"
  | "permission.assentDetected"
  | "permission.carriedForward"
  | "permission.contextualAuthorization"
  | "permission.messageAuthorization"
  | "permission.messageAuthorizationDegraded"
  | "permission.messageAuthorizationRead"
  | "prompt_cache_break"
  | "sandbox.decision"
  | "session.auto_mode_resolved"
  | "session.auto_tier_recommendation"
  | "session.binary_asset"
  | "session.canvas.closed"
  | "session.canvas.opened"
  | "session.canvas.recorded"
  | "session.canvas.registry_changed"
  | "session.canvas.removed"
  | "session.canvas.unavailable"
  | "session.completion_receipt"
  | "session.fusion_commit_started"
  | "session.fusion_completed"
  | "session.fusion_handoff"
  | "session.fusion_resolved"
  | "session.fusion_route_failed"
  | "session.fusion_route_started"
  | "session.managed_settings_enforced"
  | "session.managed_settings_resolved"
  | "session.memory_changed"
  | "session.permissions_changed"
  | "skill.context_delivered"
  | "skill.context_delivered_ref"
  | "skill.invoked_ref"
  | "ui.ephemeral_query";

/** Every known event type with its payload. */
export interface SessionEventDataMap
  extends
    AgentEventData,
    AskingEventData,
    AssistantEventData,
    EnvironmentEventData,
    MessageEventData,
    PermissionEventData,
    SessionEventData,
    ToolEventData,
    UsageEventData,
    Record<OpaqueEventType, Record<string, unknown>> {}
