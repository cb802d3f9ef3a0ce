import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import type { Readable } from "node:stream";
import { NarthexError } from "@narthex/protocol";
import { gitEnvironment, SAFE_GIT_CONFIG } from "./git-environment.ts";
import { endProcessGroup } from "./process-group.ts";

/** Options of the git wrapper. */
export interface GitOptions {
  /** Name or path of git; default `git`. */
  readonly executable?: string;
  /** Environment that git inherits, after scrubbing; default `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
  /** Time limit of one call in milliseconds; default 30,000. */
  readonly timeoutMs?: number;
  /** Most bytes kept of stdout; default 16 MiB. The rest is read and thrown away. */
  readonly maxOutputBytes?: number;
}

/** What one call may set. */
export interface GitCall {
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly maxOutputBytes?: number;
  /** Added to the environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Gets stderr as it comes (progress of a clone). */
  readonly onStderr?: (text: string) => void;
}

/** What a call gave. A failure of git itself is an exit code, not a throw. */
export interface GitResult {
  readonly exitCode: number;
  readonly stdout: string;
  /** At most the last 64 KiB. */
  readonly stderr: string;
  /** True when stdout was longer than `maxOutputBytes`. */
  readonly isCut: boolean;
}

/** Plain git, without a shell. */
export interface Git {
  /**
   * Runs git with these arguments, in their own process group and without a terminal.
   * @throws {NarthexError} GIT_NOT_FOUND, WORKSPACE_UNAVAILABLE (no such `cwd`), REQUEST_TIMEOUT, ABORTED
   */
  run(args: readonly string[], call?: GitCall): Promise<GitResult>;
}

const MAX_STDERR_BYTES = 64 * 1024;

/** Creates the git wrapper; starts nothing. */
export function createGit(options: GitOptions = {}): Git {
  return { run: (args, call = {}) => runGit(options, args, call) };
}

async function runGit(options: GitOptions, args: readonly string[], call: GitCall): Promise<GitResult> {
  throwIfAborted(call.signal, args);
  const child = spawn(options.executable ?? "git", [...SAFE_GIT_CONFIG, ...args], {
    ...(call.cwd === undefined ? {} : { cwd: call.cwd }),
    env: gitEnvironment(options.env ?? process.env, call.env),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const stdout = keepBytes(child.stdout, call.maxOutputBytes ?? options.maxOutputBytes ?? 16 * 1024 * 1024, "head");
  const stderr = keepBytes(child.stderr, MAX_STDERR_BYTES, "tail", call.onStderr);
  const end = endEarly(child, call.timeoutMs ?? options.timeoutMs ?? 30_000, call.signal);
  try {
    const [exitCode] = (await once(child, "close")) as [number | null];
    throwIfAborted(call.signal, args);
    if (end.isTimedOut()) throw timedOut(args);
    return { exitCode: exitCode ?? 128, stdout: stdout.text(), stderr: stderr.text(), isCut: stdout.isCut() };
  } catch (error) {
    throw NarthexError.is(error) ? error : startFailed(error, options, call);
  } finally {
    end.dispose();
  }
}

/** Ends the process group at the time limit or on abort. */
function endEarly(child: ChildProcess, timeoutMs: number, signal: AbortSignal | undefined) {
  let hasTimedOut = false;
  const timer = setTimeout(() => {
    hasTimedOut = true;
    endProcessGroup(child);
  }, timeoutMs);
  const onAbort = (): void => void endProcessGroup(child);
  signal?.addEventListener("abort", onAbort, { once: true });
  return {
    isTimedOut: () => hasTimedOut,
    dispose() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    },
  };
}

/** Reads a stream to its end, keeping at most `maxBytes` of its head or tail. */
function keepBytes(stream: Readable, maxBytes: number, side: "head" | "tail", onText?: (text: string) => void) {
  const chunks: Buffer[] = [];
  let kept = 0;
  let isCut = false;
  const dropAbove = side === "tail" ? maxBytes : Number.POSITIVE_INFINITY;
  stream.on("data", (chunk: Buffer) => {
    onText?.(chunk.toString("utf8"));
    if (side === "head" && kept + chunk.length > maxBytes) {
      isCut = true;
      chunk = chunk.subarray(0, maxBytes - kept);
    }
    chunks.push(chunk);
    kept += chunk.length;
    while (kept > dropAbove && chunks.length > 1) kept -= chunks.shift()?.length ?? 0;
  });
  return { text: () => Buffer.concat(chunks).toString("utf8"), isCut: () => isCut };
}

function throwIfAborted(signal: AbortSignal | undefined, args: readonly string[]): void {
  if (signal?.aborted !== true) return;
  throw new NarthexError("ABORTED", `git ${args[0] ?? ""} was cancelled by the caller.`, { cause: signal.reason });
}

function timedOut(args: readonly string[]): NarthexError {
  return new NarthexError("REQUEST_TIMEOUT", `git ${args[0] ?? ""} did not end within its time limit.`);
}

function startFailed(error: unknown, options: GitOptions, call: GitCall): NarthexError {
  // The operating system reports a missing working directory and a missing program with the same code.
  if (call.cwd !== undefined && !existsSync(call.cwd)) {
    const text = `The folder ${call.cwd} does not exist; give an existing one.`;
    return new NarthexError("WORKSPACE_UNAVAILABLE", text, { cause: error });
  }
  const text = `git cannot be started (${options.executable ?? "git"}): install git and put it on the PATH.`;
  return new NarthexError("GIT_NOT_FOUND", text, { cause: error });
}
