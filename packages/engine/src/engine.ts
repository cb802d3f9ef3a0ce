import type { RawSessionEvent } from "@narthex/protocol";

/** What the directory knows of a session. Everything but `id` and `createdAt` can change. */
export interface SessionRecord {
  readonly id: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** ISO 8601; moves with every change of the record and every persisted event. */
  readonly updatedAt: string;
  /** Counts changes of the record; `update` names the one it read. */
  readonly revision: number;
  /** True for a session whose id the runtime chose (a cloud session). */
  readonly isCloud: boolean;
  /** True once a user message is in the log; only such sessions are listed by default. */
  readonly hasUserMessage: boolean;
  /** Everything that the runtime wants back after a restart; plain JSON, opaque to the engine. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** One event in the log of a session, in append order. */
export interface LogRecord {
  /** Position in the session's single order over persisted and ephemeral events; starts at 1, never reused. */
  readonly seq: number;
  readonly ephemeral: boolean;
  readonly event: RawSessionEvent;
}

export interface ListFilter {
  /** Only sessions with at least one user message (default true). */
  onlyWithUserMessage?: boolean;
  /** Only records whose attributes have these values at the top level. */
  attributes?: Record<string, string>;
}

export interface Page {
  /** At most this many records (default 100, at most 1000), newest change first. */
  limit?: number;
  /** Continue after the record that an earlier page ended with. */
  after?: string;
}

/** Which sessions there are. */
export interface SessionDirectory {
  /**
   * Adds a session.
   * @throws SESSION_ID_CONFLICT when the id exists.
   */
  create(record: { id: string; isCloud: boolean; attributes: Record<string, unknown> }): Promise<SessionRecord>;
  get(id: string): Promise<SessionRecord | undefined>;
  list(filter?: ListFilter, page?: Page): Promise<SessionRecord[]>;
  /**
   * Changes attributes (shallow merge) if nobody else did since `revision`.
   * @throws LOG_CONFLICT on a stale revision, SESSION_NOT_FOUND.
   */
  update(id: string, patch: { attributes: Record<string, unknown> }, revision: number): Promise<SessionRecord>;
  /** Removes a session with its whole log. False when there was none. */
  remove(id: string): Promise<boolean>;
  /** The most recently changed session that has a user message. */
  last(): Promise<SessionRecord | undefined>;
}

export interface ReadOptions {
  /** Start behind this sequence number (default 0: from the beginning). */
  after?: number;
  /** At most this many records (default: all). */
  limit?: number;
  /** Also those of the ephemeral lane that are still there (default false). */
  includeEphemeral?: boolean;
}

/** Where the log of a session stands. */
export interface LogTail {
  /** Highest sequence number handed out, ephemeral ones included; 0 for an empty log. */
  readonly seq: number;
  /** Id of the last persisted event, null when there is none: the `parentId` of the next event. */
  readonly lastPersistedId: string | null;
  readonly persistedCount: number;
}

/** The append-only event log of every session. */
export interface EventLog {
  /**
   * Appends events in order and resolves with their records once the persisted ones among them are durable. Subscribers
   * see the records after that, in sequence order, ephemeral ones never ahead of an earlier persisted one.
   * @throws LOG_CONFLICT when `afterSeq` is given and is not the tail, SESSION_NOT_FOUND, STORE_UNAVAILABLE.
   */
  append(id: string, events: readonly RawSessionEvent[], options?: { afterSeq?: number }): Promise<LogRecord[]>;
  read(id: string, options?: ReadOptions): Promise<LogRecord[]>;
  tail(id: string): Promise<LogTail>;
  /**
   * Calls `listener` for each record appended from now on, in sequence order, synchronously after it became durable.
   * Returns the function that ends the subscription. A throwing listener is reported and stops nothing.
   */
  subscribe(id: string, listener: (record: LogRecord) => void): () => void;
}

/** The durable side of sessions. */
export interface Engine {
  readonly directory: SessionDirectory;
  readonly log: EventLog;
  /** Checks the store; returns what is wrong, empty when nothing is. */
  verify(): Promise<string[]>;
  /** Writes out what is pending and closes. */
  close(): Promise<void>;
}
