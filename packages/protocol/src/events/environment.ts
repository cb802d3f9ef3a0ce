// What surrounds a session: MCP servers, skills, commands, capabilities: the payloads of its events, as the wire protocol (version 3) has them.
import type { JsonValue } from "./json-value.ts";
import type { Attachment } from "./message.ts";
import type { McpServerSource, McpServerTransport } from "./tool.ts";

export interface McpOauthRequiredData {
  requestId: string;
  serverName: string;
  serverUrl: string;
  staticClientConfig?: McpOauthRequiredStaticClientConfig;
  wwwAuthenticateParams?: McpOauthWWWAuthenticateParams;
  httpResponse?: McpOauthHttpResponse;
  resourceMetadata?: string;
  reason: McpOauthRequestReason;
}

export interface McpOauthRequiredStaticClientConfig {
  clientId: string;
  clientSecret?: string;
  publicClient?: boolean;
  grantType?: "client_credentials";
}

export interface McpOauthWWWAuthenticateParams {
  resourceMetadataUrl?: string;
  scope?: string;
  error?: string;
}

export interface McpOauthHttpResponse {
  statusCode: number;
  headers: HeaderEntry[];
  body?: string;
}

export type McpOauthRequestReason = "initial" | "refresh" | "reauth" | "upscope";

export interface HeaderEntry {
  name: string;
  value: string;
}

export interface McpOauthCompletedData {
  requestId: string;
  outcome: McpOauthCompletionOutcome;
}

export type McpOauthCompletionOutcome = "token" | "cancelled";

export interface McpHeadersRefreshRequiredData {
  requestId: string;
  serverName: string;
  serverUrl: string;
  reason: McpHeadersRefreshRequiredReason;
}

export type McpHeadersRefreshRequiredReason = "startup" | "ttl-expired" | "auth-failed";

export interface McpHeadersRefreshCompletedData {
  requestId: string;
  outcome: McpHeadersRefreshCompletedOutcome;
}

export type McpHeadersRefreshCompletedOutcome = "headers" | "none" | "error" | "timeout";

export interface CustomNotificationData {
  source: string;
  name: string;
  version?: number;
  subject?: CustomNotificationSubject;
  payload: CustomNotificationPayload;
}

export type CustomNotificationSubject = Record<string, string>;

export type CustomNotificationPayload = JsonValue;

export interface CommandQueuedData {
  requestId: string;
  command: string;
}

export interface CommandExecuteData {
  requestId: string;
  command: string;
  commandName: string;
  args: string;
}

export interface CommandCompletedData {
  requestId: string;
}

export interface CommandsChangedData {
  commands: CommandsChangedCommand[];
}

export interface CommandsChangedCommand {
  name: string;
  description?: string;
}

export interface CapabilitiesChangedData {
  ui?: CapabilitiesChangedUI;
}

export interface CapabilitiesChangedUI {
  elicitation?: boolean;
  mcpApps?: boolean;
  canvases?: boolean;
}

export interface ToolsUpdatedData {
  model: string;
}

export type BackgroundTasksChangedData = Record<string, unknown>;

export interface SkillsLoadedData {
  skills: SkillsLoadedSkill[];
}

export interface SkillsLoadedSkill {
  name: string;
  commandName?: string;
  description: string;
  source: SkillSource;
  userInvocable: boolean;
  enabled: boolean;
  path?: string;
  argumentHint?: string;
}

export type SkillSource =
  | "project"
  | "inherited"
  | "personal-copilot"
  | "personal-agents"
  | "plugin"
  | "custom"
  | "builtin"
  | "sdk";

export interface CustomAgentsUpdatedData {
  agents: CustomAgentsUpdatedAgent[];
  warnings: string[];
  errors: string[];
}

export interface CustomAgentsUpdatedAgent {
  id: string;
  name: string;
  displayName: string;
  description: string;
  source: string;
  tools: string[] | null;
  userInvocable: boolean;
  disableModelInvocation?: boolean;
  model?: string;
  models?: string[];
  modelPolicy?: AgentModelPolicy;
}

export type AgentModelPolicy = "preferred" | "required";

export interface McpServersLoadedData {
  servers: McpServersLoadedServer[];
}

export interface McpServersLoadedServer {
  name: string;
  status: McpServerStatus;
  source?: McpServerSource;
  displayName?: string;
  error?: string;
  serverMetadata?: McpServerMetadata;
  transport?: McpServerTransport;
  pluginName?: string;
  pluginVersion?: string;
}

export type McpServerStatus =
  | "connected"
  | "failed"
  | "needs-auth"
  | "pending"
  | "disabled"
  | "stopped"
  | "not_configured";

export interface McpServerMetadata {
  instructions: string | null;
}

export interface McpServerStatusChangedData {
  serverName: string;
  status: McpServerStatus;
  error?: string;
}

export interface McpServerRemovedData {
  serverName: string;
}

export interface McpServerNeedsReconnectData {
  serverName: string;
}

export interface McpListChangedData {
  serverName: string;
}

export interface ExtensionsLoadedData {
  extensions: ExtensionsLoadedExtension[];
}

export interface ExtensionsLoadedExtension {
  id: string;
  name: string;
  source: ExtensionsLoadedExtensionSource;
  status: ExtensionsLoadedExtensionStatus;
}

export type ExtensionsLoadedExtensionSource = "project" | "user" | "plugin" | "session";

export type ExtensionsLoadedExtensionStatus = "running" | "disabled" | "failed" | "starting";

export interface ExtensionsAttachmentsPushedData {
  attachments: Attachment[];
}

export interface McpAppToolCallCompleteData {
  serverName: string;
  toolName: string;
  arguments?: Record<string, JsonValue>;
  success: boolean;
  durationMs: number;
  result?: Record<string, JsonValue>;
  error?: McpAppToolCallCompleteError;
  toolMeta?: McpAppToolCallCompleteToolMeta;
}

export interface McpAppToolCallCompleteError {
  message: string;
}

export interface McpAppToolCallCompleteToolMeta {
  ui?: McpAppToolCallCompleteToolMetaUI;
}

export interface McpAppToolCallCompleteToolMetaUI {
  resourceUri?: string;
  visibility?: string[];
}

/** Event type to payload. */
export interface EnvironmentEventData {
  "mcp.oauth_required": McpOauthRequiredData;
  "mcp.oauth_completed": McpOauthCompletedData;
  "mcp.headers_refresh_required": McpHeadersRefreshRequiredData;
  "mcp.headers_refresh_completed": McpHeadersRefreshCompletedData;
  "session.custom_notification": CustomNotificationData;
  "command.queued": CommandQueuedData;
  "command.execute": CommandExecuteData;
  "command.completed": CommandCompletedData;
  "commands.changed": CommandsChangedData;
  "capabilities.changed": CapabilitiesChangedData;
  "session.tools_updated": ToolsUpdatedData;
  "session.background_tasks_changed": BackgroundTasksChangedData;
  "session.skills_loaded": SkillsLoadedData;
  "session.custom_agents_updated": CustomAgentsUpdatedData;
  "session.mcp_servers_loaded": McpServersLoadedData;
  "session.mcp_server_status_changed": McpServerStatusChangedData;
  "session.mcp_server_removed": McpServerRemovedData;
  "session.mcp_server_needs_reconnect": McpServerNeedsReconnectData;
  "mcp.tools.list_changed": McpListChangedData;
  "mcp.resources.list_changed": McpListChangedData;
  "mcp.prompts.list_changed": McpListChangedData;
  "session.extensions_loaded": ExtensionsLoadedData;
  "session.extensions.attachments_pushed": ExtensionsAttachmentsPushedData;
  "mcp_app.tool_call_complete": McpAppToolCallCompleteData;
}
