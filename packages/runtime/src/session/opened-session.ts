// What a client is told of a session that it has created or resumed.
import type { SessionRecord } from "@narthex/engine";
import type { HostedSession } from "./session.ts";

/** Result of `session.create` and `session.resume`. */
export interface OpenedSession {
  sessionId: string;
  nativeSessionId: string;
  startTime: string;
  isRemote: boolean;
  mode: "interactive";
  workspacePath: string;
  capabilities: { ui: { elicitation: boolean; mcpApps: boolean; canvases: boolean }; extensions: boolean };
  modelState: { modelId: string };
  remoteUrl?: string;
}

export function describeOpened(
  session: HostedSession,
  record: SessionRecord,
  remoteUrl: string | undefined,
): OpenedSession {
  return {
    sessionId: session.id,
    nativeSessionId: session.id,
    startTime: record.createdAt,
    isRemote: record.isCloud,
    mode: "interactive",
    workspacePath: session.workspaceRoot,
    capabilities: {
      ui: { elicitation: session.attachments.can("elicitation"), mcpApps: false, canvases: false },
      extensions: false,
    },
    modelState: { modelId: session.model.id },
    ...(remoteUrl === undefined ? {} : { remoteUrl }),
  };
}
