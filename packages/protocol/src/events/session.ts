// Session life cycle and settings: the payloads of its events, as the wire protocol (version 3) has them.

export interface StartData {
  sessionId: string;
  version: number;
  producer: string;
  copilotVersion: string;
  startTime: string;
  selectedModel?: string;
  reasoningEffort?: string;
  reasoningSummary?: ReasoningSummary;
  verbosity?: Verbosity;
  contextTier?: ContextTier | null;
  autoTier?: AutoTier;
  sessionLimits?: SessionLimitsConfig;
  context?: WorkingDirectoryContext;
  githubMcpToolConfig?: GitHubMcpToolConfig;
  alreadyInUse?: boolean;
  remoteSteerable?: boolean;
  detachedFromSpawningParentSessionId?: string;
}

export type ReasoningSummary = "none" | "concise" | "detailed";

export type Verbosity = "low" | "medium" | "high";

export type ContextTier = "default" | "long_context";

export type AutoTier = "efficiency" | "balance" | "intelligence" | "fast";

export interface SessionLimitsConfig {
  maxAiCredits?: number;
}

export interface WorkingDirectoryContext {
  cwd: string;
  gitRoot?: string;
  repository?: string;
  hostType?: WorkingDirectoryContextHostType;
  repositoryHost?: string;
  branch?: string;
  headCommit?: string;
  baseCommit?: string;
  pendingGitContext?: boolean;
}

export interface GitHubMcpToolConfig {
  enableAllTools?: boolean;
  additionalToolsets?: string[];
  additionalTools?: string[];
  enableInsidersMode?: boolean;
}

export type WorkingDirectoryContextHostType = "github" | "ado";

export interface ResumeData {
  resumeTime: string;
  eventCount: number;
  eventsFileSizeBytes?: number;
  selectedModel?: string;
  reasoningEffort?: string;
  reasoningSummary?: ReasoningSummary;
  verbosity?: Verbosity;
  contextTier?: ContextTier | null;
  autoTier?: AutoTier;
  sessionLimits?: SessionLimitsConfig | null;
  context?: WorkingDirectoryContext;
  alreadyInUse?: boolean;
  sessionWasActive?: boolean;
  remoteSteerable?: boolean;
  continuePendingWork?: boolean;
}

export interface RemoteSteerableChangedData {
  remoteSteerable: boolean;
}

export interface ErrorData {
  errorType: string;
  errorCode?: string;
  eligibleForAutoSwitch?: boolean;
  message: string;
  remediation?: RemediationAction;
  stack?: string;
  statusCode?: number;
  providerCallId?: string;
  serviceRequestId?: string;
  url?: string;
}

export type RemediationAction =
  | "sign_in"
  | "switch_account"
  | "show_account"
  | "review_sandbox_policy"
  | "allow_sandbox_outbound";

export interface IdleData {
  aborted?: boolean;
  mode?: SessionMode;
}

export type SessionMode = "interactive" | "plan" | "autopilot";

export interface TitleChangedData {
  title: string;
}

export interface ScheduleCreatedData {
  id: number;
  intervalMs?: number;
  cron?: string;
  tz?: string;
  at?: number;
  prompt: string;
  recurring?: boolean;
  selfPaced?: boolean;
  displayPrompt?: string;
  origin?: ScheduleOrigin;
}

export type ScheduleOrigin = "user" | "model";

export interface ScheduleCancelledData {
  id: number;
}

export interface ScheduleRearmedData {
  id: number;
  nextRunAt: number;
}

export interface AutopilotObjectiveChangedData {
  operation: AutopilotObjectiveChangedOperation;
  id?: number;
  status?: AutopilotObjectiveChangedStatus;
}

export type AutopilotObjectiveChangedOperation = "create" | "update" | "delete";

export type AutopilotObjectiveChangedStatus = "active" | "paused" | "cap_reached" | "completed";

export interface InfoData {
  infoType: string;
  message: string;
  url?: string;
  tip?: string;
}

export interface WarningData {
  warningType: string;
  message: string;
  url?: string;
  remediation?: RemediationAction;
}

export interface ModelChangeData {
  previousModel?: string;
  newModel: string;
  previousReasoningEffort?: string;
  reasoningEffort?: string | null;
  previousReasoningSummary?: ReasoningSummary;
  reasoningSummary?: ReasoningSummary;
  previousVerbosity?: Verbosity;
  verbosity?: Verbosity;
  contextTier?: ContextTier | null;
  cause?: string;
  source?: ModelChangeSource;
  previousAutoTier?: AutoTier;
  autoTier?: AutoTier | null;
}

export type ModelChangeSource =
  | "model_command"
  | "settings_command"
  | "config_command"
  | "model_picker"
  | "managed_settings"
  | "repo_settings"
  | "startup"
  | "agent"
  | "plan_mode"
  | "automatic"
  | "sdk";

export interface AutoTierSwitchFailedData {
  effectiveAutoTier?: AutoTier;
  requestedAutoTier: AutoTier | null;
  reason: AutoTierSwitchFailureReason;
}

export type AutoTierSwitchFailureReason = "policy_rejected" | "request_failed" | "setup_failed" | "unsupported";

export interface ModeChangedData {
  previousMode: SessionMode;
  newMode: SessionMode;
}

export interface ModeNoticeDeliveredData {
  mode: SessionMode;
  content?: string;
}

export interface SessionLimitsChangedData {
  sessionLimits: SessionLimitsConfig | null;
}

export interface PlanChangedData {
  operation: PlanChangedOperation;
}

export type PlanChangedOperation = "create" | "update" | "delete";

export type TodosChangedData = Record<string, unknown>;

export interface WorkspaceFileChangedData {
  path: string;
  operation: WorkspaceFileChangedOperation;
}

export type WorkspaceFileChangedOperation = "create" | "update";

export interface HandoffData {
  handoffTime: string;
  sourceType: HandoffSourceType;
  repository?: HandoffRepository;
  context?: string;
  summary?: string;
  remoteSessionId?: string;
  host?: string;
}

export type HandoffSourceType = "remote" | "local";

export interface HandoffRepository {
  owner: string;
  name: string;
  branch?: string;
}

/** Event type to payload. */
export interface SessionEventData {
  "session.start": StartData;
  "session.resume": ResumeData;
  "session.remote_steerable_changed": RemoteSteerableChangedData;
  "session.error": ErrorData;
  "session.idle": IdleData;
  "session.title_changed": TitleChangedData;
  "session.schedule_created": ScheduleCreatedData;
  "session.schedule_cancelled": ScheduleCancelledData;
  "session.schedule_rearmed": ScheduleRearmedData;
  "session.autopilot_objective_changed": AutopilotObjectiveChangedData;
  "session.info": InfoData;
  "session.warning": WarningData;
  "session.model_change": ModelChangeData;
  "session.auto_tier_switch_failed": AutoTierSwitchFailedData;
  "session.mode_changed": ModeChangedData;
  "session.mode_notice_delivered": ModeNoticeDeliveredData;
  "session.session_limits_changed": SessionLimitsChangedData;
  "session.plan_changed": PlanChangedData;
  "session.todos_changed": TodosChangedData;
  "session.workspace_file_changed": WorkspaceFileChangedData;
  "session.handoff": HandoffData;
  "session.context_changed": WorkingDirectoryContext;
}
