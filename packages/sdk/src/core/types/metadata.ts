// What is known about a session without attaching to it, and about the runtime.

/** Where a session works. */
export interface SessionContext {
  workingDirectory: string;
  gitRoot?: string;
  repository?: string;
  branch?: string;
}

/** Only sessions with these values. */
export interface SessionListFilter {
  workingDirectory?: string;
  gitRoot?: string;
  repository?: string;
  branch?: string;
}

/** A session as it stands in lists. */
export interface SessionMetadata {
  sessionId: string;
  startTime: Date;
  modifiedTime: Date;
  summary?: string;
  isRemote: boolean;
  context?: SessionContext;
}

/** Versions of the runtime and of the protocol. */
export interface GetStatusResponse {
  version: string;
  protocolVersion: number;
}

/** Whether the runtime is signed in to a service, where it needs to be. */
export interface GetAuthStatusResponse {
  isAuthenticated: boolean;
  authType?: "user" | "env" | "gh-cli" | "hmac" | "api-key" | "token";
  host?: string;
  login?: string;
  statusMessage?: string;
}

/** The session that a runtime with a screen shows. */
export interface ForegroundSessionInfo {
  sessionId?: string;
  workspacePath?: string;
}

/** What can happen to a session. */
export type SessionLifecycleEventType =
  | "session.created"
  | "session.deleted"
  | "session.updated"
  | "session.foreground"
  | "session.background";

/** Times and name of the session that something happened to. */
export interface SessionLifecycleEventMetadata {
  startTime: Date;
  modifiedTime: Date;
  summary?: string;
}

interface SessionLifecycleEventBase {
  sessionId: string;
  metadata?: SessionLifecycleEventMetadata | undefined;
}

/** A session came to be. */
export interface SessionCreatedEvent extends SessionLifecycleEventBase {
  type: "session.created";
  metadata: SessionLifecycleEventMetadata;
}

/** A session was deleted for good. */
export interface SessionDeletedEvent extends SessionLifecycleEventBase {
  type: "session.deleted";
  metadata?: undefined;
}

/** Something was added to a session's log. */
export interface SessionUpdatedEvent extends SessionLifecycleEventBase {
  type: "session.updated";
  metadata: SessionLifecycleEventMetadata;
}

/** A session was brought to the front. */
export interface SessionForegroundEvent extends SessionLifecycleEventBase {
  type: "session.foreground";
  metadata: SessionLifecycleEventMetadata;
}

/** A session went to the back. */
export interface SessionBackgroundEvent extends SessionLifecycleEventBase {
  type: "session.background";
  metadata: SessionLifecycleEventMetadata;
}

/** Something happened to a session of the runtime. */
export type SessionLifecycleEvent =
  | SessionCreatedEvent
  | SessionDeletedEvent
  | SessionUpdatedEvent
  | SessionForegroundEvent
  | SessionBackgroundEvent;

/** Hears of everything that happens to sessions. */
export type SessionLifecycleHandler = (event: SessionLifecycleEvent) => void;

/** Hears of one kind of what happens to sessions. */
export type TypedSessionLifecycleHandler<K extends SessionLifecycleEventType> = (
  event: Extract<
    SessionLifecycleEvent,
    {
      type: K;
    }
  >,
) => void;
