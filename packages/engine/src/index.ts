// The durable side of sessions: which sessions there are, the append-only event log of each, what each is still to do, and
// who runs it.
export type { ArchiveEntry, ArchivedCommand, ArchivedSession, Archives, ImportedSession } from "./archives.ts";
export type {
  AppendOptions,
  Command,
  CreateKey,
  Engine,
  EventLog,
  ListFilter,
  LogRecord,
  LogTail,
  Mailbox,
  NewSession,
  Page,
  PostedCommand,
  ReadOptions,
  SessionDirectory,
  SessionRecord,
  SessionWaiting,
  WaitingCommand,
} from "./engine.ts";
export type { LeaseHolder, Leases } from "./leases.ts";
export { openLocalEngine } from "./local/open-local-engine.ts";
export type { LocalEngineOptions } from "./local/options.ts";
export { STORE_FILE_NAME } from "./local/store-file.ts";
export { isProcessGone, nameOfThisHost } from "./process-host.ts";
