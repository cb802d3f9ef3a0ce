import { NarthexError, parseSessionId } from "@narthex/protocol";

import type { CreateKey, ListFilter, NewSession, Page, SessionDirectory, SessionRecord } from "../engine.ts";
import type { ChangeClock } from "./change-clock.ts";
import { requireCount, sessionNotFound } from "./checks.ts";
import { type CreateRows, keyReused, requireKey } from "./create-rows.ts";
import { digestOf } from "./digest.ts";
import { toJson } from "./event-body.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { Round } from "./round.ts";
import type { SessionRow, SessionRows } from "./session-rows.ts";
import { storeError } from "./store-error.ts";
import type { WriteMarks } from "./write-marks.ts";

/** What the directory works with. */
export interface DirectoryParts {
  readonly sessions: SessionRows;
  readonly creates: CreateRows;
  readonly commit: GroupCommit;
  readonly clock: ChangeClock;
  readonly marks: WriteMarks;
  readonly maxAttributesBytes: number;
  readonly maxCreateKeys: number;
}

const DEFAULT_PAGE = 100;
const LARGEST_PAGE = 1000;
const LARGEST_FILTER = 32;

/** The directory of sessions on SQLite. */
export class LocalSessionDirectory implements SessionDirectory {
  readonly #parts: DirectoryParts;

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
  }

  async create(record: NewSession): Promise<SessionRecord> {
    const id = parseSessionId(record.id);
    const attributes = this.#encode(record.attributes);
    return this.#write(id, attributes.length, (round) => this.#insert(round, id, record.isCloud, attributes).record);
  }

  async createOnce(record: NewSession, key: CreateKey): Promise<{ record: SessionRecord; isNew: boolean }> {
    const id = parseSessionId(record.id);
    requireKey(key.key);
    const attributes = this.#encode(record.attributes);
    const digest = digestOf(key.request, "The request of a create");
    return this.#write(id, attributes.length, (round) => {
      round.beginWrite();
      const known = this.#knownByKey(key.key, digest);
      if (known) return { record: known, isNew: false };
      const row = this.#insert(round, id, record.isCloud, attributes);
      this.#parts.creates.insert(key.key, digest, row.n, this.#parts.maxCreateKeys);
      return { record: row.record, isNew: true };
    });
  }

  async createdWith(key: CreateKey): Promise<SessionRecord | undefined> {
    this.#parts.commit.assertOpen();
    requireKey(key.key);
    const digest = digestOf(key.request, "The request of a create");
    return this.#reading(() => this.#knownByKey(key.key, digest));
  }

  async get(id: string): Promise<SessionRecord | undefined> {
    this.#parts.commit.assertOpen();
    parseSessionId(id);
    return this.#reading(() => this.#parts.sessions.find(id)?.record);
  }

  async list(filter: ListFilter = {}, page: Page = {}): Promise<SessionRecord[]> {
    this.#parts.commit.assertOpen();
    const limit = requirePageSize(page.limit ?? DEFAULT_PAGE);
    const attributes = requireFilter(filter.attributes ?? {});
    const only = { withUserMessage: filter.onlyWithUserMessage ?? true, orCloud: filter.orCloud ?? false };
    const before = page.after === undefined ? undefined : this.#reading(() => this.#existing(page.after ?? ""));
    return this.#reading(() => this.#parts.sessions.list(only, attributes, before, limit).map((row) => row.record));
  }

  async update(id: string, patch: { attributes: Record<string, unknown> }, revision: number): Promise<SessionRecord> {
    parseSessionId(id);
    const changes = this.#encode(patch.attributes);
    return this.#write(id, changes.length, (round) => {
      round.beginWrite();
      const { n, record } = this.#existing(id);
      if (record.revision !== revision) throw staleRevision(record, revision);
      const attributes = { ...record.attributes, ...(JSON.parse(changes) as Record<string, unknown>) };
      this.#parts.sessions.update(n, this.#encode(attributes), this.#parts.clock.next());
      return this.#existing(id).record;
    });
  }

  async remove(id: string): Promise<boolean> {
    parseSessionId(id);
    return this.#write(id, 0, (round) => {
      round.beginWrite();
      round.drop(id);
      return this.#parts.sessions.delete(id);
    });
  }

  async restingSince(moment: Date, page: { limit?: number; skip?: number } = {}): Promise<SessionRecord[]> {
    this.#parts.commit.assertOpen();
    const limit = requirePageSize(page.limit ?? DEFAULT_PAGE);
    const skip = requireCount(page.skip ?? 0, "skip");
    const beforeUs = Math.max(0, Math.floor(moment.getTime() * 1000));
    return this.#reading(() => this.#parts.sessions.resting(beforeUs, limit, skip).map(({ record }) => record));
  }

  async last(): Promise<SessionRecord | undefined> {
    return (await this.list({}, { limit: 1 }))[0];
  }

  #write<T>(sessionId: string, bytes: number, write: (round: Round) => T): Promise<T> {
    return this.#parts.commit.enqueue({ sessionId, bytes, write });
  }

  #insert(round: Round, id: string, isCloud: boolean, attributes: string): SessionRow {
    const { sessions, clock, marks } = this.#parts;
    round.beginWrite();
    if (sessions.find(id)) {
      throw new NarthexError("SESSION_ID_CONFLICT", `There is a session ${id} already: choose another id.`);
    }
    sessions.insert(id, isCloud, attributes, clock.next());
    const row = this.#existing(id);
    // Its place may hold the marks of a session whose creation was lost.
    round.afterCommit(() => {
      marks.write(row.n, id, "log", 0);
      marks.write(row.n, id, "mailbox", 0);
    });
    return row;
  }

  #knownByKey(key: string, digest: string): SessionRecord | undefined {
    const known = this.#parts.creates.find(key);
    if (known && known.digest !== digest) throw keyReused("create");
    return known && this.#existing(known.sessionId).record;
  }

  #existing(id: string): SessionRow {
    const row = this.#parts.sessions.find(parseSessionId(id));
    if (!row) throw sessionNotFound(id);
    return row;
  }

  #encode(attributes: Record<string, unknown>): string {
    if (typeof attributes !== "object" || attributes === null || Array.isArray(attributes)) {
      throw new NarthexError("INVALID_PARAMS", "The attributes of a session are no object: give a plain object.");
    }
    const json = toJson(attributes, "The attributes of the session");
    const bytes = Buffer.byteLength(json);
    const maxBytes = this.#parts.maxAttributesBytes;
    if (bytes <= maxBytes) return json;
    const text = `The attributes of the session have ${bytes} bytes, ${maxBytes} are allowed`;
    throw new NarthexError("LIMIT_EXCEEDED", `${text}: store less or raise maxAttributesBytes.`);
  }

  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw storeError(error, "read the directory of sessions");
    }
  }
}

function staleRevision(record: SessionRecord, revision: number): NarthexError {
  return new NarthexError(
    "LOG_CONFLICT",
    `Session ${record.id} has revision ${record.revision}, not ${revision}: read the record again, then change it.`,
  );
}

function requirePageSize(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= LARGEST_PAGE) return limit;
  throw new NarthexError("INVALID_PARAMS", `The page size is out of range: use a number from 1 to ${LARGEST_PAGE}.`);
}

function requireFilter(attributes: Record<string, string>): Record<string, string> {
  const values: unknown[] = Object.values(attributes);
  if (values.length <= LARGEST_FILTER && values.every((value) => typeof value === "string")) return attributes;
  const rule = `at most ${LARGEST_FILTER} attributes with string values`;
  throw new NarthexError("INVALID_PARAMS", `The filter of a list is malformed: use ${rule}.`);
}
