import type { ArchivedCommand } from "../archives.ts";
import type { NewCommand } from "./command-rows.ts";
import type { SqlDriver, SqlStatement } from "./driver.ts";

/** Ids of imports under way. No session can have one: a dot is not allowed in them. */
const DRAFT_PREFIX = ".import.";

/** The tail of an imported session. */
export interface ImportedTail {
  readonly seq: number;
  readonly lastEventId: string | null;
  readonly lastSum: number | null;
  readonly count: number;
  readonly hasUserMessage: boolean;
}

/**
 * The statements of export and import. An import under way is a session without a tail, which nobody finds; the last step
 * gives it its id and its tail.
 */
export class ArchiveRows {
  readonly #commands: SqlStatement;
  readonly #keys: SqlStatement;
  readonly #size: SqlStatement;
  readonly #newDraft: SqlStatement;
  readonly #numberOf: SqlStatement;
  readonly #command: SqlStatement;
  readonly #key: SqlStatement;
  readonly #name: SqlStatement;
  readonly #tail: SqlStatement;
  readonly #drop: SqlStatement;
  readonly #dropOld: SqlStatement;

  constructor(driver: SqlDriver) {
    this.#commands = driver.prepare(
      `SELECT position, command_id, kind, digest, receipt, payload FROM commands WHERE session = ? ORDER BY position`,
    );
    this.#keys = driver.prepare("SELECT key, digest FROM creates WHERE session = ? ORDER BY n");
    this.#size = driver.prepare(
      `SELECT (SELECT count(*) FROM events WHERE session = s.n) AS events,
         length(CAST(s.attributes AS BLOB))
         + (SELECT coalesce(sum(length(CAST(body AS BLOB))), 0) FROM events WHERE session = s.n)
         + (SELECT coalesce(sum(length(CAST(receipt AS BLOB)) + coalesce(length(CAST(payload AS BLOB)), 0)), 0)
            FROM commands WHERE session = s.n) AS bytes
       FROM sessions s WHERE s.id = ?`,
    );
    this.#newDraft = driver.prepare(
      "INSERT INTO sessions (id, created_ms, revision, is_cloud, attributes) VALUES (?, ?, 1, ?, ?)",
    );
    this.#numberOf = driver.prepare("SELECT n FROM sessions WHERE id = ?");
    this.#command = driver.prepare(
      `INSERT INTO commands (session, position, command_id, kind, digest, receipt, payload) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#key = driver.prepare("INSERT OR IGNORE INTO creates (key, digest, session) VALUES (?, ?, ?)");
    this.#name = driver.prepare("UPDATE sessions SET id = ?, created_ms = ? WHERE n = ?");
    this.#tail = driver.prepare(
      `INSERT INTO tails (session, changed_us, has_user_message, persisted_seq, reserved_seq, last_event_id,
         event_count, last_sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#drop = driver.prepare("DELETE FROM sessions WHERE id = ?");
    this.#dropOld = driver.prepare(
      `DELETE FROM sessions WHERE substr(id, 1, ${DRAFT_PREFIX.length}) = '${DRAFT_PREFIX}' AND created_ms < ?`,
    );
  }

  /** Every command of a session that waits or is remembered. */
  commands(session: number): ArchivedCommand[] {
    return this.#commands.all(session).map((row) => ({
      position: Number(row["position"]),
      commandId: String(row["command_id"]),
      kind: String(row["kind"]),
      digest: String(row["digest"]),
      receipt: JSON.parse(String(row["receipt"])) as unknown,
      ...(row["payload"] === null ? {} : { waiting: { payload: JSON.parse(String(row["payload"])) as unknown } }),
    }));
  }

  keys(session: number): { key: string; digest: string }[] {
    return this.#keys.all(session).map((row) => ({ key: String(row["key"]), digest: String(row["digest"]) }));
  }

  size(id: string): { events: number; bytes: number } | undefined {
    const row = this.#size.get(id);
    return row && { events: Number(row["events"]), bytes: Number(row["bytes"]) };
  }

  /** Begins an import; returns its row number. Its time is that of its beginning, until it gets its name. */
  begin(name: string, nowMs: number, isCloud: boolean, attributes: string): number {
    this.#newDraft.run(`${DRAFT_PREFIX}${name}`, nowMs, isCloud ? 1 : 0, attributes);
    return Number(this.#numberOf.get(`${DRAFT_PREFIX}${name}`)?.["n"]);
  }

  command(session: number, position: number, command: Omit<NewCommand, "payload"> & { payload: string | null }): void {
    const { commandId, kind, digest, receipt, payload } = command;
    this.#command.run(session, position, commandId, kind, digest, receipt, payload);
  }

  /** Remembers the key of a create unless it is in use. */
  key(session: number, key: string, digest: string): void {
    this.#key.run(key, digest, session);
  }

  /** Ends an import: from now on the session is there. */
  finish(session: number, id: string, createdMs: number, changedUs: number, tail: ImportedTail): void {
    const { seq, lastEventId, lastSum, count, hasUserMessage } = tail;
    this.#name.run(id, createdMs, session);
    this.#tail.run(session, changedUs, hasUserMessage ? 1 : 0, seq, seq, lastEventId, count, lastSum);
  }

  /** Takes an import back; harmless when it is done. */
  drop(name: string): void {
    this.#drop.run(`${DRAFT_PREFIX}${name}`);
  }

  /** Removes imports that began before a time and did not end. */
  dropOlderThan(beganMs: number): void {
    this.#dropOld.run(beganMs);
  }
}

/** Is this the row of an import that is not done? */
export function isDraft(id: string): boolean {
  return id.startsWith(DRAFT_PREFIX);
}
