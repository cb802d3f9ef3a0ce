import { setImmediate as nextTurn } from "node:timers/promises";

import { messageOf } from "@narthex/protocol";

import type { SqlDriver, SqlStatement } from "./driver.ts";
import { SessionCheck } from "./session-check.ts";

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

/**
 * Checks the file as SQLite sees it, then every session: events are readable and in order, each parent is an earlier
 * persisted event, and the tail says what the log holds. Changes nothing.
 */
export async function verifyStore(driver: SqlDriver): Promise<string[]> {
  const findings = new Findings();
  const add = (text: string): void => findings.add(text);
  try {
    checkFile(driver, add);
    const check = new SessionCheck(driver, add);
    for (const { n, id } of sessions(driver)) {
      check.begin(n, id);
      while (check.step()) await nextTurn();
    }
  } catch (error) {
    add(`The check ended early, because the store cannot be read: ${messageOf(error)}.`);
  }
  return findings.list();
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
