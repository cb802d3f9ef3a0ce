import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { tempFolder } from "./environment.ts";

/** A folder of repositories with one in it, `octo/demo`, and one commit in that; for `NARTHEX_REPOSITORIES`. */
export function repositories(files: Record<string, string>): string {
  const base = tempFolder();
  const folder = path.join(base, "octo", "demo");
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
  const git = (...args: string[]): Buffer =>
    execFileSync("git", ["-C", folder, "-c", "user.name=Test", "-c", "user.email=t@example.com", ...args]);
  git("init", "-q", "-b", "main");
  git("add", ".");
  git("commit", "-qm", "first commit");
  return base;
}
