// sessionFs.* requests: calls of the application's file system, with errors in the shape the runtime wants.
import { NarthexError, messageOf, type RuntimeRequestMethod } from "@narthex/protocol";
import { textOf } from "./wire-value.ts";
import type { SessionFsProvider, SessionFsSqliteProvider, SessionFsSqliteStatement } from "./types/session-fs.ts";

type Params = Record<string, unknown>;
type FsCall = (fs: SessionFsProvider, params: Params) => Promise<unknown>;

interface FsError {
  code: "ENOENT" | "UNKNOWN";
  message: string;
}

const text = (params: Params, field: string): string => textOf(params[field]);
const mode = (params: Params): number | undefined => (typeof params.mode === "number" ? params.mode : undefined);

/** Calls whose result is a value object; on failure the error stands inside of it, beside an empty value. */
const VALUE_CALLS: Readonly<Record<string, { call: FsCall; empty: Params }>> = {
  "sessionFs.readFile": {
    call: async (fs, p) => ({ content: await fs.readFile(text(p, "path")) }),
    empty: { content: "" },
  },
  "sessionFs.exists": {
    call: async (fs, p) => ({ exists: await fs.exists(text(p, "path")) }),
    empty: { exists: false },
  },
  "sessionFs.stat": {
    call: async (fs, p) => fs.stat(text(p, "path")),
    empty: {
      isFile: false,
      isDirectory: false,
      size: 0,
      mtime: new Date(0).toISOString(),
      birthtime: new Date(0).toISOString(),
    },
  },
  "sessionFs.readdir": {
    call: async (fs, p) => ({ entries: await fs.readdir(text(p, "path")) }),
    empty: { entries: [] },
  },
  "sessionFs.readdirWithTypes": {
    call: async (fs, p) => ({ entries: await fs.readdirWithTypes(text(p, "path")) }),
    empty: { entries: [] },
  },
  "sessionFs.sqliteQuery": {
    call: async (fs, p) =>
      (await sqlite(fs).query(p.queryType as never, text(p, "query"), p.params as never)) ?? emptyQuery(),
    empty: { rows: [], columns: [], rowsAffected: 0 },
  },
  "sessionFs.sqliteTransaction": {
    call: async (fs, p) => ({ results: await transaction(sqlite(fs), p.statements as SessionFsSqliteStatement[]) }),
    empty: { results: [] },
  },
  "sessionFs.sqliteExists": {
    call: async (fs) => ({ exists: fs.sqlite === undefined ? false : await fs.sqlite.exists() }),
    empty: { exists: false },
  },
};

/** Calls without a result: null, or the bare error. */
const VOID_CALLS: Readonly<Record<string, FsCall>> = {
  "sessionFs.writeFile": (fs, p) => fs.writeFile(text(p, "path"), text(p, "content"), mode(p)),
  "sessionFs.appendFile": (fs, p) => fs.appendFile(text(p, "path"), text(p, "content"), mode(p)),
  "sessionFs.mkdir": (fs, p) => fs.mkdir(text(p, "path"), p.recursive === true, mode(p)),
  "sessionFs.rm": (fs, p) => fs.rm(text(p, "path"), p.recursive === true, p.force === true),
  "sessionFs.rename": (fs, p) => fs.rename(text(p, "src"), text(p, "dest")),
};

/**
 * Runs one sessionFs request on the session's provider.
 * @throws {NarthexError} HANDLER_NOT_REGISTERED when the session has no provider
 */
export async function invokeSessionFs(
  fs: SessionFsProvider | undefined,
  method: RuntimeRequestMethod,
  params: Params,
): Promise<unknown> {
  if (fs === undefined) {
    throw new NarthexError(
      "HANDLER_NOT_REGISTERED",
      `No sessionFs handler registered for session: ${textOf(params.sessionId)}`,
    );
  }
  const value = VALUE_CALLS[method];
  try {
    if (value !== undefined) return await value.call(fs, params);
    await VOID_CALLS[method]?.(fs, params);
    return null;
  } catch (error) {
    return value === undefined ? fsError(error) : { ...value.empty, error: fsError(error) };
  }
}

function fsError(error: unknown): FsError {
  const code = (error as { code?: unknown } | null)?.code === "ENOENT" ? "ENOENT" : "UNKNOWN";
  return { code, message: messageOf(error) };
}

function sqlite(fs: SessionFsProvider): SessionFsSqliteProvider {
  if (fs.sqlite === undefined) throw new NarthexError("HANDLER_NOT_REGISTERED", "The provider has no SQL storage.");
  return fs.sqlite;
}

async function transaction(db: SessionFsSqliteProvider, statements: SessionFsSqliteStatement[]): Promise<unknown[]> {
  if (db.transaction === undefined) {
    throw new NarthexError("HANDLER_NOT_REGISTERED", "The provider has no SQL transactions.");
  }
  return db.transaction(statements);
}

function emptyQuery(): Params {
  return { rows: [], columns: [], rowsAffected: 0 };
}
