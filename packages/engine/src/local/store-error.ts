import { type ErrorCode, NarthexError, messageOf } from "@narthex/protocol";

interface Advice {
  readonly code: ErrorCode;
  readonly text: string;
}

function unavailable(text: string): Advice {
  return { code: "STORE_UNAVAILABLE", text };
}

const CONSTRAINT = 19;
const DAMAGED: Advice = {
  code: "STORE_CORRUPT",
  text: "The file is damaged or no SQLite file; restore it from a backup, or move it away to start afresh",
};

// What the primary result codes of SQLite mean for an operator.
const ADVICE = new Map<number, Advice>([
  [5, unavailable("Another process holds the write lock; try again, or stop the process that holds it")],
  [6, unavailable("The store is locked; try again")],
  [8, unavailable("The store is read-only; check the permissions of the data directory")],
  [10, unavailable("The disk failed to read or write; check the disk and the space left on it")],
  [11, DAMAGED],
  [13, unavailable("The disk is full; free some space and try again")],
  [14, unavailable("The file cannot be opened; check that the data directory exists and may be read and written")],
  [CONSTRAINT, { code: "LOG_CONFLICT", text: "Another process wrote to this session; read its tail again" }],
  [26, DAMAGED],
]);

/** The primary result code of SQLite that an error of either library carries. */
export function sqliteCode(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { errcode, rawCode } = error as { errcode?: unknown; rawCode?: unknown };
  const code = errcode ?? rawCode ?? codeInMessage(error);
  return typeof code === "number" ? code & 0xff : undefined;
}

/** Is the store busy with another process, so that trying again soon makes sense? */
export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === 5 || code === 6;
}

/** Did a write break a rule of the schema, such as a sequence number that is taken? */
export function isConstraint(error: unknown): boolean {
  return sqliteCode(error) === CONSTRAINT;
}

/**
 * An error of a SQLite library as a NarthexError that says what was being done and what to try. A NarthexError stays
 * what it is.
 */
export function storeError(error: unknown, doing: string): NarthexError {
  if (NarthexError.is(error)) return error;
  const advice = ADVICE.get(sqliteCode(error) ?? -1);
  const detail = messageOf(error);
  if (!advice) return new NarthexError("STORE_UNAVAILABLE", `Could not ${doing}: ${detail}.`, { cause: error });
  return new NarthexError(advice.code, `Could not ${doing}: ${detail}. ${advice.text}.`, { cause: error });
}

// libsql gives the result code of a failed open in the text only.
function codeInMessage(error: object): number | undefined {
  const match = /^ConnectionFailed\(.*: (\d+)"?\)$/s.exec(messageOf(error));
  return match ? Number(match[1]) : undefined;
}
