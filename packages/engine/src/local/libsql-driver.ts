import { pathToFileURL } from "node:url";

import { NarthexError } from "@narthex/protocol";

import type { SqlDriver, SqlRow, SqlStatement, SqlValue } from "./driver.ts";

// The part of the `libsql` package that is used here.
interface LibsqlStatement {
  run(values: SqlValue[]): { changes: number };
  all(values: SqlValue[]): SqlRow[];
}

interface LibsqlDatabase {
  exec(sql: string): void;
  prepare(sql: string): LibsqlStatement;
  close(): void;
}

type Libsql = new (path: string) => LibsqlDatabase;

/**
 * Opens a database with the optional package `libsql`.
 * @throws {NarthexError} STORE_UNAVAILABLE when the package is not installed for this platform.
 */
export async function openLibsql(path: string, readOnly = false): Promise<SqlDriver> {
  const Database = await loadLibsql();
  const database = new Database(readOnly ? `${pathToFileURL(path).href}?mode=ro` : path);
  return {
    name: "libsql",
    exec: (sql) => database.exec(sql),
    prepare: (sql) => wrapStatement(database.prepare(sql)),
    close: () => database.close(),
  };
}

async function loadLibsql(): Promise<Libsql> {
  try {
    const module = (await import("libsql")) as unknown as { default: Libsql };
    return module.default;
  } catch (error) {
    throw new NarthexError(
      "STORE_UNAVAILABLE",
      "No SQLite library: use Node 22.13 or later, or install the package libsql (an optional dependency).",
      { cause: error },
    );
  }
}

// Values go in as one array: a lone value would be taken for an object of named parameters when it is null.
// `get` of libsql adds a `_metadata` column, so the first row of `all` is taken.
function wrapStatement(statement: LibsqlStatement): SqlStatement {
  return {
    run: (...values) => statement.run(values).changes,
    all: (...values) => statement.all(values),
    get: (...values) => statement.all(values)[0],
  };
}
