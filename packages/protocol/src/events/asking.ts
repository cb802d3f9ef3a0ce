// Questions that a session asks its clients: the payloads of its events, as the wire protocol (version 3) has them.
import type { JsonValue } from "./json-value.ts";

export interface UserInputRequestedData {
  requestId: string;
  question: string;
  choices?: string[];
  allowFreeform?: boolean;
  toolCallId?: string;
}

export interface UserInputCompletedData {
  requestId: string;
  answer?: string;
  wasFreeform?: boolean;
}

export interface ElicitationRequestedData {
  requestId: string;
  toolCallId?: string;
  elicitationSource?: string;
  message: string;
  mode?: ElicitationRequestedMode;
  requestedSchema?: ElicitationRequestedSchema;
  url?: string;
}

export type ElicitationRequestedMode = "form" | "url";

export interface ElicitationRequestedSchema {
  type: "object";
  properties: Record<string, JsonValue>;
  required?: string[];
}

export interface ElicitationCompletedData {
  requestId: string;
  action?: ElicitationCompletedAction;
  content?: Record<string, ElicitationCompletedContent>;
}

export type ElicitationCompletedAction = "accept" | "decline" | "cancel";

export type ElicitationCompletedContent = JsonValue;

export interface SamplingRequestedData {
  requestId: string;
  serverName: string;
  mcpRequestId: JsonValue;
}

export interface SamplingCompletedData {
  requestId: string;
}

export interface AutoModeSwitchRequestedData {
  requestId: string;
  errorCode?: string;
  retryAfterSeconds?: number;
}

export interface AutoModeSwitchCompletedData {
  requestId: string;
  response: AutoModeSwitchResponse;
}

export type AutoModeSwitchResponse = "yes" | "yes_always" | "no";

export interface SessionLimitsExhaustedRequestedData {
  requestId: string;
  usedAiCredits: number;
  maxAiCredits: number;
}

export interface SessionLimitsExhaustedCompletedData {
  requestId: string;
  response: SessionLimitsExhaustedResponse;
}

export interface SessionLimitsExhaustedResponse {
  action: SessionLimitsExhaustedResponseAction;
  additionalAiCredits?: number;
  maxAiCredits?: number;
}

export type SessionLimitsExhaustedResponseAction = "add" | "set" | "unset" | "cancel";

export interface ExitPlanModeRequestedData {
  requestId: string;
  summary: string;
  planContent: string;
  actions: ExitPlanModeAction[];
  recommendedAction: ExitPlanModeAction;
  model?: string;
}

export type ExitPlanModeAction = "exit_only" | "interactive" | "autopilot" | "autopilot_fleet";

export interface ExitPlanModeCompletedData {
  requestId: string;
  approved?: boolean;
  selectedAction?: ExitPlanModeAction;
  autoApproveEdits?: boolean;
  feedback?: string;
}

/** Event type to payload. */
export interface AskingEventData {
  "user_input.requested": UserInputRequestedData;
  "user_input.completed": UserInputCompletedData;
  "elicitation.requested": ElicitationRequestedData;
  "elicitation.completed": ElicitationCompletedData;
  "sampling.requested": SamplingRequestedData;
  "sampling.completed": SamplingCompletedData;
  "auto_mode_switch.requested": AutoModeSwitchRequestedData;
  "auto_mode_switch.completed": AutoModeSwitchCompletedData;
  "session_limits_exhausted.requested": SessionLimitsExhaustedRequestedData;
  "session_limits_exhausted.completed": SessionLimitsExhaustedCompletedData;
  "exit_plan_mode.requested": ExitPlanModeRequestedData;
  "exit_plan_mode.completed": ExitPlanModeCompletedData;
}
