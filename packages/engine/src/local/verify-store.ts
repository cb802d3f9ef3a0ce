import { setImmediate as nextTurn } from "node:timers/promises";

import { messageOf } from "@narthex/protocol";

import { isDraft } from "./archive-rows.ts";
import { sessionNotFound } from "./checks.ts";
import type { SqlDriver, SqlStatement } from "./driver.ts";
import type { EventRows } from "./event-rows.ts";
import type { LogGuard } from "./log-guard.ts";
import { SessionCheck } from "./session-check.ts";
import type { WriteMarks } from "./write-marks.ts";

/** Findings beyond this number are counted only. */
const MAX_FINDINGS = 1000;

const SESSIONS_AT_ONCE = 1000;

/** Plain-language findings, bounded. */
class Findings {
  readonly #texts: string[] = [];
  #more = 0;

  add(text: string): void {
    if (this.#texts.length < MAX_FINDINGS) this.#texts.push(text);
    else this.#more += 1;
  }

  list(): string[] {
    return this.#more === 0 ? this.#texts : [...this.#texts, `And ${this.#more} more findings.`];
  }
}

/** What is checked. */
export interface VerifyParts {
  readonly driver: SqlDriver;
  readonly guard: LogGuard;
  readonly events: EventRows;
  readonly marks: WriteMarks;
}

/**
 * Checks the file as SQLite sees it, then every session, or only the one of an id: events are readable, in order and what
 * was written, each parent is an earlier persisted event, the tail says what the log holds, and nothing that was written is
 * missing at the end. Changes nothing.
 * @throws {NarthexError} SESSION_NOT_FOUND
 */
export async function verifyStore(parts: VerifyParts, only?: string): Promise<string[]> {
  const { driver } = parts;
  const findings = new Findings();
  const add = (text: string): void => findings.add(text);
  let isFound = only === undefined;
  try {
    if (only === undefined) checkFile(driver, add);
    const check = new SessionCheck(driver, add);
    for (const { n, id } of sessions(driver)) {
      if (isDraft(id) || (only !== undefined && id !== only)) continue;
      isFound = true;
      check.begin(n, id);
      while (check.step()) await nextTurn();
      checkEnd(parts, id, add);
    }
    if (only === undefined) checkLostSessions(parts, add);
  } catch (error) {
    add(`The check ended early, because the store cannot be read: ${messageOf(error)}.`);
  }
  if (!isFound && findings.list().length === 0) throw sessionNotFound(only ?? "");
  return findings.list();
}

/** What the tail and the rows cannot tell: whether the session stands where it was left. */
function checkEnd({ events, guard }: VerifyParts, id: string, add: (text: string) => void): void {
  const stored = events.tail(id);
  for (const finding of stored ? guard.lost(id, stored) : []) add(`Session ${id}: ${finding}.`);
}

function checkLostSessions({ driver, marks }: VerifyParts, add: (text: string) => void): void {
  const last = driver.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'sessions'").get();
  for (const n of marks.beyond(Number(last?.["seq"] ?? 0), MAX_FINDINGS)) {
    add(`Session number ${n} was created and written to, and is not in the store.`);
  }
}

function checkFile(driver: SqlDriver, add: (text: string) => void): void {
  for (const row of driver.prepare("PRAGMA integrity_check").all()) {
    const text = String(row["integrity_check"]);
    if (text !== "ok") add(`The database file is damaged: ${text}.`);
  }
  for (const row of driver.prepare("PRAGMA foreign_key_check").all()) {
    add(`The table ${String(row["table"])} has a row of a session that does not exist.`);
  }
}

function* sessions(driver: SqlDriver): Generator<{ n: number; id: string }> {
  const page: SqlStatement = driver.prepare("SELECT n, id FROM sessions WHERE n > ? ORDER BY n LIMIT ?");
  let last = 0;
  for (;;) {
    const rows = page.all(last, SESSIONS_AT_ONCE);
    if (rows.length === 0) return;
    for (const row of rows) {
      last = Number(row["n"]);
      yield { n: last, id: String(row["id"]) };
    }
  }
}
