import type { RawSessionEvent } from "@narthex/protocol";

import type { Archives } from "./archives.ts";
import type { Leases } from "./leases.ts";

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
  /** Also cloud sessions without one: nobody else may know their ids (default false). */
  orCloud?: boolean;
  /** Only records whose attributes have these values at the top level. */
  attributes?: Record<string, string>;
}

export interface Page {
  /** At most this many records (default 100, at most 1000), newest change first. */
  limit?: number;
  /** Continue after the record that an earlier page ended with. */
  after?: string;
}

/** What a session starts with. */
export interface NewSession {
  readonly id: string;
  readonly isCloud: boolean;
  readonly attributes: Record<string, unknown>;
}

/** Makes a create repeatable: the same key leads to the same session. */
export interface CreateKey {
  readonly key: string;
  /** What was asked for, plain JSON; the same key with another request is refused. */
  readonly request: unknown;
}

/** Which sessions there are. */
export interface SessionDirectory {
  /**
   * Adds a session.
   * @throws SESSION_ID_CONFLICT when the id exists.
   */
  create(record: NewSession): Promise<SessionRecord>;
  /**
   * Adds a session unless an earlier create with the same key did; then that one's record is the answer. A key is
   * remembered until its session is removed, or until `maxCreateKeys` newer ones came.
   * @throws IDEMPOTENCY_KEY_REUSED when the key came with another request, SESSION_ID_CONFLICT when the id exists.
   */
  createOnce(record: NewSession, key: CreateKey): Promise<{ record: SessionRecord; isNew: boolean }>;
  /**
   * The session that a key led to.
   * @throws IDEMPOTENCY_KEY_REUSED when the key came with another request.
   */
  createdWith(key: CreateKey): Promise<SessionRecord | undefined>;
  get(id: string): Promise<SessionRecord | undefined>;
  list(filter?: ListFilter, page?: Page): Promise<SessionRecord[]>;
  /**
   * Changes attributes (shallow merge) if nobody else did since `revision`.
   * @throws LOG_CONFLICT on a stale revision, SESSION_NOT_FOUND.
   */
  update(id: string, patch: { attributes: Record<string, unknown> }, revision: number): Promise<SessionRecord>;
  /** Removes a session with its whole log. False when there was none. */
  remove(id: string): Promise<boolean>;
  /**
   * Sessions without a change since a moment, and with nothing that waits in their mailbox, the longest unchanged first;
   * at most `limit` (default 100, at most 1000) behind the first `skip`.
   */
  restingSince(moment: Date, page?: { readonly limit?: number; readonly skip?: number }): Promise<SessionRecord[]>;
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
  /** Only records up to and including this sequence number (default: to the end). */
  upTo?: number;
  /** Newest first: with `limit` the last ones of the range (default false). */
  isBackward?: boolean;
}

/** Where the log of a session stands. */
export interface LogTail {
  /** Highest sequence number handed out, ephemeral ones included; 0 for an empty log. */
  readonly seq: number;
  /** Id of the last persisted event, null when there is none: the `parentId` of the next event. */
  readonly lastPersistedId: string | null;
  readonly persistedCount: number;
}

export interface AppendOptions {
  /** Only when the log stands here. */
  afterSeq?: number;
  /**
   * Only when no newer lease of the session was claimed (L3). An append of ephemeral events alone changes no log, and is
   * not compared.
   */
  epoch?: number;
}

/**
 * The append-only event log of every session. Each event is kept with a checksum: a log that lost something or is not what
 * was written is refused with STORE_CORRUPT where it is read and before anything is written behind it.
 */
export interface EventLog {
  /**
   * Appends events in order and resolves with their records once the persisted ones among them are durable. Subscribers
   * see the records after that, in sequence order, ephemeral ones never ahead of an earlier persisted one.
   * @throws LOG_CONFLICT when `afterSeq` is given and is not the tail, LEASE_LOST when `epoch` is not the newest,
   *   STORE_CORRUPT when the end of the log is damaged, SESSION_NOT_FOUND, STORE_UNAVAILABLE.
   */
  append(id: string, events: readonly RawSessionEvent[], options?: AppendOptions): Promise<LogRecord[]>;
  /** @throws STORE_CORRUPT when what is to be read, or the end of the log, is damaged, SESSION_NOT_FOUND. */
  read(id: string, options?: ReadOptions): Promise<LogRecord[]>;
  tail(id: string): Promise<LogTail>;
  /** The sequence number of an event that is persisted, or still in the ephemeral lane; undefined when there is none. */
  locate(id: string, eventId: string): Promise<number | undefined>;
  /**
   * Calls `listener` for each record appended from now on, in sequence order, synchronously after it became durable.
   * Returns the function that ends the subscription. A throwing listener is reported and stops nothing.
   */
  subscribe(id: string, listener: (record: LogRecord) => void): () => void;
}

/** Something that a session is to do: a prompt, an answer. */
export interface Command {
  /** Chosen by whoever posts: the same id is the same command. At most 512 characters. */
  readonly commandId: string;
  readonly kind: string;
  /** What is to be done; plain JSON, opaque to the engine. */
  readonly payload: unknown;
  /** What whoever posts it is told, now and on every repetition; plain JSON. */
  readonly receipt?: unknown;
}

/** Where a command stands in the order of its session's mailbox, and what its first post was told. */
export interface PostedCommand {
  readonly position: number;
  readonly receipt: unknown;
  /** False when the command was posted before. */
  readonly isNew: boolean;
}

/** A command that was not acknowledged yet. */
export interface WaitingCommand {
  readonly position: number;
  readonly commandId: string;
  readonly kind: string;
  readonly payload: unknown;
  readonly receipt: unknown;
}

/**
 * What sessions are still to do, in order, kept until it is done.
 *
 *   B1  A command is durable when `post` resolves, and waits until it is acknowledged, whatever happens to the process.
 *   B2  Positions of a session grow in the order of the posts and are never reused.
 *   B3  The same command id gives the same position and receipt: while the first post is under way, while it waits, and
 *       after it is acknowledged, until `maxRememberedCommands` newer commands came.
 *   B4  What waits is bounded (`maxWaitingCommands`), and so is what is remembered.
 */
export interface Mailbox {
  /**
   * Adds a command; resolves once it is durable.
   * @throws IDEMPOTENCY_KEY_REUSED when the id came with another kind or payload, QUEUE_FULL, LIMIT_EXCEEDED,
   *   SESSION_NOT_FOUND, STORE_UNAVAILABLE.
   */
  post(id: string, command: Command): Promise<PostedCommand>;
  /** What a command was answered with, when it is remembered. */
  find(id: string, commandId: string): Promise<PostedCommand | undefined>;
  /** The commands that wait, in order. Taking them changes nothing: they wait until they are acknowledged. */
  take(id: string): Promise<WaitingCommand[]>;
  /**
   * Acknowledges commands: they are done. Harmless for those that are already, or that never were.
   * @throws LEASE_LOST when `epoch` is given and a newer lease of the session was claimed.
   */
  ack(id: string, positions: readonly number[], options?: { epoch?: number }): Promise<void>;
  /**
   * A page of the sessions in which commands wait, in a fixed order, found by an index: no log and no mailbox is read.
   * `limit` is at most 1000 (default 100); `after` is the place of the last one of the page before.
   */
  sessionsWaiting(page?: { readonly limit?: number; readonly after?: number }): Promise<SessionWaiting[]>;
}

/** A session in whose mailbox commands wait. */
export interface SessionWaiting {
  readonly id: string;
  /** Its place in the order of pages. */
  readonly place: number;
}

/** The durable side of sessions. */
export interface Engine {
  readonly directory: SessionDirectory;
  readonly log: EventLog;
  readonly mailbox: Mailbox;
  readonly leases: Leases;
  readonly archives: Archives;
  /**
   * Does no other process use this store right now? Where none does, what waits in a mailbox and is not in this process's
   * hands is in nobody's.
   */
  isAlone(): Promise<boolean>;
  /**
   * Checks the store, or one session of it; returns what is wrong, empty when nothing is. Changes nothing.
   * @throws SESSION_NOT_FOUND
   */
  verify(id?: string): Promise<string[]>;
  /** Writes out what is pending and closes. */
  close(): Promise<void>;
}
