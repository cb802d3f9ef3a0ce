// A file system for a session's state that the application provides.

/** What `stat` tells. Times are ISO 8601. */
export interface SessionFsFileInfo {
  isFile: boolean;
  isDirectory: boolean;
  size: number;
  mtime: string;
  birthtime: string;
}

export interface SessionFsDirectoryEntry {
  name: string;
  type: "file" | "directory";
}

export type SessionFsSqliteQueryType = "exec" | "query" | "run";

export interface SessionFsSqliteQueryResult {
  rows: Record<string, unknown>[];
  columns: string[];
  rowsAffected: number;
  lastInsertRowid?: number;
}

export interface SessionFsSqliteStatement {
  queryType: SessionFsSqliteQueryType;
  query: string;
  params?: Record<string, string | number | null>;
}

/** Optional SQL storage of a session. */
export interface SessionFsSqliteProvider {
  query(
    queryType: SessionFsSqliteQueryType,
    query: string,
    params?: Record<string, string | number | null>,
  ): Promise<SessionFsSqliteQueryResult | undefined>;
  transaction?(statements: SessionFsSqliteStatement[]): Promise<SessionFsSqliteQueryResult[]>;
  exists(): Promise<boolean>;
}

/**
 * Where a session keeps its state files. Methods throw on failure; an error with `code: "ENOENT"` tells the runtime that
 * the path does not exist.
 */
export interface SessionFsProvider {
  readFile(path: string): Promise<string>;
  writeFile(path: string, content: string, mode?: number): Promise<void>;
  appendFile(path: string, content: string, mode?: number): Promise<void>;
  exists(path: string): Promise<boolean>;
  stat(path: string): Promise<SessionFsFileInfo>;
  mkdir(path: string, recursive: boolean, mode?: number): Promise<void>;
  readdir(path: string): Promise<string[]>;
  readdirWithTypes(path: string): Promise<SessionFsDirectoryEntry[]>;
  rm(path: string, recursive: boolean, force: boolean): Promise<void>;
  rename(src: string, dest: string): Promise<void>;
  sqlite?: SessionFsSqliteProvider;
}
