import type { ChildProcess } from "node:child_process";

/** How long a process group has between SIGTERM and SIGKILL. */
export const KILL_AFTER_MS = 2_000;

/**
 * Ends a whole process group (the child was started with `detached: true`): SIGTERM now, SIGKILL after `killAfterMs`.
 * Gives back whether anything was there to end.
 */
export function endProcessGroup(child: ChildProcess, killAfterMs: number = KILL_AFTER_MS): boolean {
  const groupId = child.pid;
  if (groupId === undefined || !signalGroup(groupId, "SIGTERM")) return false;
  const timer = setTimeout(() => signalGroup(groupId, "SIGKILL"), killAfterMs);
  timer.unref();
  return true;
}

function signalGroup(groupId: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-groupId, signal);
    return true;
  } catch {
    return false; // nobody is left in the group
  }
}
