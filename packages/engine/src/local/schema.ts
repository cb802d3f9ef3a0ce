import { NarthexError } from "@narthex/protocol";

import type { SqlDriver } from "./driver.ts";
import { inTransaction } from "./transaction.ts";

/** Version of the schema, kept in the file as `user_version`. */
export const SCHEMA_VERSION = 3;

// "Nrtx", so that the file of another program is not taken for ours.
const APPLICATION_ID = 0x4e727478;

/*
 * sessions  what changes rarely and may be large
 * tails     what every append changes: small rows, so that an append rewrites one page and not a session's attributes
 * events    the log, clustered by session, so that a replay reads neighbouring pages
 * commands  the mailbox, clustered by session; the payload goes when a command is acknowledged   (since version 2)
 *           commands_waiting finds those that wait; a store of before it gets it when it is opened
 * creates   the keys of repeatable creates                                                       (since version 2)
 * leases    which process runs which session, and for the how manieth time one took it            (since version 3)
 *
 * `events.sum` and `tails.last_sum` (since version 3) are the checksums of `row-sum.ts`; rows of older versions have none.
 *
 * `n` is never reused, so a removed and recreated session never meets the rows or the cached tail of its predecessor.
 */
const SCHEMA = `
CREATE TABLE sessions (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  created_ms INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  is_cloud INTEGER NOT NULL,
  attributes TEXT NOT NULL
) STRICT;

CREATE TABLE tails (
  session INTEGER PRIMARY KEY REFERENCES sessions (n) ON DELETE CASCADE,
  changed_us INTEGER NOT NULL,
  has_user_message INTEGER NOT NULL,
  persisted_seq INTEGER NOT NULL,
  reserved_seq INTEGER NOT NULL,
  last_event_id TEXT,
  event_count INTEGER NOT NULL
) STRICT;

CREATE INDEX tails_by_change ON tails (changed_us, session, has_user_message);

CREATE TABLE events (
  session INTEGER NOT NULL REFERENCES sessions (n) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (session, seq)
) STRICT, WITHOUT ROWID;

PRAGMA application_id = ${APPLICATION_ID};
`;

const SINCE_VERSION_2 = `
CREATE TABLE commands (
  session INTEGER NOT NULL REFERENCES sessions (n) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  command_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  digest TEXT NOT NULL,
  receipt TEXT NOT NULL,
  payload TEXT,
  PRIMARY KEY (session, position)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX commands_by_id ON commands (session, command_id);

CREATE TABLE creates (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  digest TEXT NOT NULL,
  session INTEGER NOT NULL REFERENCES sessions (n) ON DELETE CASCADE
) STRICT;

CREATE INDEX creates_by_session ON creates (session);
`;

const SINCE_VERSION_3 = `
ALTER TABLE events ADD COLUMN sum INTEGER;
ALTER TABLE tails ADD COLUMN last_sum INTEGER;

CREATE TABLE leases (
  session INTEGER PRIMARY KEY REFERENCES sessions (n) ON DELETE CASCADE,
  epoch INTEGER NOT NULL,
  host TEXT,
  expires_ms INTEGER NOT NULL
) STRICT;

PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** What each version added, by the version that lacks it; 0 is an empty file. */
const STEPS = [SCHEMA, SINCE_VERSION_2, SINCE_VERSION_3];
// Older versions keep an index that they do not know, so that the version of the schema stays.
const WAITING_INDEX = "CREATE INDEX IF NOT EXISTS commands_waiting ON commands (session) WHERE payload IS NOT NULL";

/** Reads an integer PRAGMA. */
function readPragma(driver: SqlDriver, name: "user_version" | "application_id"): number {
  return Number(driver.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
}

/**
 * Checks that a file is ours to use and says which version of the schema it has, 0 for an empty one. Changes nothing. Runs
 * inside a transaction, so that a store which another process creates meanwhile is seen either not at all or whole.
 * @throws {NarthexError} STORE_UNAVAILABLE for the file of a newer version or of another program.
 */
function checkSchema(driver: SqlDriver, path: string): number {
  const version = readPragma(driver, "user_version");
  const application = readPragma(driver, "application_id");
  if (application === APPLICATION_ID && version >= 1 && version <= SCHEMA_VERSION) return version;
  if (application === APPLICATION_ID && version > SCHEMA_VERSION) {
    throw new NarthexError(
      "STORE_UNAVAILABLE",
      `${path} was written by a newer version (schema ${version}, this one knows ${SCHEMA_VERSION}): update narthex.`,
    );
  }
  const tables = Number(driver.prepare("SELECT count(*) AS tables FROM sqlite_master").get()?.["tables"] ?? 0);
  if (application === 0 && version === 0 && tables === 0) return 0;
  throw new NarthexError(
    "STORE_UNAVAILABLE",
    `${path} belongs to another program: choose another data directory or move the file away.`,
  );
}

/**
 * Makes sure that the tables are there, whoever creates them. The store of an older version gets what it lacks.
 * @throws {NarthexError} STORE_UNAVAILABLE for the file of a newer version or of another program.
 */
export function ensureSchema(driver: SqlDriver, path: string): void {
  const version = inTransaction(driver, "BEGIN", () => checkSchema(driver, path));
  driver.prepare("PRAGMA journal_mode = WAL").all();
  if (version === SCHEMA_VERSION && hasWaitingIndex(driver)) return;
  inTransaction(driver, "BEGIN IMMEDIATE", () => {
    for (const step of STEPS.slice(checkSchema(driver, path))) driver.exec(step);
    driver.exec(WAITING_INDEX);
  });
}

function hasWaitingIndex(driver: SqlDriver): boolean {
  return driver.prepare("SELECT 1 AS found FROM sqlite_master WHERE name = 'commands_waiting'").get() !== undefined;
}

/**
 * Makes sure that a store can be read as it is.
 * @throws {NarthexError} STORE_UNAVAILABLE for the file of another version or of another program.
 */
export function requireSchema(driver: SqlDriver, path: string): void {
  const version = inTransaction(driver, "BEGIN", () => checkSchema(driver, path));
  if (version === SCHEMA_VERSION) return;
  const text = `${path} was written by an older version (schema ${version}): open it for writing once, with \`narthex serve\`.`;
  throw new NarthexError("STORE_UNAVAILABLE", text);
}
