// What is known about a session without attaching to it, and about the runtime.

export interface SessionContext {
  workingDirectory: string;
  gitRoot?: string;
  repository?: string;
  branch?: string;
}

export interface SessionListFilter {
  workingDirectory?: string;
  gitRoot?: string;
  repository?: string;
  branch?: string;
}

export interface SessionMetadata {
  sessionId: string;
  startTime: Date;
  modifiedTime: Date;
  summary?: string;
  isRemote: boolean;
  context?: SessionContext;
}

export interface GetStatusResponse {
  version: string;
  protocolVersion: number;
}

export interface GetAuthStatusResponse {
  isAuthenticated: boolean;
  authType?: "user" | "env" | "gh-cli" | "hmac" | "api-key" | "token";
  host?: string;
  login?: string;
  statusMessage?: string;
}

export interface ForegroundSessionInfo {
  sessionId?: string;
  workspacePath?: string;
}

export type SessionLifecycleEventType =
  | "session.created"
  | "session.deleted"
  | "session.updated"
  | "session.foreground"
  | "session.background";

export interface SessionLifecycleEventMetadata {
  startTime: Date;
  modifiedTime: Date;
  summary?: string;
}

interface SessionLifecycleEventBase {
  sessionId: string;
  metadata?: SessionLifecycleEventMetadata | undefined;
}

export interface SessionCreatedEvent extends SessionLifecycleEventBase {
  type: "session.created";
  metadata: SessionLifecycleEventMetadata;
}

export interface SessionDeletedEvent extends SessionLifecycleEventBase {
  type: "session.deleted";
  metadata?: undefined;
}

export interface SessionUpdatedEvent extends SessionLifecycleEventBase {
  type: "session.updated";
  metadata: SessionLifecycleEventMetadata;
}

export interface SessionForegroundEvent extends SessionLifecycleEventBase {
  type: "session.foreground";
  metadata: SessionLifecycleEventMetadata;
}

export interface SessionBackgroundEvent extends SessionLifecycleEventBase {
  type: "session.background";
  metadata: SessionLifecycleEventMetadata;
}

export type SessionLifecycleEvent =
  | SessionCreatedEvent
  | SessionDeletedEvent
  | SessionUpdatedEvent
  | SessionForegroundEvent
  | SessionBackgroundEvent;

export type SessionLifecycleHandler = (event: SessionLifecycleEvent) => void;

export type TypedSessionLifecycleHandler<K extends SessionLifecycleEventType> = (
  event: Extract<
    SessionLifecycleEvent,
    {
      type: K;
    }
  >,
) => void;
