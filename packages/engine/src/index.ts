// The durable side of sessions: which sessions there are, and the append-only event log of each.
export type {
  Engine,
  EventLog,
  ListFilter,
  LogRecord,
  LogTail,
  Page,
  ReadOptions,
  SessionDirectory,
  SessionRecord,
} from "./engine.ts";
export { openLocalEngine } from "./local/open-local-engine.ts";
export type { LocalEngineOptions } from "./local/options.ts";
