// A workspace as one file that another machine can make it from again: a git bundle with the commit it stands on and, on
// top of it, a commit of everything in the folder that git does not ignore. The folder itself is not touched.
//
//   P1  A folder that is no git repository is packed the same way, and comes back without one.
//   P2  What comes back is whole as soon as it exists: it is made beside its place and renamed.
//   P3  Changes that were not committed come back as changes that are not committed; what was staged is not told apart.
import { copyFile, mkdir, mkdtemp, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { NarthexError, messageOf } from "@narthex/protocol";
import type { Git } from "./git.ts";
import { withoutCredentials } from "./repository-source.ts";

/** What belongs to a bundle to make the folder of it. */
export interface PackedWorkspace {
  readonly isRepository: boolean;
  /** The commit it stands on; absent where there is none. */
  readonly head?: string;
  /** The branch it is on; absent on a detached HEAD. */
  readonly branch?: string;
  /** Where a push goes to, without credentials. */
  readonly remoteUrl?: string;
  /** The commits at which its history ends, for a shallow clone. */
  readonly shallow?: string;
}

const WORK = "refs/narthex/work";
const HEAD = "refs/narthex/head";
const PACK_TIMEOUT_MS = 300_000;
const AUTHOR = ["-c", "user.name=narthex", "-c", "user.email=narthex@localhost", "-c", "commit.gpgSign=false"];

/**
 * Writes a folder into a bundle file.
 * @throws {NarthexError} WORKSPACE_UNAVAILABLE, GIT_NOT_FOUND, REQUEST_TIMEOUT
 */
export async function packWorkspace(git: Git, folder: string, bundle: string): Promise<PackedWorkspace> {
  const scratch = await mkdtemp(join(tmpdir(), "narthex-pack-"));
  try {
    const own = join(scratch, "repository.git");
    await run(git, ["init", "--quiet", "--bare", own], scratch);
    const packed = await describe(git, folder);
    if (packed.isRepository) await borrowObjects(git, folder, own);
    if (packed.shallow !== undefined) await writeFile(join(own, "shallow"), packed.shallow);
    const into = [`--git-dir=${own}`, `--work-tree=${await realpath(folder)}`, ...AUTHOR, "-c", "core.autocrlf=false"];
    await run(git, [...into, "add", "--all", "--", "."], folder);
    const tree = await run(git, [...into, "write-tree"], folder);
    const parent = packed.head === undefined ? [] : ["-p", packed.head];
    const commit = await run(git, [...into, "commit-tree", tree, ...parent, "-m", "workspace"], folder);
    await run(git, [...into, "update-ref", WORK, commit], folder);
    if (packed.head !== undefined) await run(git, [...into, "update-ref", HEAD, packed.head], folder);
    const refs = packed.head === undefined ? [WORK] : [WORK, HEAD];
    await run(git, [...into, "bundle", "create", "--quiet", bundle, ...refs], folder);
    return packed;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * Makes the folder of a bundle, which must not exist yet.
 * @throws {NarthexError} WORKSPACE_UNAVAILABLE, GIT_NOT_FOUND, REQUEST_TIMEOUT
 */
export async function unpackWorkspace(
  git: Git,
  bundle: string,
  packed: PackedWorkspace,
  folder: string,
): Promise<void> {
  if (await isThere(folder)) throw unavailable(`the folder ${folder} exists already: move it away`);
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
  const draft = await mkdtemp(join(dirname(folder), ".unpack."));
  try {
    await run(git, ["init", "--quiet", "."], draft);
    if (packed.shallow !== undefined) await writeFile(join(draft, ".git", "shallow"), packed.shallow);
    await run(git, ["fetch", "--quiet", "--no-tags", "--", bundle, "refs/narthex/*:refs/narthex/*"], draft);
    await run(git, ["read-tree", "-u", "--reset", WORK], draft);
    if (packed.isRepository) await standOn(git, draft, packed);
    else await rm(join(draft, ".git"), { recursive: true });
    await rename(draft, folder); // P2
  } catch (error) {
    throw NarthexError.is(error) ? error : unavailable(messageOf(error), error);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** What stands in an archive, if it is one. */
export function parsePackedWorkspace(value: unknown): PackedWorkspace | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { isRepository, head, branch, remoteUrl, shallow } = value as Record<string, unknown>;
  if (typeof isRepository !== "boolean") return undefined;
  const isCommit = head === undefined || (typeof head === "string" && /^[0-9a-f]{40,64}$/.test(head));
  const isShallow = shallow === undefined || (typeof shallow === "string" && /^([0-9a-f]{40,64}\n)+$/.test(shallow));
  // git checks the name itself; it must not be taken for an option.
  const isBranch = branch === undefined || (typeof branch === "string" && /^[^-\s][^\s]*$/.test(branch));
  const isUrl = remoteUrl === undefined || (typeof remoteUrl === "string" && /^[^-]/.test(remoteUrl));
  return isCommit && isShallow && isBranch && isUrl ? (value as PackedWorkspace) : undefined;
}

async function describe(git: Git, folder: string): Promise<PackedWorkspace> {
  if (!(await isThere(folder))) throw unavailable(`there is no folder ${folder}`);
  if (!(await isThere(join(folder, ".git")))) return { isRepository: false };
  const line = async (...args: string[]): Promise<string | undefined> => {
    const { exitCode, stdout } = await git.run(args, { cwd: folder });
    return exitCode === 0 && stdout.trim() !== "" ? stdout.trim() : undefined;
  };
  const head = await line("rev-parse", "--quiet", "--verify", "HEAD");
  const branch = await line("symbolic-ref", "--short", "--quiet", "HEAD");
  const remoteUrl = await line("config", "--get", "remote.origin.url");
  const shallow = await readFile(join(folder, ".git", "shallow"), "utf8").catch(() => undefined);
  return {
    isRepository: true,
    ...(head === undefined ? {} : { head }),
    ...(branch === undefined ? {} : { branch }),
    ...(remoteUrl === undefined ? {} : { remoteUrl: withoutCredentials(remoteUrl) }),
    ...(shallow === undefined ? {} : { shallow }),
  };
}

/** The scratch repository reads the folder's objects and writes its own elsewhere. */
async function borrowObjects(git: Git, folder: string, own: string): Promise<void> {
  const objects = await run(git, ["rev-parse", "--path-format=absolute", "--git-path", "objects"], folder);
  await writeFile(join(own, "objects", "info", "alternates"), `${objects}\n`);
  const exclude = await run(git, ["rev-parse", "--path-format=absolute", "--git-path", "info/exclude"], folder);
  await mkdir(join(own, "info"), { recursive: true });
  await copyFile(exclude, join(own, "info", "exclude")).catch(() => undefined); // there may be none
}

/** Puts HEAD where it stood; the files stay as they are (P3). */
async function standOn(git: Git, folder: string, { head, branch, remoteUrl }: PackedWorkspace): Promise<void> {
  if (branch !== undefined) await run(git, ["symbolic-ref", "HEAD", `refs/heads/${branch}`], folder);
  if (head !== undefined) {
    await run(git, ["update-ref", ...(branch === undefined ? ["--no-deref"] : []), "HEAD", head], folder);
    await run(git, ["reset", "--quiet"], folder);
  } else {
    await run(git, ["read-tree", "--empty"], folder);
  }
  for (const ref of head === undefined ? [WORK] : [WORK, HEAD]) await run(git, ["update-ref", "-d", ref], folder);
  if (remoteUrl !== undefined) await run(git, ["remote", "add", "origin", remoteUrl], folder);
}

async function run(git: Git, args: readonly string[], cwd: string): Promise<string> {
  const { exitCode, stdout, stderr } = await git.run(args, { cwd, timeoutMs: PACK_TIMEOUT_MS });
  if (exitCode === 0) return stdout.trim();
  throw unavailable(`git ${args.find((word) => /^[a-z]/.test(word)) ?? ""} failed: ${stderr.trim().slice(-500)}`);
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

function unavailable(what: string, cause?: unknown): NarthexError {
  return new NarthexError("WORKSPACE_UNAVAILABLE", `The workspace cannot be packed or unpacked: ${what}.`, { cause });
}
