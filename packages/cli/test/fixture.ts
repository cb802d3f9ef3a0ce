import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { within } from "@narthex/testkit";
import { onTestFinished } from "vitest";

/** The built command: what a user runs. `npm test` builds it first. */
export const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));

export function tempFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "narthex-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A git repository with one commit of these files. */
export function makeRepository(files: Record<string, string>, folder = tempFolder()): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=Test", "-c", "user.email=t@example.com", ...args]);
  git("init", "-q", "-b", "main");
  git("add", ".");
  git("commit", "-qm", "first commit");
  return folder;
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
}

/** Starts the command without a terminal, with a data directory of its own. */
export function start(args: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}): Running {
  const { NARTHEX_MODEL: _m, NARTHEX_MODEL_BASE_URL: _u, NARTHEX_CONNECTION_TOKEN: _t, ...inherited } = process.env;
  const env = { ...inherited, NARTHEX_HOME: options.env?.NARTHEX_HOME ?? tempFolder(), ...options.env };
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: options.cwd ?? tempFolder(),
    env,
    stdio: ["pipe", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const finished = new Promise<Finished>((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr })));
  return { child, finished };
}

export function narthex(args: readonly string[], options: Parameters<typeof start>[1] = {}): Promise<Finished> {
  return within(`narthex ${args.join(" ")}`, start(args, options).finished, 25_000);
}

/** The events of a run with `--json`, and its summary. */
export function parseRun(stdout: string): { events: any[]; summary: any } {
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { events: lines.slice(0, -1), summary: lines.at(-1).data };
}

/** Processes of this machine whose command line holds a text. */
export function processesWith(text: string): string[] {
  const out = execFileSync("sh", ["-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' || true"], {
    encoding: "utf8",
  });
  return out.includes(text) ? [text] : [];
}
