import { randomUUID } from "node:crypto";

import { NarthexError, parseSessionId } from "@narthex/protocol";

import type { ArchiveEntry, Archives, ImportedSession } from "../archives.ts";
import type { EventLog, SessionDirectory } from "../engine.ts";
import { ArchiveCheck, type ArchiveLimits, type CheckedEntry, invalid } from "./archive-check.ts";
import type { ArchiveRows } from "./archive-rows.ts";
import type { ChangeClock } from "./change-clock.ts";
import { sessionNotFound } from "./checks.ts";
import type { SqlDriver } from "./driver.ts";
import type { EventRows } from "./event-rows.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { Round } from "./round.ts";
import type { SessionRows } from "./session-rows.ts";
import { storeError } from "./store-error.ts";
import { inTransaction } from "./transaction.ts";
import type { WriteMarks } from "./write-marks.ts";

/** What archives work with. */
export interface ArchiveParts {
  readonly driver: SqlDriver;
  readonly rows: ArchiveRows;
  readonly sessions: SessionRows;
  readonly events: EventRows;
  readonly log: EventLog;
  readonly directory: SessionDirectory;
  readonly commit: GroupCommit;
  readonly clock: ChangeClock;
  readonly marks: WriteMarks;
  readonly now: () => Date;
  readonly limits: ArchiveLimits;
}

const EXPORT_CHUNK_RECORDS = 1024;
/** Entries, and bytes of events, that one transaction of an import has at most: others write in between. */
const IMPORT_BATCH_ENTRIES = 1024;
const IMPORT_BATCH_BYTES = 4 * 1024 * 1024;
/** An import that did not end is removed by another one after this time. */
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

/** Export and import on SQLite. */
export class LocalArchives implements Archives {
  readonly #parts: ArchiveParts;

  constructor(parts: ArchiveParts) {
    this.#parts = parts;
  }

  async *export(id: string): AsyncIterable<ArchiveEntry> {
    this.#parts.commit.assertOpen();
    parseSessionId(id);
    const { record, upTo, commands, keys } = this.#snapshot(id);
    const { createdAt, isCloud, attributes } = record;
    yield { kind: "session", session: { id, createdAt, isCloud, attributes } };
    for (let after = 0; after < upTo;) {
      const records = await this.#parts.log.read(id, { after, upTo, limit: EXPORT_CHUNK_RECORDS });
      for (const { seq, event } of records) yield { kind: "event", seq, event };
      after = records.length < EXPORT_CHUNK_RECORDS ? upTo : (records.at(-1)?.seq ?? upTo);
    }
    for (const command of commands) yield { kind: "command", command };
    for (const { key, digest } of keys) yield { kind: "createKey", key, digest };
  }

  async import(entries: AsyncIterable<ArchiveEntry>, options: { as?: string } = {}): Promise<ImportedSession> {
    const as = options.as === undefined ? undefined : parseSessionId(options.as);
    const { rows, now, limits } = this.#parts;
    await this.#write(() => rows.dropOlderThan(now().getTime() - ABANDONED_AFTER_MS));
    const check = new ArchiveCheck(limits);
    const draft: Draft = { name: randomUUID(), session: 0, createdMs: 0, keys: [] };
    try {
      let batch: StoredEntry[] = [];
      let bytes = 0;
      for await (const entry of entries) {
        const checked = check.take(entry);
        if (checked.kind === "session") this.#assertFree(as ?? checked.session.id); // early: the end looks again
        if (checked.kind === "createKey") draft.keys.push(checked);
        else batch.push(checked);
        bytes += checked.kind === "event" ? checked.row.body.length : 0;
        if (batch.length < IMPORT_BATCH_ENTRIES && bytes < IMPORT_BATCH_BYTES) continue;
        await this.#store(draft, batch);
        [batch, bytes] = [[], 0];
      }
      await this.#store(draft, batch);
      return await this.#finish(draft, check, as);
    } catch (error) {
      await this.#write(() => rows.drop(draft.name)).catch(() => undefined); // else a later import does
      throw error;
    }
  }

  async size(id: string): Promise<{ events: number; bytes: number }> {
    this.#parts.commit.assertOpen();
    const size = this.#reading(() => this.#parts.rows.size(parseSessionId(id)));
    if (!size) throw sessionNotFound(id);
    return size;
  }

  /** Everything but the events, as one state of the store. What is appended later is not part of it. */
  #snapshot(id: string) {
    const { driver, sessions, events, rows } = this.#parts;
    return this.#reading(() =>
      inTransaction(driver, "BEGIN", () => {
        const found = sessions.find(id);
        const stored = events.tail(id);
        if (!found || !stored) throw sessionNotFound(id);
        const upTo = stored.persistedSeq;
        return { record: found.record, upTo, commands: rows.commands(found.n), keys: rows.keys(found.n) };
      }),
    );
  }

  // A write can run more than once: what it changes of the draft is the same each time.
  async #store(draft: Draft, batch: readonly StoredEntry[]): Promise<void> {
    await this.#write(() => {
      for (const entry of batch) this.#storeOne(draft, entry);
    });
  }

  #storeOne(draft: Draft, entry: StoredEntry): void {
    const { rows, events, now } = this.#parts;
    if (entry.kind === "session") {
      const { isCloud, attributes } = entry.session;
      draft.createdMs = entry.createdMs;
      draft.session = rows.begin(draft.name, now().getTime(), isCloud, JSON.stringify(attributes));
      return;
    }
    const { session } = draft;
    if (entry.kind === "event") return events.insert(session, [entry.row]);
    const { position, receipt = null, waiting, ...command } = entry.command;
    const payload = waiting === undefined ? null : JSON.stringify(waiting.payload ?? null);
    rows.command(session, position, { ...command, receipt: JSON.stringify(receipt), payload });
  }

  /** The one step after which the session is there. */
  async #finish(draft: Draft, check: ArchiveCheck, as: string | undefined): Promise<ImportedSession> {
    if (check.session === undefined) throw invalid("it has no session");
    const id = as ?? check.session.id;
    const { session, createdMs } = draft;
    const { rows, clock, directory, marks } = this.#parts;
    await this.#write((round) => {
      this.#assertFree(id);
      rows.finish(session, id, createdMs, clock.next(), check.tail);
      for (const { key, digest } of draft.keys) rows.key(session, key, digest);
      round.afterCommit(() => {
        marks.write(session, id, "log", check.tail.seq);
        marks.write(session, id, "mailbox", check.lastPosition);
      });
    });
    const record = await directory.get(id);
    if (!record) throw sessionNotFound(id);
    return { record, events: check.tail.count, commands: check.commands };
  }

  #assertFree(id: string): void {
    if (!this.#reading(() => this.#parts.sessions.find(id))) return;
    throw new NarthexError("SESSION_ID_CONFLICT", `There is a session ${id} already: choose another id.`);
  }

  #write(change: (round: Round) => void): Promise<void> {
    const write = (round: Round): void => {
      round.beginWrite();
      change(round);
    };
    return this.#parts.commit.enqueue({ sessionId: "", bytes: 0, write });
  }

  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw storeError(error, "read the store");
    }
  }
}

type StoredEntry = Exclude<CheckedEntry, { kind: "createKey" }>;

/** An import under way. */
interface Draft {
  readonly name: string;
  /** Row number. */
  session: number;
  createdMs: number;
  readonly keys: { readonly key: string; readonly digest: string }[];
}
