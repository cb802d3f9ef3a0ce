import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const IDENTITY = ["-c", "user.name=Ada", "-c", "user.email=ada@example.test", "-c", "commit.gpgsign=false"];

/** Runs git in a folder and gives back what it printed, trimmed. */
export function gitIn(folder: string, ...args: string[]): string {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
  return execFileSync("git", [...IDENTITY, ...args], { cwd: folder, encoding: "utf8", env, stdio: "pipe" }).trim();
}

/** Writes files, making their folders. */
export function writeFiles(folder: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Makes a repository with one commit of these files on `main`. */
export function makeRepository(folder: string, files: Record<string, string>, message = "first commit"): string {
  mkdirSync(folder, { recursive: true });
  gitIn(folder, "init", "--quiet", "--initial-branch=main");
  return commitFiles(folder, files, message);
}

/** Adds a commit and gives back its hash. */
export function commitFiles(folder: string, files: Record<string, string>, message: string): string {
  writeFiles(folder, files);
  gitIn(folder, "add", "--all", "--force");
  gitIn(folder, "commit", "--quiet", "--allow-empty", "--message", message);
  return gitIn(folder, "rev-parse", "HEAD");
}
