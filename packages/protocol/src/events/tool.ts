// Tool calls, built in and external: the payloads of its events, as the wire protocol (version 3) has them.
import type { JsonValue } from "./json-value.ts";
import type { FusionAttribution } from "./assistant.ts";
import type { OmittedBinaryOmittedReason } from "./message.ts";
import type { RemediationAction } from "./session.ts";

export interface ToolUserRequestedData {
  toolCallId: string;
  toolName: string;
  arguments?: JsonValue;
}

export interface ToolExecutionStartData {
  toolCallId: string;
  toolName: string;
  arguments?: JsonValue;
  shellToolInfo?: ToolExecutionStartShellToolInfo;
  model?: string;
  rte?: boolean;
  mcpServerName?: string;
  mcpConfigServerName?: string;
  mcpToolName?: string;
  mcpTransport?: McpServerTransport;
  mcpConfigSource?: McpServerSource;
  turnId?: string;
  displayVerbatim?: boolean;
  toolDescription?: ToolExecutionStartToolDescription;
  parentToolCallId?: string;
  fusion?: FusionAttribution;
}

export interface ToolExecutionStartShellToolInfo {
  possiblePaths: string[];
  hasWriteFileRedirection: boolean;
  displayCommand?: string;
}

export type McpServerTransport = "stdio" | "http" | "sse" | "memory";

export type McpServerSource = "user" | "workspace" | "plugin" | "builtin" | "managed";

export interface ToolExecutionStartToolDescription {
  name: string;
  description?: string;
  _meta?: ToolExecutionStartToolDescriptionMeta;
}

export interface ToolExecutionStartToolDescriptionMeta {
  ui?: ToolExecutionStartToolDescriptionMetaUI;
}

export interface ToolExecutionStartToolDescriptionMetaUI {
  resourceUri?: string;
  visibility?: ToolExecutionStartToolDescriptionMetaUIVisibility[];
}

export type ToolExecutionStartToolDescriptionMetaUIVisibility = "model" | "app";

export interface ToolExecutionPartialData {
  toolCallId: string;
  partialOutput: string;
}

export interface ToolExecutionProgressData {
  toolCallId: string;
  progressMessage: string;
}

export interface ToolExecutionCompleteData {
  toolCallId: string;
  success: boolean;
  model?: string;
  mcpMeta?: JsonValue;
  interactionId?: string;
  rte?: boolean;
  isUserRequested?: boolean;
  result?: ToolExecutionCompleteResult;
  error?: ToolExecutionCompleteError;
  toolTelemetry?: Record<string, JsonValue>;
  turnId?: string;
  toolDescription?: ToolExecutionCompleteToolDescription;
  sandboxed?: boolean;
  shellExecution?: ToolExecutionCompleteShellExecution;
  parentToolCallId?: string;
  fusion?: FusionAttribution;
}

export interface ToolExecutionCompleteResult {
  content: string;
  detailedContent?: string;
  contents?: ToolExecutionCompleteContent[];
  binaryResultsForLlm?: PersistedBinaryResult[];
  uiResource?: ToolExecutionCompleteUIResource;
  structuredContent?: JsonValue;
  citableSources?: CitableSource[];
  mcpMeta?: JsonValue;
}

export interface ToolExecutionCompleteError {
  message: string;
  code?: string;
  remediation?: RemediationAction;
}

export interface ToolExecutionCompleteToolDescription {
  name: string;
  description?: string;
  _meta?: ToolExecutionCompleteToolDescriptionMeta;
}

export interface ToolExecutionCompleteShellExecution {
  exitCode: number;
}

export type ToolExecutionCompleteContent =
  | ToolExecutionCompleteContentText
  | ToolExecutionCompleteContentTerminal
  | ToolExecutionCompleteContentShellExit
  | ToolExecutionCompleteContentImage
  | ToolExecutionCompleteContentAudio
  | ToolExecutionCompleteContentResourceLink
  | ToolExecutionCompleteContentResource;

export type PersistedBinaryResult = PersistedBinaryImage | OmittedBinaryResult | BinaryAssetReference;

export interface ToolExecutionCompleteUIResource {
  uri: string;
  mimeType: string;
  text?: string;
  blob?: string;
  _meta?: ToolExecutionCompleteUIResourceMeta;
}

export interface CitableSource {
  id: string;
  title?: string;
  content: string;
  url?: string;
  path?: string;
}

export interface ToolExecutionCompleteToolDescriptionMeta {
  ui?: ToolExecutionCompleteToolDescriptionMetaUI;
}

export interface ToolExecutionCompleteContentText {
  type: "text";
  text: string;
}

export interface ToolExecutionCompleteContentTerminal {
  type: "terminal";
  text: string;
  exitCode?: number;
  cwd?: string;
}

export interface ToolExecutionCompleteContentShellExit {
  type: "shell_exit";
  shellId: string;
  exitCode: number;
  cwd?: string;
  outputPreview?: string;
  outputTruncated?: boolean;
  outputFilePath?: string;
}

export interface ToolExecutionCompleteContentImage {
  type: "image";
  data: string;
  mimeType: string;
}

export interface ToolExecutionCompleteContentAudio {
  type: "audio";
  data: string;
  mimeType: string;
}

export interface ToolExecutionCompleteContentResourceLink {
  icons?: ToolExecutionCompleteContentResourceLinkIcon[];
  name: string;
  title?: string;
  uri: string;
  description?: string;
  mimeType?: string;
  size?: number;
  type: "resource_link";
}

export interface ToolExecutionCompleteContentResource {
  type: "resource";
  resource: ToolExecutionCompleteContentResourceDetails;
}

export interface PersistedBinaryImage {
  type: PersistedBinaryImageType;
  data: string;
  mimeType: string;
  description?: string;
  metadata?: Record<string, JsonValue>;
}

export interface OmittedBinaryResult {
  type: OmittedBinaryType;
  mimeType: string;
  byteLength: number;
  omittedReason: OmittedBinaryOmittedReason;
  description?: string;
  metadata?: Record<string, JsonValue>;
}

export interface BinaryAssetReference {
  type: BinaryAssetReferenceType;
  assetId: string;
  mimeType: string;
  byteLength: number;
  description?: string;
  metadata?: Record<string, JsonValue>;
}

export interface ToolExecutionCompleteUIResourceMeta {
  ui?: ToolExecutionCompleteUIResourceMetaUI;
}

export interface ToolExecutionCompleteToolDescriptionMetaUI {
  resourceUri?: string;
  visibility?: ToolExecutionCompleteToolDescriptionMetaUIVisibility[];
}

export interface ToolExecutionCompleteContentResourceLinkIcon {
  src: string;
  mimeType?: string;
  sizes?: string[];
  theme?: ToolExecutionCompleteContentResourceLinkIconTheme;
}

export type ToolExecutionCompleteContentResourceDetails = EmbeddedTextResourceContents | EmbeddedBlobResourceContents;

export type PersistedBinaryImageType = "image" | "resource";

export type OmittedBinaryType = "image" | "resource";

export type BinaryAssetReferenceType = "image" | "resource";

export interface ToolExecutionCompleteUIResourceMetaUI {
  csp?: ToolExecutionCompleteUIResourceMetaUICsp;
  permissions?: ToolExecutionCompleteUIResourceMetaUIPermissions;
  domain?: string;
  prefersBorder?: boolean;
}

export type ToolExecutionCompleteToolDescriptionMetaUIVisibility = "model" | "app";

export type ToolExecutionCompleteContentResourceLinkIconTheme = "light" | "dark";

export interface EmbeddedTextResourceContents {
  uri: string;
  mimeType?: string;
  text: string;
}

export interface EmbeddedBlobResourceContents {
  uri: string;
  mimeType?: string;
  blob: string;
}

export interface ToolExecutionCompleteUIResourceMetaUICsp {
  connectDomains?: string[];
  resourceDomains?: string[];
  frameDomains?: string[];
  baseUriDomains?: string[];
}

export interface ToolExecutionCompleteUIResourceMetaUIPermissions {
  camera?: ToolExecutionCompleteUIResourceMetaUIPermissionsCamera;
  microphone?: ToolExecutionCompleteUIResourceMetaUIPermissionsMicrophone;
  geolocation?: ToolExecutionCompleteUIResourceMetaUIPermissionsGeolocation;
  clipboardWrite?: ToolExecutionCompleteUIResourceMetaUIPermissionsClipboardWrite;
}

export type ToolExecutionCompleteUIResourceMetaUIPermissionsCamera = Record<string, unknown>;

export type ToolExecutionCompleteUIResourceMetaUIPermissionsMicrophone = Record<string, unknown>;

export type ToolExecutionCompleteUIResourceMetaUIPermissionsGeolocation = Record<string, unknown>;

export type ToolExecutionCompleteUIResourceMetaUIPermissionsClipboardWrite = Record<string, unknown>;

export interface ToolSearchActivatedData {
  strategy: string;
  toolNames: string[];
}

export interface ExternalToolRequestedData {
  requestId: string;
  sessionId: string;
  toolCallId: string;
  toolName: string;
  providerId?: string | null;
  arguments?: JsonValue;
  workingDirectory?: string;
  traceparent?: string;
  tracestate?: string;
}

export interface ExternalToolCompletedData {
  requestId: string;
}

/** Event type to payload. */
export interface ToolEventData {
  "tool.user_requested": ToolUserRequestedData;
  "tool.execution_start": ToolExecutionStartData;
  "tool.execution_partial_result": ToolExecutionPartialData;
  "tool.execution_progress": ToolExecutionProgressData;
  "tool.execution_complete": ToolExecutionCompleteData;
  "tool_search.activated": ToolSearchActivatedData;
  "external_tool.requested": ExternalToolRequestedData;
  "external_tool.completed": ExternalToolCompletedData;
}
