import type { SqlDriver, SqlRow, SqlStatement, SqlValue } from "./driver.ts";

// The part of `node:sqlite` that is used here; the types of Node 20 do not know the module.
interface NodeStatement {
  run(...values: SqlValue[]): { changes: number | bigint };
  all(...values: SqlValue[]): SqlRow[];
  get(...values: SqlValue[]): SqlRow | undefined;
}

interface NodeDatabase {
  exec(sql: string): void;
  prepare(sql: string): NodeStatement;
  close(): void;
}

/** The module `node:sqlite`, as far as it is used here. */
export interface NodeSqlite {
  DatabaseSync: new (path: string, options?: { readOnly: boolean }) => NodeDatabase;
}

/** `node:sqlite`, on a Node that has it without a flag (22.13 and later). */
export function findNodeSqlite(): NodeSqlite | undefined {
  return process.getBuiltinModule?.("node:sqlite") as NodeSqlite | undefined;
}

export function openNodeSqlite(sqlite: NodeSqlite, path: string, readOnly = false): SqlDriver {
  const database = new sqlite.DatabaseSync(path, { readOnly });
  return {
    name: "node:sqlite",
    exec: (sql) => database.exec(sql),
    prepare: (sql) => wrapStatement(database.prepare(sql)),
    close: () => database.close(),
  };
}

function wrapStatement(statement: NodeStatement): SqlStatement {
  return {
    run: (...values) => Number(statement.run(...values).changes),
    all: (...values) => statement.all(...values),
    get: (...values) => statement.get(...values),
  };
}
