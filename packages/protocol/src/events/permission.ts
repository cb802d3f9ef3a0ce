// Permission requests and their outcomes: the payloads of its events, as the wire protocol (version 3) has them.
import type { JsonValue } from "./json-value.ts";
import type { SessionMode } from "./session.ts";

export interface PermissionRequestedData {
  requestId: string;
  permissionRequest: PermissionRequest;
  promptRequest?: PermissionPromptRequest;
  agentMode?: SessionMode;
  riskAssessment?: JsonValue;
  resolvedByHook?: boolean;
}

export type PermissionRequest =
  | PermissionRequestShell
  | PermissionRequestWrite
  | PermissionRequestRead
  | PermissionRequestMcp
  | PermissionRequestUrl
  | PermissionRequestMemory
  | PermissionRequestCustomTool
  | PermissionRequestHook
  | PermissionRequestExtensionManagement
  | PermissionRequestFactory
  | PermissionRequestExtensionPermissionAccess
  | PermissionRequestExtensionEnvAccess;

export type PermissionPromptRequest =
  | PermissionPromptRequestCommands
  | PermissionPromptRequestWrite
  | PermissionPromptRequestRead
  | PermissionPromptRequestMcp
  | PermissionPromptRequestUrl
  | PermissionPromptRequestMemory
  | PermissionPromptRequestCustomTool
  | PermissionPromptRequestPath
  | PermissionPromptRequestHook
  | PermissionPromptRequestExtensionManagement
  | PermissionPromptRequestFactory
  | PermissionPromptRequestExtensionPermissionAccess
  | PermissionPromptRequestExtensionEnvAccess;

export interface PermissionRequestShell {
  kind: "shell";
  toolCallId?: string;
  managedApprovalRequired?: boolean;
  fullCommandText: string;
  intention: string;
  commands: PermissionRequestShellCommand[];
  commandSegments?: PermissionRequestShellCommandSegment[];
  possiblePaths: string[];
  resolvedWorkingDirectory?: string;
  resolvedPaths?: Record<string, string>;
  possibleUrls: PermissionRequestShellPossibleUrl[];
  hasWriteFileRedirection: boolean;
  canOfferSessionApproval: boolean;
  warning?: string;
  requestSandboxBypass?: boolean;
  requestSandboxPermissive?: boolean;
  requestSandboxBypassReason?: string;
}

export interface PermissionRequestWrite {
  kind: "write";
  toolCallId?: string;
  managedApprovalRequired?: boolean;
  intention: string;
  fileName: string;
  resolvedPath?: string;
  diff: string;
  newFileContents?: string;
  canOfferSessionApproval: boolean;
  requestSandboxBypass?: boolean;
  requestSandboxBypassReason?: string;
}

export interface PermissionRequestRead {
  kind: "read";
  toolCallId?: string;
  managedApprovalRequired?: boolean;
  intention: string;
  path: string;
  resolvedPath?: string;
  requestSandboxBypass?: boolean;
  requestSandboxBypassReason?: string;
}

export interface PermissionRequestMcp {
  kind: "mcp";
  toolCallId?: string;
  serverName: string;
  toolName: string;
  toolTitle: string;
  args?: JsonValue;
  readOnly: boolean;
  permissionRecommendation?: PermissionRecommendation;
}

export interface PermissionRequestUrl {
  kind: "url";
  toolCallId?: string;
  managedApprovalRequired?: boolean;
  intention: string;
  url: string;
  redirectedFrom?: string;
  requestSandboxBypass?: boolean;
  requestSandboxBypassReason?: string;
}

export interface PermissionRequestMemory {
  kind: "memory";
  toolCallId?: string;
  action?: PermissionRequestMemoryAction;
  subject?: string;
  fact: string;
  citations?: string;
  direction?: PermissionRequestMemoryDirection;
  reason?: string;
  scope?: PermissionRequestMemoryScope;
  repoNwo?: string;
  assistedApproval?: PermissionAssistedApproval;
}

export interface PermissionRequestCustomTool {
  kind: "custom-tool";
  toolCallId?: string;
  toolName: string;
  toolDescription: string;
  args?: JsonValue;
  skipPermission?: boolean;
}

export interface PermissionRequestHook {
  kind: "hook";
  toolCallId?: string;
  toolName: string;
  toolArgs?: JsonValue;
  hookMessage?: string;
}

export interface PermissionRequestExtensionManagement {
  kind: "extension-management";
  toolCallId?: string;
  operation: string;
  extensionName?: string;
}

export interface PermissionRequestFactory {
  kind: "factory";
  toolCallId?: string;
  operation: FactoryPermissionOperation;
  name: string;
  description: string;
  phases: FactoryPermissionPhase[];
  maxConcurrentSubagents?: number;
  maxTotalSubagents?: number;
  timeoutSeconds?: number;
  maxAiCredits?: number;
  declaredMaxConcurrentSubagents?: number;
  declaredMaxTotalSubagents?: number;
  declaredTimeoutSeconds?: number;
  declaredMaxAiCredits?: number;
  approvalKey: string;
  canPersistApproval: boolean;
}

export interface PermissionRequestExtensionPermissionAccess {
  kind: "extension-permission-access";
  toolCallId?: string;
  extensionName: string;
  capabilities: string[];
}

export interface PermissionRequestExtensionEnvAccess {
  kind: "extension-env-access";
  toolCallId?: string;
  extensionName: string;
  environmentVariables: [string, ...string[]];
}

export interface PermissionPromptRequestCommands {
  kind: "commands";
  toolCallId?: string;
  fullCommandText: string;
  intention: string;
  commandIdentifiers: string[];
  canOfferSessionApproval: boolean;
  warning?: string;
  assistedApproval?: PermissionAssistedApproval;
  managedApprovalRequired?: boolean;
  requestSandboxBypass?: boolean;
  requestSandboxPermissive?: boolean;
  requestSandboxBypassReason?: string;
}

export interface PermissionPromptRequestWrite {
  kind: "write";
  toolCallId?: string;
  intention: string;
  fileName: string;
  resolvedPath?: string;
  diff: string;
  newFileContents?: string;
  canOfferSessionApproval: boolean;
  assistedApproval?: PermissionAssistedApproval;
  managedApprovalRequired?: boolean;
}

export interface PermissionPromptRequestRead {
  kind: "read";
  toolCallId?: string;
  intention: string;
  path: string;
  resolvedPath?: string;
  assistedApproval?: PermissionAssistedApproval;
  managedApprovalRequired?: boolean;
}

export interface PermissionPromptRequestMcp {
  kind: "mcp";
  toolCallId?: string;
  serverName: string;
  toolName: string;
  toolTitle: string;
  args?: JsonValue;
  permissionRecommendation?: PermissionRecommendation;
  assistedApproval?: PermissionAssistedApproval;
  canOfferServerWideApproval?: boolean;
}

export interface PermissionPromptRequestUrl {
  kind: "url";
  toolCallId?: string;
  intention: string;
  url: string;
  redirectedFrom?: string;
  requestSandboxBypass?: boolean;
  requestSandboxBypassReason?: string;
  assistedApproval?: PermissionAssistedApproval;
  managedApprovalRequired?: boolean;
}

export interface PermissionPromptRequestMemory {
  kind: "memory";
  toolCallId?: string;
  action?: PermissionRequestMemoryAction;
  subject?: string;
  fact: string;
  citations?: string;
  direction?: PermissionRequestMemoryDirection;
  reason?: string;
  assistedApproval?: PermissionAssistedApproval;
}

export interface PermissionPromptRequestCustomTool {
  kind: "custom-tool";
  toolCallId?: string;
  toolName: string;
  toolDescription: string;
  args?: JsonValue;
  assistedApproval?: PermissionAssistedApproval;
}

export interface PermissionPromptRequestPath {
  kind: "path";
  toolCallId?: string;
  accessKind: PermissionPromptRequestPathAccessKind;
  paths: string[];
  assistedApproval?: PermissionAssistedApproval;
}

export interface PermissionPromptRequestHook {
  kind: "hook";
  toolCallId?: string;
  toolName: string;
  toolArgs?: JsonValue;
  hookMessage?: string;
  assistedApproval?: PermissionAssistedApproval;
}

export interface PermissionPromptRequestExtensionManagement {
  kind: "extension-management";
  toolCallId?: string;
  operation: string;
  extensionName?: string;
  assistedApproval?: PermissionAssistedApproval;
}

export interface PermissionPromptRequestFactory {
  kind: "factory";
  toolCallId?: string;
  operation: FactoryPermissionOperation;
  name: string;
  description: string;
  phases: FactoryPermissionPhase[];
  maxConcurrentSubagents?: number;
  maxTotalSubagents?: number;
  timeoutSeconds?: number;
  maxAiCredits?: number;
  declaredMaxConcurrentSubagents?: number;
  declaredMaxTotalSubagents?: number;
  declaredTimeoutSeconds?: number;
  declaredMaxAiCredits?: number;
  approvalKey: string;
  canPersistApproval: boolean;
  assistedApproval?: PermissionAssistedApproval;
  managedApprovalRequired?: boolean;
}

export interface PermissionPromptRequestExtensionPermissionAccess {
  kind: "extension-permission-access";
  toolCallId?: string;
  extensionName: string;
  capabilities: string[];
  assistedApproval?: PermissionAssistedApproval;
}

export interface PermissionPromptRequestExtensionEnvAccess {
  kind: "extension-env-access";
  toolCallId?: string;
  extensionName: string;
  environmentVariables: [string, ...string[]];
  assistedApproval?: PermissionAssistedApproval;
}

export interface PermissionRequestShellCommand {
  identifier: string;
  readOnly: boolean;
}

export interface PermissionRequestShellCommandSegment {
  identifier: string;
  fullCommandText: string;
}

export interface PermissionRequestShellPossibleUrl {
  url: string;
}

export type PermissionRecommendation = "approve";

export type PermissionRequestMemoryAction = "store" | "vote";

export type PermissionRequestMemoryDirection = "upvote" | "downvote";

export type PermissionRequestMemoryScope = "repository" | "user";

export interface PermissionAssistedApproval {
  recommendation: AssistedApprovalRecommendation;
  reason?: string;
  model?: string;
  failureReason?: AssistedApprovalJudgeFailureReason;
}

export type FactoryPermissionOperation = "run" | "author";

export interface FactoryPermissionPhase {
  title: string;
  detail?: string;
}

export type PermissionPromptRequestPathAccessKind = "read" | "shell" | "write";

export type AssistedApprovalRecommendation = "approve" | "requireApproval" | "excluded" | "error";

export type AssistedApprovalJudgeFailureReason = "timeout" | "abort" | "empty_response" | "model_error" | "parse_error";

export interface PermissionCompletedData {
  requestId: string;
  toolCallId?: string;
  result: PermissionResult;
  decisionSource?: PermissionDecisionSource;
}

export type PermissionResult =
  | PermissionApproved
  | PermissionApprovedForSession
  | PermissionApprovedForLocation
  | PermissionCancelled
  | PermissionDeniedByRules
  | PermissionDeniedNoApprovalRuleAndCouldNotRequestFromUser
  | PermissionDeniedInteractivelyByUser
  | PermissionDeniedByContentExclusionPolicy
  | PermissionDeniedByPermissionRequestHook;

export type PermissionDecisionSource =
  | "assisted_approval"
  | "human_response"
  | "host_policy"
  | "unattended_fallback"
  | "authorization_carry_forward";

export interface PermissionApproved {
  kind: "approved";
  managedApprovalHandled?: boolean;
}

export interface PermissionApprovedForSession {
  kind: "approved-for-session";
  approval: UserToolSessionApproval;
  managedApprovalHandled?: boolean;
}

export interface PermissionApprovedForLocation {
  kind: "approved-for-location";
  approval: UserToolSessionApproval;
  locationKey: string;
  managedApprovalHandled?: boolean;
}

export interface PermissionCancelled {
  kind: "cancelled";
  reason?: string;
}

export interface PermissionDeniedByRules {
  kind: "denied-by-rules";
  rules: PermissionRule[];
}

export interface PermissionDeniedNoApprovalRuleAndCouldNotRequestFromUser {
  kind: "denied-no-approval-rule-and-could-not-request-from-user";
}

export interface PermissionDeniedInteractivelyByUser {
  kind: "denied-interactively-by-user";
  feedback?: string;
  forceReject?: boolean;
}

export interface PermissionDeniedByContentExclusionPolicy {
  kind: "denied-by-content-exclusion-policy";
  path: string;
  message: string;
}

export interface PermissionDeniedByPermissionRequestHook {
  kind: "denied-by-permission-request-hook";
  message?: string;
  interrupt?: boolean;
}

export type UserToolSessionApproval =
  | UserToolSessionApprovalCommands
  | UserToolSessionApprovalRead
  | UserToolSessionApprovalWrite
  | UserToolSessionApprovalMcp
  | UserToolSessionApprovalMemory
  | UserToolSessionApprovalCustomTool
  | UserToolSessionApprovalExtensionManagement
  | UserToolSessionApprovalFactory
  | UserToolSessionApprovalExtensionPermissionAccess
  | UserToolSessionApprovalExtensionEnvAccess;

export interface PermissionRule {
  kind: string;
  argument: string | null;
}

export interface UserToolSessionApprovalCommands {
  kind: "commands";
  commandIdentifiers: string[];
}

export interface UserToolSessionApprovalRead {
  kind: "read";
}

export interface UserToolSessionApprovalWrite {
  kind: "write";
}

export interface UserToolSessionApprovalMcp {
  kind: "mcp";
  serverName: string;
  toolName: string | null;
}

export interface UserToolSessionApprovalMemory {
  kind: "memory";
}

export interface UserToolSessionApprovalCustomTool {
  kind: "custom-tool";
  toolName: string;
}

export interface UserToolSessionApprovalExtensionManagement {
  kind: "extension-management";
  operation?: string;
}

export interface UserToolSessionApprovalFactory {
  kind: "factory";
  approvalKey?: string;
}

export interface UserToolSessionApprovalExtensionPermissionAccess {
  kind: "extension-permission-access";
  extensionName: string;
}

export interface UserToolSessionApprovalExtensionEnvAccess {
  kind: "extension-env-access";
  extensionName: string;
  environmentVariables: [string, ...string[]];
}

/** Event type to payload. */
export interface PermissionEventData {
  "permission.requested": PermissionRequestedData;
  "permission.completed": PermissionCompletedData;
}
