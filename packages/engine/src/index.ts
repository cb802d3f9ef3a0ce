// The durable side of sessions: which sessions there are, the append-only event log of each, and what each is still to do.
export type {
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
export { openLocalEngine } from "./local/open-local-engine.ts";
export type { LocalEngineOptions } from "./local/options.ts";
