// What programs read from events, type by type: this must type-check against the official package and against ours, with
// nothing but the import changed. It is never run.
import type {
  CopilotSession,
  PermissionRequestedEvent,
  SessionEvent,
  SessionEventHandler,
  SessionEventPayload,
  SessionEventType,
  TypedSessionEventHandler,
} from "@github/copilot-sdk";

type Say = (text: string | undefined) => void;

/** One handler per type, with the fields that programs read. */
export function aboutTheSession(session: CopilotSession, say: Say): (() => void)[] {
  return [
    session.on("session.start", ({ data }) => say(data.sessionId + data.producer + (data.selectedModel ?? ""))),
    session.on("session.resume", ({ data }) => say(data.resumeTime + data.eventCount.toFixed())),
    session.on("session.error", ({ data }) => say(data.errorType + data.message + (data.statusCode ?? 0).toFixed())),
    session.on("session.idle", ({ data }) => say(data.aborted === true ? "aborted" : "done")),
    session.on("session.title_changed", ({ data }) => say(data.title)),
    session.on("session.info", ({ data }) => say(data.infoType + data.message + (data.url ?? ""))),
    session.on("session.warning", ({ data }) => say(data.warningType + data.message)),
    session.on("session.model_change", ({ data }) => say((data.previousModel ?? "") + data.newModel)),
    session.on("session.mode_changed", ({ data }) => say(data.previousMode + data.newMode)),
    session.on("session.shutdown", ({ data }) => say(data.shutdownType + data.codeChanges.linesAdded.toFixed())),
    session.on("session.usage_info", ({ data }) => say((data.tokenLimit - data.currentTokens).toFixed())),
    session.on("session.context_changed", ({ data }) => say(data.cwd + (data.repository ?? "") + (data.branch ?? ""))),
    session.on("session.compaction_complete", ({ data }) => say(String(data.success))),
    session.on("capabilities.changed", ({ data }) => say(String(data.ui?.elicitation))),
    session.on("session.mcp_servers_loaded", ({ data }) =>
      say(data.servers.map(({ name, status }) => name + status).join()),
    ),
    session.on("hook.start", ({ data }) => say(data.hookType + JSON.stringify(data.input))),
    session.on("hook.end", ({ data }) => say(data.success ? data.hookInvocationId : data.error?.message)),
    session.on("subagent.started", ({ data }) => say(data.agentName + data.agentDisplayName)),
    session.on("subagent.completed", ({ data }) => say((data.totalTokens ?? 0).toFixed())),
    session.on("skill.invoked", ({ data }) => say(data.name + data.path)),
    session.on("system.message", ({ data }) => say(data.role + data.content)),
    session.on("abort", ({ data }) => say(data.reason)),
  ];
}

export function aboutTheTurn(session: CopilotSession, say: Say): (() => void)[] {
  return [
    session.on("user.message", ({ data }) =>
      say(data.content + (data.attachments ?? []).map(({ type }) => type).join()),
    ),
    session.on("assistant.turn_start", ({ data }) => say(data.turnId)),
    session.on("assistant.turn_end", ({ data }) => say(data.turnId)),
    session.on("assistant.intent", ({ data }) => say(data.intent)),
    session.on("assistant.reasoning", ({ data }) => say(data.reasoningId + data.content)),
    session.on("assistant.reasoning_delta", ({ data }) => say(data.deltaContent)),
    session.on("assistant.message_delta", ({ data, ephemeral }) => say(data.messageId + data.deltaContent + ephemeral)),
    session.on("assistant.message", ({ data, agentId }) => {
      for (const request of data.toolRequests ?? []) say(request.name + request.toolCallId + agentId);
      say(data.reasoningText ?? data.content);
    }),
    session.on("assistant.usage", ({ data }) =>
      say(data.model + ((data.inputTokens ?? 0) + (data.cost ?? 0)).toFixed()),
    ),
    session.on("tool.execution_start", ({ data }) => {
      const args = data.arguments;
      say(typeof args === "object" && args !== null && "path" in args ? JSON.stringify(args.path) : data.toolName);
    }),
    session.on("tool.execution_partial_result", ({ data }) => say(data.toolCallId + data.partialOutput)),
    session.on("tool.execution_progress", ({ data }) => say(data.progressMessage)),
    session.on("tool.execution_complete", ({ data }) =>
      say(data.success ? (data.result?.detailedContent ?? data.result?.content) : data.error?.message),
    ),
    session.on("external_tool.requested", ({ data }) => say(data.requestId + data.toolName + data.toolCallId)),
    session.on("permission.completed", ({ data }) =>
      say(data.result.kind === "denied-interactively-by-user" ? data.result.feedback : data.result.kind),
    ),
    session.on("user_input.requested", ({ data }) => say(data.question + (data.choices ?? []).join())),
    session.on("elicitation.requested", ({ data }) =>
      say(data.message + Object.keys(data.requestedSchema?.properties ?? {})),
    ),
  ];
}

/** The names of event types as values and as parameters of types. */
export const interesting: SessionEventType[] = ["assistant.message", "tool.user_requested", "command.execute"];

export const onIdle: TypedSessionEventHandler<"session.idle"> = (event: SessionEventPayload<"session.idle">) =>
  void [event.id, event.timestamp, event.parentId, event.data.aborted];

export const asked = ({ data }: PermissionRequestedEvent): string =>
  data.permissionRequest.kind === "shell" ? data.permissionRequest.fullCommandText : data.requestId;

/** One handler for all types. */
export const onAny: SessionEventHandler = (event) => void describe(event);

export function describe(event: SessionEvent): string {
  switch (event.type) {
    case "assistant.message":
      return event.data.content;
    case "session.error":
      return event.data.message;
    case "permission.requested":
      return asked(event);
    default:
      return `${event.type} ${event.id} ${event.parentId ?? ""} ${event.ephemeral === true}`;
  }
}
