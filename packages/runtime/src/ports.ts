// What the runtime needs from whoever serves it, and what it is set up with.
import type { Engine } from "@narthex/engine";
import type { NarthexError, RawSessionEvent } from "@narthex/protocol";
import type { EventLogLimits } from "./event-log/event-log-reader.ts";
import type { ModelConfig } from "./models/resolve-model.ts";
import type { ToolLimits } from "./tools/tool.ts";
import type { RepositoryBases } from "./workspace/repository-source.ts";

/** One connected client, as the runtime sees it. The gateway implements it. */
export interface SessionClient {
  readonly id: string;
  /** False once the connection has ended: nothing reaches the client any more. */
  readonly isConnected: boolean;
  /** Sends one event of a session this client is attached to. Called in append order; never throws. */
  event(sessionId: string, event: RawSessionEvent): void;
  /** Asks the client something; rejects when it answers with an error, or goes away. */
  request(method: string, params: Record<string, unknown>, options: { signal: AbortSignal }): Promise<unknown>;
}

/** A session came, changed or went. */
export interface LifecycleNotice {
  readonly type: "session.created" | "session.updated" | "session.deleted";
  readonly sessionId: string;
  /** Why, when no client asked for it: it is about to be deleted, or was, because nobody had used it for so long. */
  readonly reason?: "expiring" | "retention";
  /** When a session that is `expiring` will be deleted. */
  readonly expiresAt?: string;
  readonly metadata?: { readonly startTime: string; readonly modifiedTime: string; readonly summary?: string };
}

/** Where the runtime writes what an operator should see; never stdout, which may be a transport. */
export interface RuntimeLogger {
  debug(message: string, details?: Record<string, unknown>): void;
  info(message: string, details?: Record<string, unknown>): void;
  warn(message: string, details?: Record<string, unknown>): void;
  error(message: string, details?: Record<string, unknown>): void;
}

/** Limits of a session; every one is an option of the runtime. */
export interface SessionLimits {
  /** Prompts that may wait behind the running one (default 100). */
  readonly maxQueuedPrompts: number;
  /** Model calls that one prompt may lead to (default 100). */
  readonly maxModelCallsPerPrompt: number;
  /** Questions to clients that may be open at once in a session (default 256). */
  readonly maxPendingRequests: number;
  /** Sessions held in memory (default 1,000); those at rest go first, and of them those that nobody is attached to. */
  readonly maxLiveSessions: number;
  /** Sessions that hibernate while clients are attached to them (default 10,000); further ones stay in memory. */
  readonly maxHibernatedSessions: number;
  /** Milliseconds at rest after which a session that nobody is attached to leaves memory (default 0: at once). */
  readonly unattachedIdleMs: number;
  /** Milliseconds at rest after which a session with clients hibernates (default 1,800,000; Infinity: never). */
  readonly attachedIdleMs: number;
  /** Milliseconds that a session stays in memory after a call has asked for it (default 1,000). */
  readonly callGraceMs: number;
  /** Milliseconds without a change after which an unused session is deleted (default Infinity: never). */
  readonly retentionMs: number;
  /** Milliseconds before that at which its end is announced (default one day; at most half of the retention). */
  readonly expiryNoticeMs: number;
  /** Milliseconds between the announcement and the end at least, at most the notice (default 60,000). */
  readonly expiryGraceMs: number;
  /** Milliseconds between looks at what has to leave memory or to be deleted (default 5,000). */
  readonly upkeepMs: number;
  /** Sessions with unfinished work of an ended process that are at work at once after a start (default 8; 0: none). */
  readonly maxRecoveries: number;
  /** Milliseconds until unfinished work is looked for again when another process uses the store (default 30,000). */
  readonly recoveryRetryMs: number;
  /** Longest prompt, in characters (default 1,000,000). */
  readonly maxPromptChars: number;
  /** Largest prompt with everything attached to it, as JSON in characters (default 7,000,000). */
  readonly maxPromptJsonChars: number;
}

export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  maxQueuedPrompts: 100,
  maxModelCallsPerPrompt: 100,
  maxPendingRequests: 256,
  maxLiveSessions: 1_000,
  maxHibernatedSessions: 10_000,
  unattachedIdleMs: 0,
  attachedIdleMs: 30 * 60_000,
  callGraceMs: 1_000,
  retentionMs: Infinity,
  expiryNoticeMs: 24 * 3_600_000,
  expiryGraceMs: 60_000,
  upkeepMs: 5_000,
  maxRecoveries: 8,
  recoveryRetryMs: 30_000,
  maxPromptChars: 1_000_000,
  maxPromptJsonChars: 7_000_000,
};

export interface RuntimeOptions {
  readonly engine: Engine;
  /** Folder in which the runtime makes workspaces. */
  readonly workspacesDirectory: string;
  /** Where `cloud.repository` is cloned from. */
  readonly repositories: RepositoryBases;
  /** The model of cloud sessions, and of local sessions without a `provider`. */
  readonly model: ModelConfig;
  /** Folder that a local session without `workingDirectory` works in. */
  readonly defaultWorkingDirectory: string;
  /** Where a session can be watched. */
  readonly remoteUrlOf: (sessionId: string) => string | undefined;
  readonly logger: RuntimeLogger;
  readonly limits?: Partial<SessionLimits>;
  readonly toolLimits?: Partial<ToolLimits>;
  readonly eventLogLimits?: Partial<EventLogLimits>;
  /**
   * Name under which this runtime holds the leases of its sessions (default: one of this process alone). A runtime that has
   * the name of an earlier one takes its sessions over at once.
   */
  readonly host?: string;
  /** Milliseconds that a lease lasts (default 15,000); it is renewed when a third of them has passed. */
  readonly leaseTtlMs?: number;
  /** Milliseconds a clone may take (default 300,000). */
  readonly cloneTimeoutMs?: number;
}

/** Something went wrong that no caller waits for. */
export type ProblemSink = (error: NarthexError) => void;
