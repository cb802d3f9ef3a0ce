// @narthex/sdk: create, drive and steer cloud sessions of coding agents.
export { CopilotClient } from "./copilot-client.ts";
export { RuntimeConnection } from "./runtime-connection.ts";
export { CopilotSession, type AssistantMessageEvent } from "./core/session.ts";
export type { WaitOptions } from "./core/turn-waits.ts";
export type { ConnectionEvent, ConnectionEventHandler } from "./core/connection-events.ts";
export { DEFAULT_RECONNECT_OPTIONS, type ReconnectOptions } from "./core/reconnect-options.ts";
export type { EventStreamOptions } from "./core/event-stream.ts";
export type { SessionStartup } from "./core/session-traffic.ts";
export { defineTool } from "./core/define-tool.ts";
export { approveAll, createAttributedPermissionResult } from "./core/approve.ts";
export { convertMcpCallToolResult } from "./core/tool-result.ts";
export { ToolSet } from "./core/tool-set.ts";
export type { Logger } from "./core/logger.ts";
export type { EarlyTraffic, PendingRoutingLimits } from "./core/routing-types.ts";
export { DEFAULT_PENDING_ROUTING_LIMITS } from "./core/routing-types.ts";
export { NarthexError, type ErrorCode, type Retry } from "@narthex/protocol";

export type {
  PermissionRequestedData,
  PermissionRequestedEvent,
  SessionEvent,
  SessionEventPayload,
  SessionEventType,
} from "./core/types/events.ts";
export type * from "./core/types/asking.ts";
export type * from "./core/types/elicitation.ts";
export type * from "./core/types/hooks.ts";
export type * from "./core/types/mcp.ts";
export type * from "./core/types/message.ts";
export type * from "./core/types/metadata.ts";
export type * from "./core/types/permission.ts";
export type * from "./core/types/provider.ts";
export type * from "./core/types/session-config.ts";
export type * from "./core/types/session-fs.ts";
export type * from "./core/types/system-message.ts";
export type * from "./core/types/tool.ts";
export type {
  ChildProcessRuntimeConnection,
  CopilotClientInfo,
  CopilotClientOptions,
  InProcessRuntimeConnection,
  SessionFsConfig,
  StdioRuntimeConnection,
  TcpRuntimeConnection,
  TelemetryConfig,
  TraceContext,
  TraceContextProvider,
  UriRuntimeConnection,
} from "./core/types/client-options.ts";
