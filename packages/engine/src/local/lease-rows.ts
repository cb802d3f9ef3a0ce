import { NarthexError } from "@narthex/protocol";

import type { SqlDriver, SqlRow, SqlStatement } from "./driver.ts";

/** A lease as it stands in the store; without a host it was released. */
export interface StoredLease {
  readonly epoch: number;
  readonly host: string | null;
  readonly expiresMs: number;
}

/** The statements of leases. A row stays when its lease ends: the next epoch follows from it. */
export class LeaseRows {
  readonly #find: SqlStatement;
  readonly #put: SqlStatement;
  readonly #renew: SqlStatement;
  readonly #release: SqlStatement;
  readonly #held: SqlStatement;

  constructor(driver: SqlDriver) {
    this.#find = driver.prepare("SELECT epoch, host, expires_ms FROM leases WHERE session = ?");
    this.#put = driver.prepare(
      `INSERT INTO leases (session, epoch, host, expires_ms) VALUES (?, ?, ?, ?)
       ON CONFLICT (session) DO UPDATE SET epoch = excluded.epoch, host = excluded.host, expires_ms = excluded.expires_ms`,
    );
    this.#renew = driver.prepare(
      "UPDATE leases SET expires_ms = ? WHERE session = ? AND epoch = ? AND host IS NOT NULL",
    );
    this.#release = driver.prepare("UPDATE leases SET host = NULL, expires_ms = 0 WHERE session = ? AND epoch = ?");
    this.#held = driver.prepare(
      `SELECT l.session, s.id, l.epoch, l.host, l.expires_ms FROM leases l JOIN sessions s ON s.n = l.session
       WHERE l.host IS NOT NULL AND l.session > ? ORDER BY l.session LIMIT ?`,
    );
  }

  find(session: number): StoredLease | undefined {
    const row = this.#find.get(session);
    return row && toLease(row);
  }

  put(session: number, lease: StoredLease): void {
    this.#put.run(session, lease.epoch, lease.host, lease.expiresMs);
  }

  /** False when the lease is no longer that of this epoch. */
  renew(session: number, epoch: number, expiresMs: number): boolean {
    return this.#renew.run(expiresMs, session, epoch) > 0;
  }

  release(session: number, epoch: number): void {
    this.#release.run(session, epoch);
  }

  /** Leases that were not released, of sessions with a row number above `after`. */
  held(after: number, limit: number): { session: number; id: string; lease: StoredLease }[] {
    return this.#held.all(after, limit).map((row) => ({
      session: Number(row["session"]),
      id: String(row["id"]),
      lease: toLease(row),
    }));
  }

  /** @throws {NarthexError} LEASE_LOST when the newest lease of a session has another epoch. */
  assertEpoch(id: string, session: number, epoch: number): void {
    const found = this.find(session)?.epoch ?? 0;
    if (found === epoch) return;
    throw new NarthexError(
      "LEASE_LOST",
      `Session ${id} was taken over: its lease has epoch ${found}, not ${epoch}. Stop working on it, or claim it anew.`,
    );
  }
}

function toLease(row: SqlRow): StoredLease {
  const host = row["host"];
  return {
    epoch: Number(row["epoch"]),
    host: typeof host === "string" ? host : null,
    expiresMs: Number(row["expires_ms"]),
  };
}
