import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { NarthexError, messageOf } from "@narthex/protocol";

import { type SqlDriver, openDriver } from "./driver.ts";
import type { ResolvedLocalEngineOptions } from "./options.ts";
import { ensureSchema, requireSchema } from "./schema.ts";
import { isBusy, storeError } from "./store-error.ts";

/** Name of the database inside the data directory. */
export const STORE_FILE_NAME = "narthex.db";

// Another process may hold the file while it creates or recovers the store. We wait for it in short attempts, so that
// the event loop does not stand meanwhile.
const ATTEMPT_MS = 50;
const RETRY_DELAY_MS = 20;
const LARGEST_WAL_BYTES = 64 * 1024 * 1024;

/**
 * Opens the store of a data directory, creating both when they are missing and it may be written.
 * @throws {NarthexError} STORE_UNAVAILABLE, STORE_CORRUPT
 */
export async function openStoreFile(options: ResolvedLocalEngineOptions): Promise<SqlDriver> {
  const path = join(options.directory, STORE_FILE_NAME);
  if (!options.readOnly) createFile(options.directory, path);
  else if (!existsSync(path)) {
    throw new NarthexError("STORE_UNAVAILABLE", `There is no store in ${options.directory}: choose another directory.`);
  }
  const deadline = performance.now() + options.lockTimeoutMs;
  for (;;) {
    try {
      return await openOnce(path, options);
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw storeError(error, `open ${path}`);
      await delay(RETRY_DELAY_MS);
    }
  }
}

// The file is made here for its mode alone. An existing one is not even opened: closing it again would drop the locks
// that SQLite holds on it in this process.
function createFile(directory: string, path: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST" && (error as NodeJS.ErrnoException).path === path) return;
    throw new NarthexError(
      "STORE_UNAVAILABLE",
      `Cannot use ${directory} as data directory: ${messageOf(error)}. Choose a directory that you may write to.`,
      { cause: error },
    );
  }
}

async function openOnce(path: string, options: ResolvedLocalEngineOptions): Promise<SqlDriver> {
  const driver = await openDriver(path, options.readOnly);
  try {
    driver.prepare(`PRAGMA busy_timeout = ${Math.min(ATTEMPT_MS, options.lockTimeoutMs)}`).all();
    driver.exec(`PRAGMA synchronous = ${options.synchronous === "full" ? "FULL" : "NORMAL"}`);
    driver.exec("PRAGMA foreign_keys = ON");
    // What is deleted is overwritten, so that nothing of it is left in the file.
    if (!options.readOnly) driver.prepare("PRAGMA secure_delete = ON").all();
    if (options.readOnly) requireSchema(driver, path);
    else ensureSchema(driver, path);
    driver.prepare(`PRAGMA journal_size_limit = ${LARGEST_WAL_BYTES}`).all();
    driver.prepare(`PRAGMA busy_timeout = ${options.lockTimeoutMs}`).all();
    return driver;
  } catch (error) {
    driver.close();
    throw error;
  }
}
