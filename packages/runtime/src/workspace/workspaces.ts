// The folders that sessions work in.
// W1: a folder `<root>/<sessionId>` is complete as soon as it exists: clones are made beside it and renamed.
// W2: whatever fails leaves nothing behind. W3: only folders made here are ever removed.
import { randomBytes } from "node:crypto";
import { mkdir, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, NarthexError, parseSessionId } from "@narthex/protocol";
import { cloneRepository } from "./clone.ts";
import { createGit, type Git } from "./git.ts";
import { parseRepositoryName, type RepositoryName } from "./repository-name.ts";
import { findRepositorySource, withoutCredentials, type RepositoryBases } from "./repository-source.ts";

/** The folder of one session. */
export interface Workspace {
  /** Absolute and free of symlinks. */
  readonly root: string;
  /** True when the folder was made for this session and goes with it. */
  readonly isOwned: boolean;
  readonly repository?: WorkspaceRepository;
  /** Top folder of the git repository that `root` is in, if any. */
  readonly gitRoot?: string;
}

/** What was cloned. */
export interface WorkspaceRepository {
  readonly owner: string;
  readonly name: string;
  /** The branch checked out; absent on a detached HEAD. */
  readonly branch?: string;
  /** Absent in an empty repository. */
  readonly headCommit?: string;
  /** Where a push goes to, without credentials. */
  readonly remoteUrl?: string;
}

export interface WorkspacesOptions {
  /** Folder in which workspaces are made; created when it is missing. */
  readonly root: string;
  readonly bases: RepositoryBases;
  /** Time limit of a clone in milliseconds; default 300,000. */
  readonly cloneTimeoutMs?: number;
  /** Default: `createGit()`. */
  readonly git?: Git;
}

export interface CloudWorkspaceOrder {
  readonly sessionId: string;
  /** Without one the session gets an empty folder. */
  readonly repository?: RepositoryName;
  readonly signal?: AbortSignal;
  readonly onProgress?: (text: string) => void;
}

export interface LocalWorkspaceOrder {
  readonly sessionId: string;
  /** An existing folder, used where it is. Without one the session gets an empty folder. */
  readonly workingDirectory?: string;
}

export interface Workspaces {
  /**
   * Makes the folder of a cloud session, or gives back the one made earlier for the same id.
   * @throws {NarthexError} REPOSITORY_NAME_INVALID, REPOSITORY_NOT_FOUND, BRANCH_NOT_FOUND, NOT_A_GIT_REPOSITORY,
   * GIT_NOT_FOUND, CLONE_FAILED, WORKSPACE_UNAVAILABLE, SESSION_ID_INVALID, ABORTED
   */
  prepareCloud(order: CloudWorkspaceOrder): Promise<Workspace>;
  /** @throws {NarthexError} WORKSPACE_UNAVAILABLE, SESSION_ID_INVALID */
  prepareLocal(order: LocalWorkspaceOrder): Promise<Workspace>;
  /** Removes the folder made for a session; a folder that was only used stays. Harmless when there is none. */
  remove(sessionId: string): Promise<void>;
}

const DEFAULT_CLONE_TIMEOUT_MS = 300_000;

/** Creates the maker of workspaces; touches nothing until it is asked for one. */
export function createWorkspaces(options: WorkspacesOptions): Workspaces {
  const resolved = { ...options, git: options.git ?? createGit() };
  return {
    prepareCloud: (order) => prepareCloud(resolved, order),
    prepareLocal: (order) => prepareLocal(resolved, order),
    remove: (sessionId) => removeOwned(resolved.root, parseSessionId(sessionId)),
  };
}

type Resolved = WorkspacesOptions & { readonly git: Git };

async function prepareCloud(options: Resolved, order: CloudWorkspaceOrder): Promise<Workspace> {
  const sessionId = parseSessionId(order.sessionId);
  if (order.repository === undefined) return emptyFolder(options, sessionId);
  const repository = parseRepositoryName(order.repository);
  const folder = join(options.root, sessionId);
  if (!(await isFolder(folder))) await cloneInto(options, order, repository, folder);
  const root = await realpath(folder);
  return { root, isOwned: true, repository: await describeClone(options.git, root, repository), gitRoot: root };
}

async function cloneInto(
  options: Resolved,
  order: CloudWorkspaceOrder,
  repository: RepositoryName,
  folder: string,
): Promise<void> {
  const source = await findRepositorySource(options.bases, repository, options.git);
  await makeRoot(options.root);
  const destination = `${temporaryPrefix(options.root, order.sessionId)}${randomBytes(6).toString("hex")}`;
  try {
    await cloneRepository(options.git, {
      source,
      repository,
      destination,
      timeoutMs: options.cloneTimeoutMs ?? DEFAULT_CLONE_TIMEOUT_MS,
      ...(order.signal === undefined ? {} : { signal: order.signal }),
      ...(order.onProgress === undefined ? {} : { onProgress: order.onProgress }),
    });
    await rename(destination, folder); // W1
  } catch (error) {
    // Someone else may have prepared the same session in the meantime: then theirs is as good.
    if (!NarthexError.is(error) && (await isFolder(folder))) return;
    throw NarthexError.from(error, "WORKSPACE_UNAVAILABLE");
  } finally {
    await removeFolder(destination); // W2; after the rename it is gone already
  }
}

async function prepareLocal(options: Resolved, order: LocalWorkspaceOrder): Promise<Workspace> {
  const sessionId = parseSessionId(order.sessionId);
  const { workingDirectory } = order;
  if (workingDirectory === undefined) return emptyFolder(options, sessionId);
  if (workingDirectory.includes("\0") || !(await isFolder(workingDirectory))) {
    const shown = JSON.stringify(workingDirectory.slice(0, 200));
    const text = `The working directory ${shown} does not exist or is no folder; give an existing one, or none at all.`;
    throw new NarthexError("WORKSPACE_UNAVAILABLE", text);
  }
  const root = await realpath(workingDirectory);
  const gitRoot = await topFolder(options.git, root);
  return { root, isOwned: false, ...(gitRoot === undefined ? {} : { gitRoot }) };
}

async function emptyFolder(options: Resolved, sessionId: string): Promise<Workspace> {
  await makeRoot(options.root);
  const folder = join(options.root, sessionId);
  try {
    await mkdir(folder, { recursive: true });
    return { root: await realpath(folder), isOwned: true };
  } catch (error) {
    throw unavailable(folder, error);
  }
}

/** Without git a local session still works, so a missing git is no error here. */
async function topFolder(git: Git, folder: string): Promise<string | undefined> {
  const result = await git.run(["rev-parse", "--show-toplevel"], { cwd: folder }).catch(() => undefined);
  const top = result?.exitCode === 0 ? result.stdout.replace(/\n$/, "") : "";
  return top === "" ? undefined : top;
}

async function describeClone(git: Git, root: string, repository: RepositoryName): Promise<WorkspaceRepository> {
  const [branch, headCommit, remoteUrl] = await Promise.all([
    readLine(git, root, ["symbolic-ref", "--short", "--quiet", "HEAD"]),
    readLine(git, root, ["rev-parse", "--quiet", "--verify", "HEAD"]),
    readLine(git, root, ["remote", "get-url", "origin"]),
  ]);
  return {
    owner: repository.owner,
    name: repository.name,
    ...(branch === undefined ? {} : { branch }),
    ...(headCommit === undefined ? {} : { headCommit }),
    ...(remoteUrl === undefined ? {} : { remoteUrl: withoutCredentials(remoteUrl) }),
  };
}

async function readLine(git: Git, cwd: string, args: readonly string[]): Promise<string | undefined> {
  const { exitCode, stdout } = await git.run(args, { cwd });
  const line = stdout.replace(/\n$/, "");
  return exitCode === 0 && line !== "" ? line : undefined;
}

async function removeOwned(root: string, sessionId: string): Promise<void> {
  const prefix = temporaryPrefix("", sessionId);
  const names = await readdir(root).catch(() => []);
  const owned = names.filter((name) => name === sessionId || name.startsWith(prefix)); // W3
  for (const name of owned) await removeFolder(join(root, name));
}

/** Clones under way; the leading dot keeps them apart from session ids. */
function temporaryPrefix(root: string, sessionId: string): string {
  return join(root, `.clone.${sessionId}.`);
}

async function makeRoot(root: string): Promise<void> {
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unavailable(root, error);
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}

function unavailable(path: string, error: unknown): NarthexError {
  const text = `The folder ${path} cannot be made: ${messageOf(error)}; check the workspace root and its permissions.`;
  return new NarthexError("WORKSPACE_UNAVAILABLE", text, { cause: error });
}
