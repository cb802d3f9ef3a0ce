import type { SessionEventDataMap } from "./data-map.ts";

/** What every session event has beside its type and payload. */
export interface SessionEventEnvelope {
  /** Unique id of the event. */
  id: string;
  /** ISO 8601 time at which the runtime recorded the event. */
  timestamp: string;
  /** Id of the last persisted event before this one; null for the first. */
  parentId: string | null;
  /** True when the event is not kept in the log. */
  ephemeral?: boolean;
  /** Set on events of a sub-agent. */
  agentId?: string;
}

/** One known event type. */
export type SessionEventType = keyof SessionEventDataMap;

/** The event of one type. */
export type SessionEventPayload<T extends SessionEventType> = T extends SessionEventType
  ? SessionEventEnvelope & { type: T; data: SessionEventDataMap[T] }
  : never;

/** Any known event. Unknown types pass through at run time untouched. */
export type SessionEvent = { [T in SessionEventType]: SessionEventPayload<T> }[SessionEventType];

/** An event whose type need not be known to this version. */
export interface RawSessionEvent extends SessionEventEnvelope {
  type: string;
  data: unknown;
}
