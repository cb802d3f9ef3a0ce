// Paths given by a model, kept inside a workspace.
// P1: what comes back is symlink-free and inside the root, or the call throws PATH_OUTSIDE_WORKSPACE.
// P2: a file is opened without following a last link, and on Linux the opened file is checked once more, so that a
//     folder swapped for a link between resolving and opening gains nothing.
import { constants } from "node:fs";
import { lstat, open, readlink, realpath, type FileHandle } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { NarthexError } from "@narthex/protocol";

const MAX_PATH_CHARS = 4_096;

/** A path inside a workspace. */
export interface JailedPath {
  /** Absolute and free of symlinks, as far as it exists. */
  readonly absolute: string;
  /** The same, relative to the root and with `/`; `.` for the root itself. */
  readonly relative: string;
  readonly exists: boolean;
}

/**
 * Resolves a path inside a workspace, following the links of the part that exists.
 *
 * @param root absolute and symlink-free
 * @param path absolute, or relative to the root
 * @throws {NarthexError} PATH_OUTSIDE_WORKSPACE
 */
export async function resolveInWorkspace(root: string, path: string): Promise<JailedPath> {
  if (path.includes("\0") || path.length > MAX_PATH_CHARS) {
    throw outside(path, "is no usable path");
  }
  const { real, exists } = await realPathOfExisting(resolve(root, path), path);
  if (!isInside(root, real)) throw outside(path, "leads out of the workspace");
  const inside = relative(root, real).split(sep).join("/");
  return { absolute: real, relative: inside === "" ? "." : inside, exists };
}

/** Is `path` the folder `root` or below it? Both absolute; no file is looked at. */
export function isInside(root: string, path: string): boolean {
  const steps = relative(root, path);
  return steps === "" || (steps !== ".." && !steps.startsWith(`..${sep}`) && !isAbsolute(steps));
}

/**
 * Opens a path that came from `resolveInWorkspace`, without following links and without hanging on a pipe.
 * @throws {NarthexError} PATH_OUTSIDE_WORKSPACE; errors of the file system as they are
 */
export async function openInWorkspace(root: string, path: string, flags: number, mode?: number): Promise<FileHandle> {
  const handle = await open(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, mode);
  try {
    const opened = await openedPath(handle);
    if (opened !== undefined && !isInside(root, opened)) throw outside(path, "leads out of the workspace"); // P2
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openedPath(handle: FileHandle): Promise<string | undefined> {
  if (process.platform !== "linux") return undefined;
  try {
    return await readlink(`/proc/self/fd/${handle.fd}`);
  } catch {
    return undefined; // no /proc here
  }
}

async function realPathOfExisting(absolute: string, shown: string): Promise<{ real: string; exists: boolean }> {
  const missing: string[] = [];
  for (let current = absolute; ; current = dirname(current)) {
    try {
      return { real: join(await realpath(current), ...missing), exists: missing.length === 0 };
    } catch (error) {
      await refuseBrokenLink(current, shown);
      if (dirname(current) === current) throw outside(shown, "cannot be resolved", error);
      missing.unshift(basename(current));
    }
  }
}

/** A link that leads nowhere (or in a circle) would be followed by whoever creates the file: P1 refuses it. */
async function refuseBrokenLink(path: string, shown: string): Promise<void> {
  const facts = await lstat(path).catch(() => undefined);
  if (facts?.isSymbolicLink() === true) throw outside(shown, "is a symbolic link that leads nowhere");
}

function outside(path: string, reason: string, cause?: unknown): NarthexError {
  const shown = JSON.stringify(path.slice(0, 200));
  return new NarthexError(
    "PATH_OUTSIDE_WORKSPACE",
    `The path ${shown} ${reason}; use a path inside the workspace, such as "src/index.ts".`,
    { cause },
  );
}
