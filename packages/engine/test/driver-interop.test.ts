import { join } from "node:path";

import { describe, expect, it } from "vitest";

import type { SqlDriver } from "../src/local/driver.ts";
import { openLibsql } from "../src/local/libsql-driver.ts";
import { findNodeSqlite, openNodeSqlite } from "../src/local/node-sqlite-driver.ts";
import { sqliteCode } from "../src/local/store-error.ts";
import { makeTempDirectory } from "./temp-directory.ts";

const sqlite = findNodeSqlite();

function codeOf(action: () => unknown): number | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return sqliteCode(error);
  }
}

const drivers: [string, (path: string) => Promise<SqlDriver>][] = [["libsql", openLibsql]];
if (sqlite) drivers.push(["node:sqlite", async (path) => openNodeSqlite(sqlite, path)]);

describe.each(drivers)("the %s driver", (_name, open) => {
  it("gives plain rows, counts changes and tells errors apart", async () => {
    const driver = await open(join(makeTempDirectory(), "test.db"));
    driver.exec("CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT) STRICT; CREATE TABLE u (x)");
    const insert = driver.prepare("INSERT INTO t VALUES (?, ?)");
    expect(insert.run(2 ** 52, "ü")).toBe(1);
    expect(insert.run(2, null)).toBe(1);
    expect(driver.prepare("UPDATE t SET v = ? WHERE v IS NULL").run(null)).toBe(1);
    expect(driver.prepare("UPDATE t SET v = 'x' WHERE k = ?").run(3)).toBe(0);
    const select = driver.prepare("SELECT k, v FROM t WHERE k >= ? ORDER BY k");
    const first = select.get(0);
    expect(first && Object.entries(first)).toEqual(Object.entries({ k: 2, v: null }));
    expect(select.all(0).map((row) => ({ ...row }))).toEqual([
      { k: 2, v: null },
      { k: 2 ** 52, v: "ü" },
    ]);
    expect(select.get(2 ** 53 - 1)).toBeUndefined();
    expect(codeOf(() => insert.run(2, "again"))).toBe(19);
    expect(codeOf(() => driver.exec("no sql"))).toBe(1);
    driver.close();
  });

  it("lets another connection write after every kind of read", async () => {
    const path = join(makeTempDirectory(), "test.db");
    const [one, two] = [await open(path), await open(path)];
    one.prepare("PRAGMA journal_mode = WAL").all();
    one.exec("CREATE TABLE t (k INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3)");
    const select = one.prepare("SELECT k FROM t ORDER BY k");
    select.get();
    select.all();
    two.exec("BEGIN IMMEDIATE; INSERT INTO t VALUES (4); COMMIT");
    expect(select.all()).toHaveLength(4);
    // A read that was still open would hold back the checkpoint and spoil this write.
    expect(two.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()).toMatchObject({ busy: 0 });
    one.exec("BEGIN IMMEDIATE; INSERT INTO t VALUES (5); COMMIT");
    one.close();
    two.close();
  });
});

describe("the two drivers", () => {
  it.skipIf(!sqlite)("share one file format (skipped where Node has no node:sqlite)", async () => {
    const path = join(makeTempDirectory(), "test.db");
    const libsql = await openLibsql(path);
    libsql.prepare("PRAGMA journal_mode = WAL").all();
    libsql.exec("CREATE TABLE t (v TEXT) STRICT; INSERT INTO t VALUES ('written by libsql')");
    libsql.prepare("PRAGMA wal_checkpoint(TRUNCATE)").all();
    libsql.close();
    const node = openNodeSqlite(sqlite!, path);
    expect({ ...node.prepare("SELECT v FROM t").get() }).toEqual({ v: "written by libsql" });
    node.close();
  });
});
