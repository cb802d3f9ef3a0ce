import type { RawSessionEvent } from "@narthex/protocol";

import type { SessionRecord } from "./engine.ts";

/** What an archive says of the session itself. */
export interface ArchivedSession {
  readonly id: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly isCloud: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A command of a mailbox: one that waits has a payload, one that is remembered for its repetitions has none. */
export interface ArchivedCommand {
  readonly position: number;
  readonly commandId: string;
  readonly kind: string;
  /** Tells a repetition from another request under the same id. */
  readonly digest: string;
  readonly receipt: unknown;
  readonly waiting?: { readonly payload: unknown };
}

/** One part of everything that the store has of a session. The session comes first, events and commands in their order. */
export type ArchiveEntry =
  | { readonly kind: "session"; readonly session: ArchivedSession }
  | { readonly kind: "event"; readonly seq: number; readonly event: RawSessionEvent }
  | { readonly kind: "command"; readonly command: ArchivedCommand }
  | { readonly kind: "createKey"; readonly key: string; readonly digest: string };

/** What an import made. */
export interface ImportedSession {
  readonly record: SessionRecord;
  readonly events: number;
  readonly commands: number;
}

/** Sessions as a whole: how they leave a store and come into another. */
export interface Archives {
  /**
   * Everything of a session, as it stood at the first step. Others may go on writing to it meanwhile.
   * @throws SESSION_NOT_FOUND, STORE_CORRUPT, STORE_UNAVAILABLE
   */
  export(id: string): AsyncIterable<ArchiveEntry>;
  /**
   * Adds a session with everything it owns: all of it or nothing, whatever happens to the process. It is not to be seen
   * before it is whole. Keys of creates that are in use here stay where they are.
   * @throws ARCHIVE_INVALID at the entry that is malformed or out of order, SESSION_ID_CONFLICT, LIMIT_EXCEEDED,
   *   STORE_UNAVAILABLE, and whatever `entries` throws
   */
  import(entries: AsyncIterable<ArchiveEntry>, options?: { as?: string }): Promise<ImportedSession>;
  /** How much a session takes in the store. */
  size(id: string): Promise<{ readonly events: number; readonly bytes: number }>;
}
