import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { type SqlDriver, openDriver } from "../src/local/driver.ts";
import { ensureSchema } from "../src/local/schema.ts";
import { isBusy } from "../src/local/store-error.ts";
import { makeTempDirectory } from "./temp-directory.ts";

/** A driver that calls `before` ahead of compiling the statement `sql`. */
function interrupted(driver: SqlDriver, sql: string, before: () => void): SqlDriver {
  return {
    ...driver,
    prepare: (text) => {
      if (text === sql) before();
      return driver.prepare(text);
    },
  };
}

describe("ensureSchema", () => {
  it("creates the tables once, however often it is asked to", async () => {
    const path = join(makeTempDirectory(), "narthex.db");
    const driver = await openDriver(path);
    ensureSchema(driver, path);
    driver.exec("INSERT INTO sessions (id, created_ms, revision, is_cloud, attributes) VALUES ('s', 0, 1, 0, '{}')");
    ensureSchema(driver, path);
    expect(driver.prepare("SELECT id FROM sessions").all()).toHaveLength(1);
    driver.close();
  });

  it("gives the store of version 1 a mailbox, leases and checksums, and keeps what is in it", async () => {
    const path = join(makeTempDirectory(), "narthex.db");
    const driver = await openDriver(path);
    ensureSchema(driver, path);
    driver.exec("INSERT INTO sessions (id, created_ms, revision, is_cloud, attributes) VALUES ('s', 0, 1, 0, '{}')");
    // What versions 2 and 3 added, taken away again.
    driver.exec("DROP TABLE leases; ALTER TABLE events DROP COLUMN sum; ALTER TABLE tails DROP COLUMN last_sum");
    driver.exec("DROP TABLE commands; DROP TABLE creates; PRAGMA user_version = 1");
    ensureSchema(driver, path);
    expect(driver.prepare("SELECT id FROM sessions").all()).toHaveLength(1);
    expect(driver.prepare("SELECT count(*) AS n FROM commands").get()?.["n"]).toBe(0);
    expect(driver.prepare("SELECT count(*) AS n FROM creates").get()?.["n"]).toBe(0);
    expect(driver.prepare("SELECT count(sum) AS n FROM events").get()?.["n"]).toBe(0);
    expect(driver.prepare("SELECT count(*) AS n FROM leases").get()?.["n"]).toBe(0);
    expect(driver.prepare("PRAGMA user_version").get()?.["user_version"]).toBe(3);
    driver.close();
  });

  // Each step at which another process can come in between.
  it.each(["PRAGMA application_id", "SELECT count(*) AS tables FROM sqlite_master", "PRAGMA journal_mode = WAL"])(
    "takes the tables of a process that creates them right before %s for its own",
    async (sql) => {
      const path = join(makeTempDirectory(), "narthex.db");
      const [own, other] = [await openDriver(path), await openDriver(path)];
      let attempts = 0;
      const comeInBetween = (): void => {
        attempts += 1;
        try {
          ensureSchema(other, path);
        } catch (error) {
          if (!isBusy(error)) throw error;
        }
      };
      ensureSchema(interrupted(own, sql, comeInBetween), path);
      expect(attempts).toBeGreaterThan(0);
      ensureSchema(other, path);
      expect(other.prepare("SELECT n FROM sessions").all()).toEqual([]);
      own.close();
      other.close();
    },
  );
});
