/** Where the SDK writes what an operator should see. Nothing is ever written to stdout, which may be the transport. */
export interface Logger {
  debug(message: string, details?: Record<string, unknown>): void;
  info(message: string, details?: Record<string, unknown>): void;
  warn(message: string, details?: Record<string, unknown>): void;
  error(message: string, details?: Record<string, unknown>): void;
}

/** The default: warnings and errors to stderr, the rest nowhere. */
export const stderrLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  // oxlint-disable-next-line no-console -- console.warn and console.error write to stderr
  warn: (message, details) => console.warn(line("warning", message, details)),
  // oxlint-disable-next-line no-console -- as above
  error: (message, details) => console.error(line("error", message, details)),
};

function line(level: string, message: string, details?: Record<string, unknown>): string {
  return `[narthex] ${level}: ${message}${details === undefined ? "" : ` ${JSON.stringify(details)}`}`;
}
