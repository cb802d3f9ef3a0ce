// One shell command in its own process group.
// B1: settles soon after the shell has ended, whoever else still holds the output pipe. B2: whatever of the group is
//     left by then is ended. B3: on abort and at the time limit the whole group gets SIGTERM, and SIGKILL 2 s later.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as delay } from "node:timers/promises";
import { NarthexError } from "@narthex/protocol";
import { endProcessGroup } from "../workspace/process-group.ts";

export interface ShellOrder {
  readonly command: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Gets stdout and stderr, in the order in which they were written. */
  readonly onOutput: (text: string) => void;
}

export interface ShellResult {
  /** Absent when a signal ended the shell. */
  readonly exitCode?: number;
  readonly signalName?: string;
  readonly isTimedOut: boolean;
  /** True when background processes were still running and have been ended. */
  readonly hasLeftovers: boolean;
}

/** How long output of an ended shell may still come in, in milliseconds. */
const DRAIN_MS = 250;

/**
 * Runs a command line with bash (sh where there is none), stdin closed, stdout and stderr in one stream.
 * @throws {NarthexError} ABORTED, TOOL_FAILED (no shell, no such folder)
 */
export async function runShell(order: ShellOrder): Promise<ShellResult> {
  if (order.signal.aborted) throw aborted(order.signal);
  const shell = existsSync("/bin/bash") ? "/bin/bash" : "/bin/sh";
  // The outer shell only joins the two outputs before it becomes the inner one.
  const child = spawn("/bin/sh", ["-c", 'exec "$0" -c "$1" 2>&1', shell, order.command], {
    cwd: order.cwd,
    env: order.env,
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  const decoder = new StringDecoder("utf8");
  child.stdout.on("data", (chunk: Buffer) => order.onOutput(decoder.write(chunk)));
  const closed = once(child.stdout, "close").catch(() => {}); // a broken pipe ends the output as well
  const watch = watchLimits(child, order);
  try {
    const [exitCode, signalName] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    const hasLeftovers = endProcessGroup(child); // B2
    await Promise.race([closed, delay(DRAIN_MS, undefined, { ref: false })]); // B1
    child.stdout.destroy();
    order.onOutput(decoder.end());
    if (order.signal.aborted) throw aborted(order.signal);
    const isTimedOut = watch.isTimedOut();
    return {
      ...(exitCode === null ? {} : { exitCode }),
      ...(signalName === null ? {} : { signalName }),
      isTimedOut,
      hasLeftovers: hasLeftovers && !isTimedOut,
    };
  } catch (error) {
    if (NarthexError.is(error)) throw error;
    const text = `The shell could not be started in ${order.cwd}; check that the folder still exists.`;
    throw new NarthexError("TOOL_FAILED", text, { cause: error });
  } finally {
    watch.dispose();
  }
}

/** B3. */
function watchLimits(child: ChildProcess, order: ShellOrder) {
  let hasTimedOut = false;
  const timer = setTimeout(() => {
    hasTimedOut = true;
    endProcessGroup(child);
  }, order.timeoutMs);
  const onAbort = (): void => void endProcessGroup(child);
  order.signal.addEventListener("abort", onAbort, { once: true });
  return {
    isTimedOut: () => hasTimedOut,
    dispose() {
      clearTimeout(timer);
      order.signal.removeEventListener("abort", onAbort);
    },
  };
}

function aborted(signal: AbortSignal): NarthexError {
  return new NarthexError("ABORTED", "The command was cancelled and its processes were ended.", {
    cause: signal.reason,
  });
}
