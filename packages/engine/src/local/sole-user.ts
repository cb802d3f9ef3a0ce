import type { SqlDriver } from "./driver.ts";
import { isBusy } from "./store-error.ts";

/**
 * Is this the only connection to the store? SQLite leaves the WAL mode for the only connection alone, and refuses while
 * another process has the file open, however idle that is. The mode is taken up again at once; a process that ends in
 * between leaves a sound store, whose mode the next one sets. Outside of a transaction only.
 */
export function isSoleUser(driver: SqlDriver, lockTimeoutMs: number): boolean {
  driver.prepare("PRAGMA busy_timeout = 0").all();
  const isAlone = hasMode(driver, "delete");
  driver.prepare(`PRAGMA busy_timeout = ${lockTimeoutMs}`).all();
  // Busy means that another process has come in between: then it has set the mode.
  if (isAlone) hasMode(driver, "wal");
  return isAlone;
}

/** Sets the journal mode; false when somebody is in the way. */
function hasMode(driver: SqlDriver, mode: "delete" | "wal"): boolean {
  try {
    return driver.prepare(`PRAGMA journal_mode = ${mode}`).get()?.["journal_mode"] === mode;
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  }
}
