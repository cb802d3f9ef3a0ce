import type { ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import { NarthexError } from "@narthex/protocol";
import type { Transport } from "../transport.ts";
import { StreamTransport } from "./stream-transport.ts";
import type { TransportOptions } from "./transport-options.ts";

/**
 * The end of a process and the end of its output come in either order. After the first of the two, this is how long the
 * other is waited for: so that the last words are read, and so that the exit code gets into the error.
 */
const EXIT_GRACE_MS = 250;
/** The wait is renewed while there is still something to read, but not for ever: another process may hold the output. */
const MAX_GRACE_PERIODS = 3;

/**
 * Frames over a child process's standard input and output. The exit of the process ends the transport; `close()` ends its
 * standard input, which tells it to go, and leaves the process itself to its owner. What it still says then is discarded.
 *
 * @example
 * const child = spawn("runtime", ["--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
 * const peer = new RpcPeer(childProcessTransport(child), handler);
 *
 * @throws NarthexError CLIENT_OPTIONS_INVALID if the process has no piped standard input and output, or a bound is malformed
 */
export function childProcessTransport(child: ChildProcess, options: TransportOptions = {}): Transport {
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) {
    throw new NarthexError(
      "CLIENT_OPTIONS_INVALID",
      'The process has no piped standard input and output: spawn it with stdio ["pipe", "pipe", …].',
    );
  }
  let reportEnd: ((error?: NarthexError) => void) | undefined;
  const transport = new StreamTransport(stdout, stdin, options, {
    afterFlush: "leave",
    judgeEnd: (report) => {
      if (hasExited(child)) return report(exitError(child));
      reportEnd = report;
      setTimeout(() => report(exitError(child)), EXIT_GRACE_MS).unref();
    },
  });
  child.once("error", (cause) => {
    transport.end(new NarthexError("CONNECTION_FAILED", `The process cannot be run: ${cause.message}`, { cause }));
  });
  child.once("exit", () => {
    if (reportEnd !== undefined) return reportEnd(exitError(child));
    whenQuiet(child, MAX_GRACE_PERIODS, () => transport.end(exitError(child)));
  });
  return transport;
}

/** Calls back when nothing has come out of the process for a grace period. */
function whenQuiet(child: ChildProcess, periods: number, done: () => void): void {
  const before = bytesRead(child);
  const check = (): void => {
    if (periods > 1 && bytesRead(child) > before) whenQuiet(child, periods - 1, done);
    else done();
  };
  // The immediate lets pending input be read first, also if this process was too busy for it.
  setTimeout(() => setImmediate(check), EXIT_GRACE_MS).unref();
}

function bytesRead({ stdout }: ChildProcess): number {
  return stdout instanceof Socket ? stdout.bytesRead : 0;
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Nothing to complain of if it exited with 0, or is still running and has only closed its output. */
function exitError(child: ChildProcess): NarthexError | undefined {
  if (!hasExited(child) || child.exitCode === 0) return undefined;
  const how = child.exitCode === null ? `was killed by ${child.signalCode}` : `exited with code ${child.exitCode}`;
  return new NarthexError("CONNECTION_CLOSED", `The process ${how}: see what it wrote to its standard error.`, {
    data: { exitCode: child.exitCode, signal: child.signalCode },
  });
}
