import type { SessionRecord } from "../engine.ts";
import { changeToIso } from "./change-clock.ts";
import type { SqlDriver, SqlRow, SqlStatement } from "./driver.ts";

/** A session's row with the parts that only the store needs. */
export interface SessionRow {
  readonly n: number;
  readonly changedUs: number;
  readonly record: SessionRecord;
}

/** Where a page of sessions begins: behind this change, in the order of the list. */
export interface ListPosition {
  readonly changedUs: number;
  readonly n: number;
}

const COLUMNS = `s.n, s.id, s.created_ms, s.revision, s.is_cloud, s.attributes, t.changed_us, t.has_user_message
  FROM tails t JOIN sessions s ON s.n = t.session`;

// The wanted attributes come as one JSON object, so that one statement serves every filter and no name gets into SQL.
const MATCHES_ATTRIBUTES = `NOT EXISTS (
  SELECT 1 FROM json_each(?) AS wanted WHERE NOT EXISTS (
    SELECT 1 FROM json_each(s.attributes) AS own
    WHERE own.key = wanted.key AND own.type = 'text' AND own.value = wanted.value))`;

const LIST = `SELECT ${COLUMNS}
  WHERE (t.changed_us, t.session) < (?, ?) AND (t.has_user_message >= ? OR s.is_cloud >= ?)`;
const LIST_ORDER = "ORDER BY t.changed_us DESC, t.session DESC LIMIT ?";

/** The statements of the directory of sessions. */
export class SessionRows {
  readonly #find: SqlStatement;
  readonly #list: SqlStatement;
  readonly #listMatching: SqlStatement;
  readonly #insertSession: SqlStatement;
  readonly #insertTail: SqlStatement;
  readonly #update: SqlStatement;
  readonly #touch: SqlStatement;
  readonly #delete: SqlStatement;
  readonly #latestChange: SqlStatement;
  readonly #resting: SqlStatement;

  constructor(driver: SqlDriver) {
    this.#find = driver.prepare(`SELECT ${COLUMNS} WHERE s.id = ?`);
    this.#list = driver.prepare(`${LIST} ${LIST_ORDER}`);
    this.#listMatching = driver.prepare(`${LIST} AND ${MATCHES_ATTRIBUTES} ${LIST_ORDER}`);
    this.#insertSession = driver.prepare(
      "INSERT INTO sessions (id, created_ms, revision, is_cloud, attributes) VALUES (?, ?, 1, ?, ?)",
    );
    this.#insertTail = driver.prepare(
      `INSERT INTO tails (session, changed_us, has_user_message, persisted_seq, reserved_seq, last_event_id, event_count)
       SELECT n, ?, 0, 0, 0, NULL, 0 FROM sessions WHERE id = ?`,
    );
    this.#update = driver.prepare("UPDATE sessions SET attributes = ?, revision = revision + 1 WHERE n = ?");
    this.#touch = driver.prepare("UPDATE tails SET changed_us = ? WHERE session = ?");
    this.#delete = driver.prepare("DELETE FROM sessions WHERE id = ?");
    this.#resting = driver.prepare(
      `SELECT ${COLUMNS} WHERE t.changed_us < ?
         AND NOT EXISTS (SELECT 1 FROM commands c WHERE c.session = t.session AND c.payload IS NOT NULL)
       ORDER BY t.changed_us, t.session LIMIT ? OFFSET ?`,
    );
    this.#latestChange = driver.prepare("SELECT coalesce(max(changed_us), 0) AS changed_us FROM tails");
  }

  find(id: string): SessionRow | undefined {
    const row = this.#find.get(id);
    return row && toSessionRow(row);
  }

  list(
    only: { readonly withUserMessage: boolean; readonly orCloud: boolean },
    attributes: Readonly<Record<string, string>>,
    before: ListPosition | undefined,
    limit: number,
  ): SessionRow[] {
    const end = Number.MAX_SAFE_INTEGER;
    const which = [only.withUserMessage ? 1 : 0, only.orCloud ? 1 : 2];
    const position = [before?.changedUs ?? end, before?.n ?? end, ...which];
    const rows =
      Object.keys(attributes).length === 0
        ? this.#list.all(...position, limit)
        : this.#listMatching.all(...position, JSON.stringify(attributes), limit);
    return rows.map(toSessionRow);
  }

  insert(id: string, isCloud: boolean, attributes: string, changedUs: number): void {
    this.#insertSession.run(id, Math.floor(changedUs / 1000), isCloud ? 1 : 0, attributes);
    this.#insertTail.run(changedUs, id);
  }

  update(n: number, attributes: string, changedUs: number): void {
    this.#update.run(attributes, n);
    this.#touch.run(changedUs, n);
  }

  /** Removes a session with its tail and its events. False when there was none. */
  delete(id: string): boolean {
    return this.#delete.run(id) > 0;
  }

  /** Sessions that did not change since, and in which no command waits, the longest unchanged first. */
  resting(beforeUs: number, limit: number, skip: number): SessionRow[] {
    return this.#resting.all(beforeUs, limit, skip).map(toSessionRow);
  }

  latestChange(): number {
    return Number(this.#latestChange.get()?.["changed_us"] ?? 0);
  }
}

function toSessionRow(row: SqlRow): SessionRow {
  const changedUs = Number(row["changed_us"]);
  return {
    n: Number(row["n"]),
    changedUs,
    record: {
      id: String(row["id"]),
      createdAt: new Date(Number(row["created_ms"])).toISOString(),
      updatedAt: changeToIso(changedUs),
      revision: Number(row["revision"]),
      isCloud: row["is_cloud"] === 1,
      hasUserMessage: row["has_user_message"] === 1,
      attributes: JSON.parse(String(row["attributes"])) as Record<string, unknown>,
    },
  };
}
