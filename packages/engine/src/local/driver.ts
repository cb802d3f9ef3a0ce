import { openLibsql } from "./libsql-driver.ts";
import { findNodeSqlite, openNodeSqlite } from "./node-sqlite-driver.ts";

/** What goes into and comes out of a column. Integers stay below 2^53. */
export type SqlValue = string | number | null;

/** One row of a result, by column name. */
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** A compiled statement. Every call runs it to its end, so that none holds a read transaction open. */
export interface SqlStatement {
  /** Runs a statement without a result; returns how many rows it changed. */
  run(...values: SqlValue[]): number;
  all(...values: SqlValue[]): readonly SqlRow[];
  get(...values: SqlValue[]): SqlRow | undefined;
}

/**
 * The few things that the engine needs of a SQLite library. Everything is synchronous and throws the library's own
 * errors, which `store-error.ts` reads.
 *
 * Writes belong between `BEGIN IMMEDIATE` and `COMMIT`, both through `exec`: under libsql an autocommit write that met
 * another process's lock stays half-run and holds back the commits after it.
 */
export interface SqlDriver {
  readonly name: "node:sqlite" | "libsql";
  exec(sql: string): void;
  prepare(sql: string): SqlStatement;
  close(): void;
}

/** Opens a database with Node's own SQLite where there is one, else with the `libsql` package. Same file format. */
export async function openDriver(path: string, readOnly = false): Promise<SqlDriver> {
  const sqlite = findNodeSqlite();
  return sqlite ? openNodeSqlite(sqlite, path, readOnly) : openLibsql(path, readOnly);
}
