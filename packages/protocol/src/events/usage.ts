// Usage, context and the end of a session: the payloads of its events, as the wire protocol (version 3) has them.
import type { JsonValue } from "./json-value.ts";

export interface TruncationData {
  tokenLimit: number;
  preTruncationTokensInMessages: number;
  preTruncationMessagesLength: number;
  postTruncationTokensInMessages: number;
  postTruncationMessagesLength: number;
  tokensRemovedDuringTruncation: number;
  messagesRemovedDuringTruncation: number;
  performedBy: string;
}

export interface SnapshotRewindData {
  upToEventId: string;
  eventsRemoved: number;
}

export interface ShutdownData {
  shutdownType: ShutdownType;
  errorReason?: string;
  totalPremiumRequests?: number;
  totalNanoAiu?: number;
  tokenDetails?: Record<string, ShutdownTokenDetail>;
  totalApiDurationMs: number;
  sessionStartTime: number;
  eventsFileSizeBytes?: number;
  codeChanges: ShutdownCodeChanges;
  modelMetrics: Record<string, ShutdownModelMetric>;
  agentMetrics?: Record<string, ShutdownAgentMetric>;
  currentModel?: string;
  currentTokens?: number;
  systemTokens?: number;
  conversationTokens?: number;
  toolDefinitionsTokens?: number;
}

export type ShutdownType = "routine" | "error";

export interface ShutdownTokenDetail {
  tokenCount: number;
}

export interface ShutdownCodeChanges {
  linesAdded: number;
  linesRemoved: number;
  filesModified: string[];
}

export interface ShutdownModelMetric {
  requests: ShutdownModelMetricRequests;
  usage: ShutdownModelMetricUsage;
  totalNanoAiu?: number;
  tokenDetails?: Record<string, ShutdownModelMetricTokenDetail>;
}

export interface ShutdownAgentMetric {
  agentName?: string;
  agentDisplayName?: string;
  totalApiDurationMs: number;
  totalNanoAiu: number;
  modelMetrics: Record<string, ShutdownModelMetric>;
}

export interface ShutdownModelMetricRequests {
  count?: number;
  cost?: number;
}

export interface ShutdownModelMetricUsage {
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  reasoningTokens?: number;
}

export interface ShutdownModelMetricTokenDetail {
  tokenCount: number;
}

export interface UsageCheckpointData {
  totalNanoAiu: number;
  totalPremiumRequests?: number;
  modelCacheState?: UsageCheckpointModelCacheState[];
  promptCacheBreakState?: JsonValue[];
}

export interface UsageCheckpointModelCacheState {
  modelId: string;
  cacheExpiresAt: string;
  cacheTtlSeconds: number;
}

export interface UsageInfoData {
  tokenLimit: number;
  currentTokens: number;
  messagesLength: number;
  systemTokens?: number;
  conversationTokens?: number;
  toolDefinitionsTokens?: number;
  isInitial?: boolean;
}

export interface ContextClearedData {
  initialMessage?: string;
  messagesCleared: number;
}

export interface CompactionStartData {
  model?: string;
  systemTokens?: number;
  conversationTokens?: number;
  toolDefinitionsTokens?: number;
  currentTokens?: number;
  tokenLimit?: number;
  trigger?: CompactionTrigger;
}

export type CompactionTrigger = "threshold" | "context_limit_retry" | "manual" | "memory_pressure" | "model_switch";

export interface CompactionCompleteData {
  success: boolean;
  error?: string;
  preCompactionTokens?: number;
  postCompactionTokens?: number;
  preCompactionMessagesLength?: number;
  messagesRemoved?: number;
  tokensRemoved?: number;
  customInstructions?: string;
  summaryContent?: string;
  activeFactorySummary?: string;
  behaviorModelId?: string;
  checkpointNumber?: number;
  checkpointPath?: string;
  compactionTokensUsed?: CompactionCompleteCompactionTokensUsed;
  requestId?: string;
  serviceRequestId?: string;
  systemTokens?: number;
  conversationTokens?: number;
  toolDefinitionsTokens?: number;
  statusCode?: number;
  tokenLimit?: number;
  trigger?: CompactionTrigger;
}

export interface CompactionCompleteCompactionTokensUsed {
  inputTokens?: number;
  outputTokens?: number;
  cacheReadTokens?: number;
  cacheWriteTokens?: number;
  copilotUsage?: CompactionCompleteCompactionTokensUsedCopilotUsage;
  duration?: number;
  model?: string;
}

export interface CompactionCompleteCompactionTokensUsedCopilotUsage {
  model?: string;
  tokenDetails?: CompactionCompleteCompactionTokensUsedCopilotUsageTokenDetail[];
  totalNanoAiu: number;
}

export interface CompactionCompleteCompactionTokensUsedCopilotUsageTokenDetail {
  batchSize: number;
  costPerBatch: number;
  model?: string;
  tokenCount: number;
  tokenType: string;
}

export interface TaskCompleteData {
  summary?: string;
  success?: boolean;
  outcome?: TaskCompletionOutcome;
  reason?: string;
  objectiveId?: number;
}

export type TaskCompletionOutcome = "completed" | "continue" | "blocked";

/** Event type to payload. */
export interface UsageEventData {
  "session.truncation": TruncationData;
  "session.snapshot_rewind": SnapshotRewindData;
  "session.shutdown": ShutdownData;
  "session.usage_checkpoint": UsageCheckpointData;
  "session.usage_info": UsageInfoData;
  "session.context_cleared": ContextClearedData;
  "session.compaction_start": CompactionStartData;
  "session.compaction_complete": CompactionCompleteData;
  "session.task_complete": TaskCompleteData;
}
