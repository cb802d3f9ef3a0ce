// What the model says: the payloads of its events, as the wire protocol (version 3) has them.
import type { JsonValue } from "./json-value.ts";
import type { ReasoningSummary } from "./session.ts";

export interface AssistantTurnStartData {
  turnId: string;
  model?: string;
  interactionId?: string;
}

export interface AgentInterruptedData {
  activity: AgentInterruptedActivity;
  elapsedMs: number;
  turn: number;
  model?: string;
  apiEndpoint?: string;
  transport?: ModelCallFailureTransport;
  reasoningEffort?: string;
  cancelPhase?: AgentInterruptedCancelPhase;
  outputTtftMs?: number;
  toolNames?: string[];
  toolCallIds?: string[];
  safeToolNames?: string[];
  interruptedAgentCount?: number;
}

export type AgentInterruptedActivity = "model_call" | "retry_backoff" | "tool_call" | "background_agent";

export type ModelCallFailureTransport = "http" | "websocket";

export type AgentInterruptedCancelPhase = "pre_first_token" | "mid_stream";

export interface AssistantIntentData {
  intent: string;
}

export interface AssistantServerToolProgressData {
  outputIndex: number;
  kind: string;
  status: string;
}

export interface AssistantReasoningData {
  reasoningId: string;
  content: string;
  rte?: boolean;
}

export interface AssistantReasoningDeltaData {
  reasoningId: string;
  deltaContent: string;
}

export interface AssistantToolCallDeltaData {
  toolCallId: string;
  toolName?: string;
  toolType?: AssistantMessageToolRequestType;
  inputDelta: string;
}

export type AssistantMessageToolRequestType = "function" | "custom";

export interface AssistantStreamingDeltaData {
  totalResponseSizeBytes: number;
}

export interface AssistantMessageData {
  messageId: string;
  originatingMessageId?: string;
  model?: string;
  content: string;
  toolRequests?: AssistantMessageToolRequest[];
  reasoningOpaque?: string;
  reasoningText?: string;
  reasoningWireField?: string;
  encryptedContent?: string;
  phase?: string;
  chunkIndex?: number;
  chunkCount?: number;
  outputTokens?: number;
  interactionId?: string;
  requestId?: string;
  clientRequestId?: string;
  serviceRequestId?: string;
  rte?: boolean;
  apiCallId?: string;
  serverTools?: AssistantMessageServerTools;
  reasoningBlocks?: AssistantMessageReasoningBlocks;
  turnId?: string;
  parentToolCallId?: string;
  citations?: Citations;
  fusion?: FusionAttribution;
}

export interface AssistantMessageToolRequest {
  toolCallId: string;
  name: string;
  arguments?: JsonValue;
  type?: AssistantMessageToolRequestType;
  toolTitle?: string;
  mcpServerName?: string;
  mcpToolName?: string;
  intentionSummary?: string | null;
  caller?: AssistantMessageToolRequestCaller;
}

export interface AssistantMessageServerTools {
  provider: string;
  items?: JsonValue[];
  functionCallNamespaces?: Record<string, string>;
  rawContentBlocks?: JsonValue[];
  advisorModel?: string;
}

export interface AssistantMessageReasoningBlocks {
  provider: string;
  blocks?: JsonValue[];
}

export interface Citations {
  sources: CitationSource[];
  spans: CitationSpan[];
}

export interface FusionAttribution {
  fusionId: string;
  commitId?: string;
  syntheticModel: string;
  policy: string;
  pattern: string;
  phaseId?: string;
  phaseKind?: string;
  role?: string;
  sourceModel?: string;
  conversationScope?: string;
  sourcePhaseId?: string;
}

export interface AssistantMessageToolRequestCaller {
  type: AssistantMessageToolRequestCallerType;
  callerId: string;
}

export interface CitationSource {
  id: string;
  provider: CitationProvider;
  title?: string;
  url?: string;
  path?: string;
}

export interface CitationSpan {
  startIndex: number;
  endIndex: number;
  references: CitationReference[];
}

export type AssistantMessageToolRequestCallerType = "program";

export type CitationProvider = "anthropic" | "openai" | "client";

export interface CitationReference {
  sourceId: string;
  citedText?: string;
  location?: CitationLocation;
  providerMetadata?: JsonValue;
}

export type CitationLocation = CitationLocationChar | CitationLocationPage | CitationLocationBlock;

export interface CitationLocationChar {
  type: "char";
  startIndex: number;
  endIndex: number;
}

export interface CitationLocationPage {
  type: "page";
  startPage: number;
  endPage: number;
}

export interface CitationLocationBlock {
  type: "block";
  startBlock: number;
  endBlock: number;
}

export interface AssistantMessageStartData {
  messageId: string;
  phase?: string;
}

export interface AssistantMessageDeltaData {
  messageId: string;
  deltaContent: string;
  parentToolCallId?: string;
}

export interface AssistantTurnEndData {
  turnId: string;
  model?: string;
}

export interface AssistantIdleData {
  aborted?: boolean;
}

export interface AssistantUsageData {
  model: string;
  inputTokens?: number;
  outputTokens?: number;
  cacheReadTokens?: number;
  cacheWriteTokens?: number;
  cacheExpiresAt?: string;
  reasoningTokens?: number;
  cost?: number;
  duration?: number;
  timeToFirstTokenMs?: number;
  outputTtftMs?: number;
  interTokenLatencyMs?: number;
  initiator?: string;
  interactionType?: string;
  isByok?: boolean;
  isAuto?: boolean;
  maxPromptTokens?: number;
  maxOutputTokens?: number;
  acceptedPredictionTokens?: number;
  rejectedPredictionTokens?: number;
  transport?: AssistantUsageTransport;
  apiCallId?: string;
  providerCallId?: string;
  serviceRequestId?: string;
  rte?: boolean;
  apiEndpoint?: AssistantUsageApiEndpoint;
  parentToolCallId?: string;
  quotaSnapshots?: Record<string, AssistantUsageQuotaSnapshot>;
  copilotUsage?: AssistantUsageCopilotUsage;
  reasoningEffort?: string;
  reasoningSummary?: ReasoningSummary;
  availableToolCount?: number;
  toolTokenCount?: number;
  frontierSource?: string;
  cacheTtlSeconds?: number;
  cacheDetailsReported?: boolean;
  numToolCalls?: number;
  toolCounts?: Record<string, number>;
  finishReason?: string;
  contentFilterTriggered?: boolean;
  fusion?: FusionAttribution;
}

export type AssistantUsageTransport = "http" | "websocket";

export type AssistantUsageApiEndpoint = "/chat/completions" | "/v1/messages" | "/responses" | "ws:/responses";

export interface AssistantUsageQuotaSnapshot {
  isUnlimitedEntitlement: boolean;
  entitlementRequests: number;
  usedRequests: number;
  usageAllowedWithExhaustedQuota: boolean;
  overage: number;
  overageAllowedWithExhaustedQuota: boolean;
  remainingPercentage: number;
  resetDate?: string;
  hasQuota?: boolean;
  tokenBasedBilling?: boolean;
  overageEntitlement?: number;
}

export interface AssistantUsageCopilotUsage {
  model?: string;
  tokenDetails?: AssistantUsageCopilotUsageTokenDetail[];
  totalNanoAiu: number;
}

export interface AssistantUsageCopilotUsageTokenDetail {
  batchSize: number;
  costPerBatch: number;
  model?: string;
  tokenCount: number;
  tokenType: string;
}

export interface ModelCallFailureData {
  model?: string;
  initiator?: string;
  apiCallId?: string;
  providerCallId?: string;
  serviceRequestId?: string;
  rte?: boolean;
  statusCode?: number;
  durationMs?: number;
  apiEndpoint?: AssistantUsageApiEndpoint;
  transport?: ModelCallFailureTransport;
  failureKind?: ModelCallFailureKind;
  maxPromptTokens?: number;
  maxOutputTokens?: number;
  isByok?: boolean;
  isAuto?: boolean;
  reasoningEffort?: string;
  interactionType?: string;
  source: ModelCallFailureSource;
  errorMessage?: string;
  badRequestKind?: ModelCallFailureBadRequestKind;
  errorCode?: string;
  errorType?: string;
  quotaSnapshots?: Record<string, AssistantUsageQuotaSnapshot>;
  requestFingerprint?: ModelCallFailureRequestFingerprint;
  fusion?: FusionAttribution;
}

export type ModelCallFailureKind = "api" | "transport";

export type ModelCallFailureSource = "top_level" | "subagent" | "mcp_sampling";

export type ModelCallFailureBadRequestKind = "bodyless" | "structured_error";

export interface ModelCallFailureRequestFingerprint {
  messageCount: number;
  toolResultMessageCount: number;
  toolCallCount: number;
  namelessToolCallCount: number;
  imagePartCount: number;
  imagePartsMissingMediaType: number;
  lastMessageRole?: string;
}

export interface ModelCallFinishedData {
  turnId: string;
  interactionId?: string;
  dispatchDurationMs: number;
  outcome: ModelCallFinishedOutcome;
  containsBuiltInFileEditRequest?: boolean;
  editClassifierVersion: number;
}

export type ModelCallFinishedOutcome = "success" | "error" | "cancelled" | "rejected";

export interface ModelCallStartData {
  turnId: string;
  model?: string;
  previousResponseId?: string;
  fusion?: FusionAttribution;
}

/** Event type to payload. */
export interface AssistantEventData {
  "assistant.turn_start": AssistantTurnStartData;
  "agent.interrupted": AgentInterruptedData;
  "assistant.intent": AssistantIntentData;
  "assistant.server_tool_progress": AssistantServerToolProgressData;
  "assistant.reasoning": AssistantReasoningData;
  "assistant.reasoning_delta": AssistantReasoningDeltaData;
  "assistant.tool_call_delta": AssistantToolCallDeltaData;
  "assistant.streaming_delta": AssistantStreamingDeltaData;
  "assistant.message": AssistantMessageData;
  "assistant.message_start": AssistantMessageStartData;
  "assistant.message_delta": AssistantMessageDeltaData;
  "assistant.turn_end": AssistantTurnEndData;
  "assistant.idle": AssistantIdleData;
  "assistant.usage": AssistantUsageData;
  "model.call_failure": ModelCallFailureData;
  "model.call_finished": ModelCallFinishedData;
  "model.call_start": ModelCallStartData;
}
