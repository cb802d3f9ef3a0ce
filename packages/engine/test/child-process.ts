import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";

import { onTestFinished } from "vitest";

/** A child process whose output is collected; killed when the test is over. */
export interface Child {
  readonly stdin: Writable;
  /** Waits until so many lines have been written; fails when the process ends before that. */
  untilLines(count: number): Promise<void>;
  /** Waits for the process to end by itself and returns its output; fails when it did not end well. */
  finish(): Promise<string>;
  /** Kills it on the spot; returns the whole lines that it wrote. */
  kill(): Promise<string[]>;
}

/** Path of a script that runs on the built package. */
export function scriptPath(name: string): string {
  return fileURLToPath(new URL(`children/${name}.mjs`, import.meta.url));
}

export function startScript(name: string, ...args: string[]): Child {
  return startChild(process.execPath, ["--no-warnings", scriptPath(name), ...args]);
}

export function startChild(command: string, args: readonly string[]): Child {
  const child = spawn(command, args, { stdio: "pipe" });
  const closed = once(child, "close");
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => (output += String(chunk)));
  child.stderr.on("data", (chunk: Buffer) => (errors += String(chunk)));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await closed;
  });
  const wholeLines = (): string[] => output.split("\n").slice(0, -1);
  return {
    stdin: child.stdin,
    async untilLines(count) {
      while (wholeLines().length < count) {
        const event = await Promise.race([once(child.stdout, "data"), closed.then(() => "closed")]);
        if (event === "closed") throw new Error(`the child process ended early: ${errors}`);
      }
    },
    async finish() {
      await closed;
      if (child.exitCode !== 0) throw new Error(`the child process ended with ${child.exitCode}: ${errors}`);
      return output;
    },
    async kill() {
      child.kill("SIGKILL");
      await closed;
      return wholeLines();
    },
  };
}
