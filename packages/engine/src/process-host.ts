import { randomBytes } from "node:crypto";
import { readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** `machine/process/random`: the machine tells whether the process can be looked for from here. */
const NAME = /^(.+)\/(\d+)\/[0-9a-f]+$/;

/** A name for whoever runs sessions in this process. Two calls give two names. */
export function nameOfThisHost(): string {
  return `${machine()}/${process.pid}/${randomBytes(6).toString("hex")}`;
}

/**
 * Is a host a process of this machine that has ended? A name of another machine, or that was made otherwise, is never
 * gone: its leases last until they run out. So do those of a process whose number has been given to another one.
 */
export function isProcessGone(host: string): boolean {
  const [, of, pid] = NAME.exec(host) ?? [];
  if (of === undefined || of !== machine()) return false;
  try {
    process.kill(Number(pid), 0); // asks only
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

let known: string | undefined;

/** This machine, and on Linux the space of process numbers: containers may share a name and a folder. */
function machine(): string {
  known ??= `${hostname()}${processSpace()}`;
  return known;
}

function processSpace(): string {
  try {
    return `+${readlinkSync("/proc/self/ns/pid").replace(/\D/g, "")}`;
  } catch {
    return ""; // no Linux
  }
}
