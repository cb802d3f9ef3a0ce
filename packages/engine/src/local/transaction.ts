import type { SqlDriver } from "./driver.ts";

/** Runs some statements as one; `BEGIN` sees one state of the store, `BEGIN IMMEDIATE` may also change it. */
export function inTransaction<T>(driver: SqlDriver, begin: "BEGIN" | "BEGIN IMMEDIATE", work: () => T): T {
  driver.exec(begin);
  try {
    const result = work();
    driver.exec("COMMIT");
    return result;
  } catch (error) {
    rollback(driver);
    throw error;
  }
}

/** Takes back what a transaction did. */
export function rollback(driver: SqlDriver): void {
  try {
    driver.exec("ROLLBACK");
  } catch {
    // SQLite has rolled back by itself, as it does when the disk is full.
  }
}
