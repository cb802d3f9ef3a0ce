import type { SessionWaiting, WaitingCommand } from "../engine.ts";
import type { SqlDriver, SqlStatement } from "./driver.ts";

/** A command as the store remembers it. */
export interface StoredCommand {
  readonly position: number;
  readonly digest: string;
  readonly receipt: unknown;
}

/** The columns of a new command. */
export interface NewCommand {
  readonly commandId: string;
  readonly kind: string;
  readonly digest: string;
  readonly receipt: string;
  readonly payload: string;
}

/** The statements of the mailbox. An acknowledged command has no payload any more. */
export class CommandRows {
  readonly #find: SqlStatement;
  readonly #standing: SqlStatement;
  readonly #insert: SqlStatement;
  readonly #waiting: SqlStatement;
  readonly #acknowledge: SqlStatement;
  readonly #forget: SqlStatement;
  readonly #sessionsWaiting: SqlStatement;

  constructor(driver: SqlDriver) {
    this.#find = driver.prepare("SELECT position, digest, receipt FROM commands WHERE session = ? AND command_id = ?");
    this.#standing = driver.prepare(
      `SELECT coalesce(max(position), 0) AS last, count(payload) AS waiting FROM commands WHERE session = ?`,
    );
    this.#insert = driver.prepare(
      `INSERT INTO commands (session, position, command_id, kind, digest, receipt, payload) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#waiting = driver.prepare(
      `SELECT position, command_id, kind, payload, receipt FROM commands
       WHERE session = ? AND payload IS NOT NULL ORDER BY position`,
    );
    this.#acknowledge = driver.prepare("UPDATE commands SET payload = NULL WHERE session = ? AND position = ?");
    this.#forget = driver.prepare("DELETE FROM commands WHERE session = ? AND position <= ? AND payload IS NULL");
    this.#sessionsWaiting = driver.prepare(
      `SELECT s.n, s.id FROM (
         SELECT DISTINCT session FROM commands INDEXED BY commands_waiting
         WHERE payload IS NOT NULL AND session > ? ORDER BY session LIMIT ?
       ) w JOIN sessions s ON s.n = w.session ORDER BY s.n`,
    );
  }

  find(session: number, commandId: string): StoredCommand | undefined {
    const row = this.#find.get(session, commandId);
    return (
      row && {
        position: Number(row["position"]),
        digest: String(row["digest"]),
        receipt: JSON.parse(String(row["receipt"])) as unknown,
      }
    );
  }

  /** The highest position handed out, and how many commands wait. */
  standing(session: number): { readonly last: number; readonly waiting: number } {
    const row = this.#standing.get(session);
    return { last: Number(row?.["last"] ?? 0), waiting: Number(row?.["waiting"] ?? 0) };
  }

  insert(session: number, position: number, command: NewCommand): void {
    const { commandId, kind, digest, receipt, payload } = command;
    this.#insert.run(session, position, commandId, kind, digest, receipt, payload);
  }

  waiting(session: number): WaitingCommand[] {
    return this.#waiting.all(session).map((row) => ({
      position: Number(row["position"]),
      commandId: String(row["command_id"]),
      kind: String(row["kind"]),
      payload: JSON.parse(String(row["payload"])) as unknown,
      receipt: JSON.parse(String(row["receipt"])) as unknown,
    }));
  }

  acknowledge(session: number, position: number): void {
    this.#acknowledge.run(session, position);
  }

  /** Forgets acknowledged commands up to a position. */
  forget(session: number, upTo: number): void {
    this.#forget.run(session, upTo);
  }

  /** Sessions in which commands wait, behind a place, in the order of their rows. */
  sessionsWaiting(after: number, limit: number): SessionWaiting[] {
    return this.#sessionsWaiting.all(after, limit).map((row) => ({ id: String(row["id"]), place: Number(row["n"]) }));
  }
}
