// Reading and writing text files of a workspace.
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { link, lstat, mkdir, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf, NarthexError } from "@narthex/protocol";
import { openInWorkspace, type JailedPath } from "../workspace/path-jail.ts";
import { invalidArguments } from "./arguments.ts";

/** How much of a file is looked at to tell text from binary. */
const PROBE_BYTES = 8_000;

export interface TextFile {
  readonly text: string;
  /** Permission bits. */
  readonly mode: number;
}

/**
 * Reads a text file.
 * @throws {NarthexError} TOOL_ARGUMENTS_INVALID when it is missing, no file, too large, binary or not UTF-8;
 * PATH_OUTSIDE_WORKSPACE, TOOL_FAILED
 */
export async function readTextFile(root: string, path: JailedPath, maxBytes: number): Promise<TextFile> {
  const handle = await openInWorkspace(root, path.absolute, constants.O_RDONLY).catch((error: unknown) => {
    throw readFailed(path, error);
  });
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw invalidArguments(`${path.relative} is no file.`);
    if (facts.size > maxBytes) {
      const text = `${path.relative} is too large (${facts.size} bytes, the limit is ${maxBytes}); use bash with head, tail or grep.`;
      throw invalidArguments(text);
    }
    return { text: decode(await handle.readFile(), path), mode: facts.mode & 0o7777 };
  } catch (error) {
    throw NarthexError.is(error) ? error : readFailed(path, error);
  } finally {
    await handle.close();
  }
}

function decode(bytes: Buffer, path: JailedPath): string {
  if (bytes.subarray(0, PROBE_BYTES).includes(0)) {
    throw invalidArguments(
      `${path.relative} is a binary file of ${bytes.length} bytes; only text can be shown or edited.`,
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalidArguments(`${path.relative} is not UTF-8 text (${bytes.length} bytes); use bash to look at it.`);
  }
}

/** How a file is written. */
export interface WriteOrder {
  readonly path: JailedPath;
  readonly text: string;
  /** Permission bits; default those of a new file. */
  readonly mode?: number;
  /** True to replace a file, false to refuse when there is one. */
  readonly mayReplace: boolean;
}

/**
 * Writes a file in one step: readers see the old content or the new, never a part. Missing folders are made.
 * @throws {NarthexError} TOOL_ARGUMENTS_INVALID when the file exists and may not be replaced; TOOL_FAILED
 */
export async function writeTextFile(root: string, order: WriteOrder): Promise<void> {
  const { path } = order;
  const folder = dirname(path.absolute);
  const temporary = join(folder, `.narthex-${randomBytes(6).toString("hex")}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
    const handle = await openInWorkspace(root, temporary, flags, order.mode ?? 0o666);
    try {
      await handle.writeFile(order.text, "utf8");
      if (order.mode !== undefined) await handle.chmod(order.mode); // open() takes the umask off
    } finally {
      await handle.close();
    }
    await (order.mayReplace ? rename(temporary, path.absolute) : placeNew(temporary, path.absolute));
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw writeFailed(path, error);
  }
}

/** A link, unlike a rename, fails when the name is taken. File systems without links get a check and a rename. */
async function placeNew(temporary: string, target: string): Promise<void> {
  try {
    await link(temporary, target);
    await unlink(temporary);
  } catch (error) {
    const code = codeOf(error);
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP") throw error;
    if ((await lstat(target).catch(() => undefined)) !== undefined) throw alreadyThere(target);
    await rename(temporary, target);
  }
}

/** The files of git itself are changed through git only: a hook or a setting there would start programs later. */
export function refuseGitFolder(path: JailedPath): void {
  if (!path.relative.toLowerCase().split("/").includes(".git")) return;
  throw invalidArguments(`${path.relative} belongs to git itself; use git commands through bash instead.`);
}

function alreadyThere(path: string): NarthexError {
  return invalidArguments(`${path} exists already; use edit to change it.`);
}

function readFailed(path: JailedPath, error: unknown): NarthexError {
  if (NarthexError.is(error)) return error;
  const code = codeOf(error);
  if (code === "ENOENT" || code === "ENOTDIR") return invalidArguments(`There is no file ${path.relative}.`);
  if (code === "EISDIR") return invalidArguments(`${path.relative} is a folder, no file.`);
  return new NarthexError("TOOL_FAILED", `${path.relative} cannot be read: ${messageOf(error)}.`, { cause: error });
}

function writeFailed(path: JailedPath, error: unknown): NarthexError {
  if (NarthexError.is(error)) return error;
  if (codeOf(error) === "EEXIST") return alreadyThere(path.relative);
  return new NarthexError("TOOL_FAILED", `${path.relative} cannot be written: ${messageOf(error)}.`, { cause: error });
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}
