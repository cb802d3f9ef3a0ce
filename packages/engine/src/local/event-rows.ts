import type { SqlDriver, SqlRow, SqlStatement } from "./driver.ts";
import { FIRST_SUM, type SummedRow } from "./row-sum.ts";
import type { AppendPlan, EventRow, SessionTail } from "./session-tail.ts";

/** What the store says of a session's log. */
export interface StoredTail {
  readonly session: number;
  readonly persistedSeq: number;
  readonly reservedSeq: number;
  readonly lastPersistedId: string | null;
  readonly persistedCount: number;
  /** Checksum of the last event; null when a version without checksums wrote it, or there is none. */
  readonly lastSum: number | null;
}

/** The statements of the event log. */
export class EventRows {
  readonly #tail: SqlStatement;
  readonly #advance: SqlStatement;
  readonly #reserve: SqlStatement;
  readonly #insert: SqlStatement;
  readonly #read: SqlStatement;
  readonly #readBackward: SqlStatement;
  readonly #locate: SqlStatement;
  readonly #before: SqlStatement;

  constructor(driver: SqlDriver) {
    this.#tail = driver.prepare(
      `SELECT t.session, t.persisted_seq, t.reserved_seq, t.last_event_id, t.event_count, t.last_sum
       FROM sessions s JOIN tails t ON t.session = s.n WHERE s.id = ?`,
    );
    this.#advance = driver.prepare(
      `UPDATE tails SET persisted_seq = ?, reserved_seq = ?, last_event_id = ?, event_count = ?, last_sum = ?,
         has_user_message = max(has_user_message, ?), changed_us = ?
       WHERE session = ? AND persisted_seq = ? AND reserved_seq = ?`,
    );
    this.#reserve = driver.prepare(
      "UPDATE tails SET reserved_seq = ? WHERE session = ? AND persisted_seq = ? AND reserved_seq = ?",
    );
    this.#insert = driver.prepare("INSERT INTO events (session, seq, id, type, body, sum) VALUES (?, ?, ?, ?, ?, ?)");
    this.#read = driver.prepare(
      "SELECT seq, body, sum FROM events WHERE session = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
    );
    this.#readBackward = driver.prepare(
      "SELECT seq, body, sum FROM events WHERE session = ? AND seq > ? AND seq <= ? ORDER BY seq DESC LIMIT ?",
    );
    this.#locate = driver.prepare("SELECT seq FROM events WHERE session = ? AND seq > ? AND seq <= ? AND id = ?");
    this.#before = driver.prepare(
      "SELECT seq, body, sum FROM events WHERE session = ? AND seq <= ? ORDER BY seq DESC LIMIT 1",
    );
  }

  tail(id: string): StoredTail | undefined {
    const row = this.#tail.get(id);
    if (!row) return undefined;
    const lastId = row["last_event_id"];
    return {
      session: Number(row["session"]),
      persistedSeq: Number(row["persisted_seq"]),
      reservedSeq: Number(row["reserved_seq"]),
      lastPersistedId: typeof lastId === "string" ? lastId : null,
      persistedCount: Number(row["event_count"]),
      lastSum: sumOf(row["last_sum"]),
    };
  }

  /**
   * Writes what a plan adds behind `from`. False, with nothing written, when the store no longer stands at `from`:
   * another process was faster, or the session is gone.
   */
  write(from: SessionTail, plan: AppendPlan, changedUs: () => number): boolean {
    const { tail, rows } = plan;
    if (rows.length === 0) return this.reserve(from, tail.reservedSeq);
    const changed = this.#advance.run(
      tail.persistedSeq,
      tail.reservedSeq,
      tail.lastPersistedId,
      tail.persistedCount,
      tail.lastSum,
      plan.hasUserMessage ? 1 : 0,
      changedUs(),
      from.session,
      from.persistedSeq,
      from.reservedSeq,
    );
    if (changed === 0) return false;
    this.insert(from.session, rows);
    return true;
  }

  /** Adds events; the tail is not touched. */
  insert(session: number, rows: readonly EventRow[]): void {
    for (const { seq, id, type, body, sum } of rows) this.#insert.run(session, seq, id, type, body, sum);
  }

  /** Moves the reservation of a session, unless the store no longer stands at `from`. */
  reserve(from: SessionTail, reservedSeq: number): boolean {
    return this.#reserve.run(reservedSeq, from.session, from.persistedSeq, from.reservedSeq) > 0;
  }

  /** Persisted events with `after < seq <= upTo`, in order. */
  read(session: number, after: number, upTo: number, limit: number): SummedRow[] {
    return this.#read.all(session, after, upTo, limit).map(toSummedRow);
  }

  /** The same, newest first. */
  readBackward(session: number, after: number, upTo: number, limit: number): SummedRow[] {
    return this.#readBackward.all(session, after, upTo, limit).map(toSummedRow);
  }

  /** The last persisted event up to a number. */
  before(session: number, upTo: number): SummedRow | undefined {
    const row = this.#before.get(session, upTo);
    return row && toSummedRow(row);
  }

  /** The number of an event among those with `after < seq <= upTo`. */
  locate(session: number, after: number, upTo: number, eventId: string): number | undefined {
    const row = this.#locate.get(session, after, upTo, eventId);
    return row && Number(row["seq"]);
  }
}

/** The tail with which a process takes over a session: behind everything that may have been handed out (T2). */
export function takeOver(stored: StoredTail): SessionTail {
  return { ...stored, seq: stored.reservedSeq, lastSum: stored.lastSum ?? FIRST_SUM, hasEphemeral: false };
}

/** Does a tail in memory still describe what is stored? */
export function isCurrent(tail: SessionTail, stored: StoredTail): boolean {
  return (
    tail.session === stored.session &&
    tail.persistedSeq === stored.persistedSeq &&
    tail.reservedSeq === stored.reservedSeq
  );
}

function toSummedRow(row: SqlRow): SummedRow {
  return { seq: Number(row["seq"]), body: String(row["body"]), sum: sumOf(row["sum"]) };
}

/** A checksum as it stands in a column. */
export function sumOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
