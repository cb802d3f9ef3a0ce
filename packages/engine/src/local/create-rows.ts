import { NarthexError } from "@narthex/protocol";

import type { SqlDriver, SqlStatement } from "./driver.ts";

/** Longest key of a create or of a command, in characters. */
const MAX_KEY_CHARS = 512;

/** What a create with a key led to. */
export interface KnownCreate {
  readonly sessionId: string;
  readonly digest: string;
}

/** The statements of the keys of repeatable creates. */
export class CreateRows {
  readonly #find: SqlStatement;
  readonly #insert: SqlStatement;
  readonly #newest: SqlStatement;
  readonly #forget: SqlStatement;

  constructor(driver: SqlDriver) {
    this.#find = driver.prepare(
      "SELECT s.id, c.digest FROM creates c JOIN sessions s ON s.n = c.session WHERE c.key = ?",
    );
    this.#insert = driver.prepare("INSERT INTO creates (key, digest, session) VALUES (?, ?, ?)");
    this.#newest = driver.prepare("SELECT max(n) AS n FROM creates");
    this.#forget = driver.prepare("DELETE FROM creates WHERE n <= ?");
  }

  find(key: string): KnownCreate | undefined {
    const row = this.#find.get(key);
    return row && { sessionId: String(row["id"]), digest: String(row["digest"]) };
  }

  /** Remembers a key and forgets the oldest above `max`. */
  insert(key: string, digest: string, session: number, max: number): void {
    this.#insert.run(key, digest, session);
    this.#forget.run(Number(this.#newest.get()?.["n"] ?? 0) - max);
  }
}

/**
 * A key or a command id that can be kept.
 * @throws {NarthexError} INVALID_PARAMS
 */
export function requireKey(key: string): string {
  if (typeof key === "string" && key !== "" && key.length <= MAX_KEY_CHARS) return key;
  throw new NarthexError("INVALID_PARAMS", `A key is malformed: use a string of 1 to ${MAX_KEY_CHARS} characters.`);
}

export function keyReused(what: "create" | "command"): NarthexError {
  return new NarthexError(
    "IDEMPOTENCY_KEY_REUSED",
    `The idempotency key of this ${what} came before with another request: repeat a request as it was, or use a new key.`,
  );
}
