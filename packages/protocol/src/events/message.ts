// What goes into the conversation: the payloads of its events, as the wire protocol (version 3) has them.
import type { JsonValue } from "./json-value.ts";

export interface UserMessageData {
  content: string;
  messageId?: string;
  transformedContent?: string;
  attachments?: Attachment[];
  supportedNativeDocumentMimeTypes?: string[];
  nativeDocumentPathFallbackPaths?: string[];
  source?: string;
  delivery?: UserMessageDelivery;
  agentMode?: UserMessageAgentMode;
  isAutopilotContinuation?: boolean;
  interactionId?: string;
  turnId?: string;
  parentAgentTaskId?: string;
}

export type Attachment =
  | AttachmentFile
  | AttachmentDirectory
  | AttachmentSelection
  | AttachmentGitHubReference
  | AttachmentGitHubCommit
  | AttachmentGitHubRelease
  | AttachmentGitHubActionsJob
  | AttachmentGitHubRepository
  | AttachmentGitHubFileDiff
  | AttachmentGitHubTreeComparison
  | AttachmentGitHubUrl
  | AttachmentGitHubFile
  | AttachmentGitHubSnippet
  | AttachmentBlob
  | AttachmentExtensionContext;

export type UserMessageDelivery = "idle" | "steering" | "queued";

export type UserMessageAgentMode = "interactive" | "plan" | "autopilot" | "shell";

export interface AttachmentFile {
  type: "file";
  path: string;
  displayName: string;
  lineRange?: AttachmentFileLineRange;
  mimeType?: string;
  assetId?: string;
  byteLength?: number;
  omittedReason?: OmittedBinaryOmittedReason;
  taggedFilesEntry?: string;
}

export interface AttachmentDirectory {
  type: "directory";
  path: string;
  displayName: string;
  taggedFilesEntry?: string;
}

export interface AttachmentSelection {
  type: "selection";
  filePath: string;
  displayName: string;
  text: string;
  selection: AttachmentSelectionDetails;
}

export interface AttachmentGitHubReference {
  type: "github_reference";
  number: number;
  title: string;
  referenceType: AttachmentGitHubReferenceType;
  state: string;
  url: string;
}

export interface AttachmentGitHubCommit {
  type: "github_commit";
  repo: GitHubRepoRef;
  oid: string;
  message: string;
  url: string;
}

export interface AttachmentGitHubRelease {
  type: "github_release";
  repo: GitHubRepoRef;
  tagName: string;
  name: string;
  url: string;
}

export interface AttachmentGitHubActionsJob {
  type: "github_actions_job";
  repo: GitHubRepoRef;
  jobId: number;
  jobName: string;
  workflowName: string;
  url: string;
  conclusion?: string;
}

export interface AttachmentGitHubRepository {
  type: "github_repository";
  repo: GitHubRepoRef;
  url: string;
  description?: string;
  ref?: string;
}

export interface AttachmentGitHubFileDiff {
  type: "github_file_diff";
  url: string;
  head?: AttachmentGitHubFileDiffSide;
  base?: AttachmentGitHubFileDiffSide;
}

export interface AttachmentGitHubTreeComparison {
  type: "github_tree_comparison";
  url: string;
  base: AttachmentGitHubTreeComparisonSide;
  head: AttachmentGitHubTreeComparisonSide;
}

export interface AttachmentGitHubUrl {
  type: "github_url";
  url: string;
}

export interface AttachmentGitHubFile {
  type: "github_file";
  repo: GitHubRepoRef;
  ref: string;
  path: string;
  url: string;
}

export interface AttachmentGitHubSnippet {
  type: "github_snippet";
  repo: GitHubRepoRef;
  ref: string;
  path: string;
  url: string;
  lineRange: AttachmentFileLineRange;
}

export interface AttachmentBlob {
  type: "blob";
  data?: string;
  mimeType: string;
  displayName?: string;
  assetId?: string;
  byteLength?: number;
  omittedReason?: OmittedBinaryOmittedReason;
}

export interface AttachmentExtensionContext {
  type: "extension_context";
  extensionId: string;
  canvasId?: string;
  instanceId?: string;
  title: string;
  payload?: JsonValue;
  capturedAt: string;
}

export interface AttachmentFileLineRange {
  start: number;
  end: number;
}

export type OmittedBinaryOmittedReason = "too_large" | "asset_unavailable";

export interface AttachmentSelectionDetails {
  start: AttachmentSelectionDetailsStart;
  end: AttachmentSelectionDetailsEnd;
}

export type AttachmentGitHubReferenceType = "issue" | "pr" | "discussion";

export interface GitHubRepoRef {
  id?: number;
  name: string;
  owner: string;
}

export interface AttachmentGitHubFileDiffSide {
  repo: GitHubRepoRef;
  ref: string;
  path: string;
}

export interface AttachmentGitHubTreeComparisonSide {
  repo: GitHubRepoRef;
  revision: string;
}

export interface AttachmentSelectionDetailsStart {
  line: number;
  character: number;
}

export interface AttachmentSelectionDetailsEnd {
  line: number;
  character: number;
}

export type PendingMessagesModifiedData = Record<string, unknown>;

export interface AbortData {
  reason: AbortReason;
}

export type AbortReason = "user_initiated" | "remote_command" | "user_abort" | "autopilot_credit_limit";

export interface SystemMessageData {
  content: string;
  interactionId?: string;
  role: SystemMessageRole;
  name?: string;
  metadata?: SystemMessageMetadata;
}

export type SystemMessageRole = "system" | "developer";

export interface SystemMessageMetadata {
  promptVersion?: string;
  variables?: Record<string, JsonValue>;
}

export interface SystemNotificationData {
  content: string;
  kind: SystemNotification;
}

export type SystemNotification =
  | SystemNotificationAgentCompleted
  | SystemNotificationAgentIdle
  | SystemNotificationNewInboxMessage
  | SystemNotificationShellCompleted
  | SystemNotificationShellDetachedCompleted
  | SystemNotificationInstructionDiscovered
  | SystemNotificationFactoryCompleted
  | SystemNotificationUnclassified;

export interface SystemNotificationAgentCompleted {
  type: "agent_completed";
  agentId: string;
  displayName?: string;
  agentType: string;
  status: SystemNotificationAgentCompletedStatus;
  description?: string;
  prompt?: string;
}

export interface SystemNotificationAgentIdle {
  type: "agent_idle";
  agentId: string;
  displayName?: string;
  agentType: string;
  description?: string;
}

export interface SystemNotificationNewInboxMessage {
  type: "new_inbox_message";
  entryId: string;
  senderName: string;
  senderType: string;
  summary: string;
}

export interface SystemNotificationShellCompleted {
  type: "shell_completed";
  shellId: string;
  exitCode?: number;
  description?: string;
}

export interface SystemNotificationShellDetachedCompleted {
  type: "shell_detached_completed";
  shellId: string;
  description?: string;
}

export interface SystemNotificationInstructionDiscovered {
  type: "instruction_discovered";
  sourcePath: string;
  triggerFile: string;
  triggerTool: string;
  description?: string;
}

export interface SystemNotificationFactoryCompleted {
  type: "factory_completed";
  runId: string;
  factoryName: string;
  status: SystemNotificationFactoryCompletedStatus;
  consumedSubagents: number;
  elapsedMs: number;
  consumedNanoAiu: number;
  attempt: number;
  resultPreview?: string;
  failure?: JsonValue;
  retryGuidance?: string;
  pauseInfo?: SystemNotificationFactoryPauseInfo;
}

export interface SystemNotificationUnclassified {
  type: "unclassified";
  metadata?: JsonValue;
}

export type SystemNotificationAgentCompletedStatus = "completed" | "failed";

export type SystemNotificationFactoryCompletedStatus = "completed" | "halted" | "paused" | "cancelled" | "error";

export type SystemNotificationFactoryPauseInfo = { type: "user" } | { key: string; type: "checkpoint" };

/** Event type to payload. */
export interface MessageEventData {
  "user.message": UserMessageData;
  "pending_messages.modified": PendingMessagesModifiedData;
  abort: AbortData;
  "system.message": SystemMessageData;
  "system.notification": SystemNotificationData;
}
