// The files of a workspace that tools search: what git would track, or a bounded walk where there is no git.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { NarthexError } from "@narthex/protocol";
import type { Git } from "../workspace/git.ts";
import type { JailedPath } from "../workspace/path-jail.ts";
import { invalidArguments } from "./arguments.ts";

const MAX_FILES = 100_000;
const MAX_DEPTH = 64;
const SKIPPED_FOLDERS = new Set([".git", "node_modules"]);

export interface FileList {
  /** Relative to the workspace's root, with `/`, in order. */
  readonly paths: readonly string[];
  /** True when there are more than were listed. */
  readonly isCut: boolean;
}

/**
 * Lists the files at or below a path: tracked and new ones but not ignored ones in a git repository, else all but
 * `.git` and `node_modules`. Folders behind symbolic links are not entered.
 *
 * @throws {NarthexError} TOOL_ARGUMENTS_INVALID when there is no such path, ABORTED
 */
export async function listFiles(git: Git, root: string, start: JailedPath, signal: AbortSignal): Promise<FileList> {
  const facts = await stat(start.absolute).catch(() => undefined);
  if (facts === undefined) throw invalidArguments(`There is no file or folder ${start.relative}.`);
  if (!facts.isDirectory()) return { paths: [start.relative], isCut: false };
  const known = await listWithGit(git, root, start, signal);
  // Nothing known to git: no repository, or a folder that it ignores and that was asked for by name.
  return known.paths.length > 0 ? known : walk(start, signal);
}

async function listWithGit(git: Git, root: string, start: JailedPath, signal: AbortSignal): Promise<FileList> {
  const args = ["--literal-pathspecs", "ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", "-z"];
  const result = await git.run([...args, "--", start.relative], { cwd: root, signal }).catch((error: unknown) => {
    if (NarthexError.is(error) && error.code === "GIT_NOT_FOUND") return undefined;
    throw error;
  });
  if (result?.exitCode !== 0) return { paths: [], isCut: false };
  const paths = result.stdout.split("\0");
  paths.pop(); // what stands behind the last separator: nothing, or a name cut off
  paths.sort();
  return { paths: paths.slice(0, MAX_FILES), isCut: result.isCut || paths.length > MAX_FILES };
}

async function walk(start: JailedPath, signal: AbortSignal): Promise<FileList> {
  const paths: string[] = [];
  const folders = [{ absolute: start.absolute, relative: start.relative === "." ? "" : start.relative, depth: 0 }];
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    if (signal.aborted) throw new NarthexError("ABORTED", "The search was cancelled.", { cause: signal.reason });
    const entries = await readdir(folder.absolute, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const relative = folder.relative === "" ? entry.name : `${folder.relative}/${entry.name}`;
      if (entry.isFile()) paths.push(relative);
      else if (entry.isDirectory() && !SKIPPED_FOLDERS.has(entry.name) && folder.depth < MAX_DEPTH) {
        folders.push({ absolute: join(folder.absolute, entry.name), relative, depth: folder.depth + 1 });
      }
      if (paths.length > MAX_FILES) return { paths: paths.slice(0, MAX_FILES).sort(), isCut: true };
    }
  }
  return { paths: paths.sort(), isCut: false };
}
