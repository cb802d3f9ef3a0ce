// Which repository `--repo` means: a folder of this machine, or owner/name at the configured place.
import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { NarthexError, REPOSITORY_PART_PATTERN } from "@narthex/protocol";

const run = promisify(execFile);

/** A repository, and where it is cloned from when that is a folder of this machine. */
export interface RepositoryChoice {
  readonly owner: string;
  readonly name: string;
  readonly folder?: string;
  /** Files changed but not committed, which a clone does not have. */
  readonly uncommittedFiles: number;
}

/**
 * @param wanted a folder, or `owner/name`; undefined for the folder one stands in
 * @throws {NarthexError} NOT_A_GIT_REPOSITORY, REPOSITORY_NAME_INVALID, GIT_NOT_FOUND
 */
export async function chooseRepository(wanted: string | undefined, cwd: string): Promise<RepositoryChoice> {
  const folder = path.resolve(cwd, wanted ?? ".");
  if (await isFolder(folder)) return describeFolder(folder);
  const [owner, name, ...rest] = (wanted ?? "").split("/");
  const isName = rest.length === 0 && [owner, name].every((part) => REPOSITORY_PART_PATTERN.test(part ?? ""));
  if (isName && owner !== undefined && name !== undefined) return { owner, name, uncommittedFiles: 0 };
  throw new NarthexError(
    "REPOSITORY_NAME_INVALID",
    `--repo ${wanted}: there is no such folder, and it is not an owner/name. Pass a path to a git repository, or owner/name.`,
  );
}

/** Is this a folder, so that it can only be meant as a repository? */
export async function isFolder(place: string): Promise<boolean> {
  return stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function describeFolder(folder: string): Promise<RepositoryChoice> {
  const top = await git(folder, ["rev-parse", "--show-toplevel"]).catch((error: unknown) => bareRoot(folder, error));
  const origin = await git(top, ["config", "--get", "remote.origin.url"]).catch(() => "");
  const changed = await git(top, ["status", "--porcelain"]).catch(() => "");
  const uncommittedFiles = changed === "" ? 0 : changed.split("\n").length;
  return { ...nameOf(origin, top), folder: top, uncommittedFiles };
}

/** A bare repository has no top level; it is its own. */
async function bareRoot(folder: string, error: unknown): Promise<string> {
  if (NarthexError.is(error)) throw error;
  const isBare = await git(folder, ["rev-parse", "--is-bare-repository"]).catch(() => "false");
  if (isBare === "true") return folder;
  throw new NarthexError(
    "NOT_A_GIT_REPOSITORY",
    `${folder} is not in a git repository: run \`git init\` and commit there, or pass --repo <path|owner/name>.`,
  );
}

/** The name on its origin, such as `git@host:owner/name.git`, else the last two parts of its path. */
function nameOf(origin: string, folder: string): { owner: string; name: string } {
  const place = /[:/]([^/:]+)\/([^/]+?)(?:\.git)?\/?$/.exec(origin);
  const [owner, name] =
    place === null ? [path.basename(path.dirname(folder)), path.basename(folder)] : [place[1], place[2]];
  return { owner: namePart(owner ?? "", "local"), name: namePart((name ?? "").replace(/\.git$/, ""), "repository") };
}

function namePart(text: string, fallback: string): string {
  const part = text.replace(/[^A-Za-z0-9._-]+/g, "-").slice(0, 100);
  return REPOSITORY_PART_PATTERN.test(part) ? part : fallback;
}

async function git(folder: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run("git", ["-C", folder, ...args], { maxBuffer: 64 * 1024 * 1024 });
    return stdout.trim();
  } catch (error) {
    if (/dubious ownership/.test(String((error as { stderr?: unknown }).stderr))) throw notTrusted(folder);
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new NarthexError(
      "GIT_NOT_FOUND",
      "The git command was not found: install git and make sure it is on the PATH.",
    );
  }
}

function notTrusted(folder: string): NarthexError {
  return new NarthexError(
    "REPOSITORY_NOT_TRUSTED",
    `git does not trust ${folder}, because another user owns it: run \`git config --global --add safe.directory ${folder}\`, and try again.`,
  );
}
