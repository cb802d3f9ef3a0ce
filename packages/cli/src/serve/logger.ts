import process from "node:process";
import type { RuntimeLogger } from "@narthex/runtime";

const LEVELS = ["debug", "info", "warn", "error"] as const;
type Level = (typeof LEVELS)[number];

/** Names of log levels that `--log-level` takes; the SDK's names are among them. */
const LOWEST: Readonly<Record<string, number>> = { all: 0, debug: 0, info: 1, warning: 2, warn: 2, error: 3, none: 4 };

export function isLogLevel(name: string): boolean {
  return Object.hasOwn(LOWEST, name);
}

/** Writes JSON lines to stderr; stdout may be the transport. */
export function createLogger(level: string): RuntimeLogger {
  const lowest = LOWEST[level] ?? 2;
  const writer =
    (name: Level) =>
    (message: string, details?: Record<string, unknown>): void => {
      if (LEVELS.indexOf(name) < lowest) return;
      const line = { time: new Date().toISOString(), level: name, message, ...details };
      process.stderr.write(`${JSON.stringify(line)}\n`);
    };
  return { debug: writer("debug"), info: writer("info"), warn: writer("warn"), error: writer("error") };
}
