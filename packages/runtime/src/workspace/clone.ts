// Cloning a repository into a folder that does not exist yet.
// C1: no user-given text is ever read as an option: names are checked before, and `--` stands before every place.
// C2: no credentials reach the clone's config or an error's text.
import { NarthexError } from "@narthex/protocol";
import { branchNotFound, defaultBranch, listBranches } from "./branches.ts";
import type { Git, GitCall, GitResult } from "./git.ts";
import type { RepositoryName } from "./repository-name.ts";
import { withoutCredentials, type RepositorySource } from "./repository-source.ts";

/** Commits fetched of a repository behind a URL: enough to see what changed last, quick for any size. */
export const CLONE_DEPTH = 50;

/** What a clone needs to know. */
export interface CloneOrder {
  readonly source: RepositorySource;
  readonly repository: RepositoryName;
  /** Must not exist; whoever calls removes it when the clone fails. */
  readonly destination: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (text: string) => void;
}

/**
 * Clones the repository at the wanted branch, else where the source's HEAD stands (also when it is detached). A local
 * folder is cloned whole, which hard links make fast; of a URL the last 50 commits of one branch are fetched.
 *
 * @throws {NarthexError} BRANCH_NOT_FOUND, REPOSITORY_NOT_FOUND, CLONE_FAILED, GIT_NOT_FOUND, ABORTED
 */
export async function cloneRepository(git: Git, order: CloneOrder): Promise<void> {
  const { source, repository } = order;
  const call = callOf(order);
  if (source.kind === "folder") return cloneFolder(git, order, source, call);
  const isDone = await cloneBranch(git, order, repository.branch, call);
  if (!isDone) {
    const branches = await listBranches(git, source, call);
    throw branchNotFound(nameOf(repository), repository.branch ?? "", branches);
  }
  await checkOutSomething(git, order, source, call);
}

async function cloneFolder(
  git: Git,
  order: CloneOrder,
  source: RepositorySource & { kind: "folder" },
  call: GitCall,
): Promise<void> {
  const at = { ...call, cwd: source.path };
  const wanted = order.repository.branch ?? "";
  const ref = wanted === "" ? "HEAD^{commit}" : `refs/heads/${wanted}^{commit}`;
  const found = await git.run(["rev-parse", "--quiet", "--verify", "--end-of-options", ref], at);
  if (found.stderr.includes("dubious ownership")) throw failed(order, found);
  let branch = order.repository.branch;
  if (found.exitCode !== 0) {
    const branches = await listBranches(git, source, call);
    if (wanted !== "") throw branchNotFound(nameOf(order.repository), wanted, branches);
    branch = defaultBranch(branches); // HEAD names a branch without commits
  }
  await cloneBranch(git, order, branch, call);
}

/** Gives back false when a URL's repository has no such branch. */
async function cloneBranch(git: Git, order: CloneOrder, branch: string | undefined, call: GitCall): Promise<boolean> {
  const { source, destination } = order;
  const place = source.kind === "folder" ? source.path : source.url;
  const depth = source.kind === "folder" ? [] : ["--single-branch", `--depth=${CLONE_DEPTH}`];
  const at = branch === undefined ? [] : [`--branch=${branch}`];
  const args = ["clone", "--progress", "--origin=origin", ...depth, ...at, "--", place, destination];
  const result = await runClone(git, order, args, call);
  if (result.exitCode === 0) return true;
  if (branch !== undefined && /Remote branch .* not found/.test(result.stderr)) return false;
  throw failed(order, result);
}

async function runClone(git: Git, order: CloneOrder, args: readonly string[], call: GitCall): Promise<GitResult> {
  const { onProgress } = order;
  const onStderr = onProgress && ((text: string) => reportProgress(text, onProgress));
  try {
    return await git.run(args, { ...call, ...(onStderr === undefined ? {} : { onStderr }) });
  } catch (error) {
    if (!NarthexError.is(error) || error.code !== "REQUEST_TIMEOUT") throw error;
    const text = `Cloning ${nameOf(order.repository)} took longer than ${order.timeoutMs} ms; try again or raise the limit.`;
    throw new NarthexError("CLONE_FAILED", text, { cause: error });
  }
}

/** A remote HEAD that names a branch without commits leaves nothing checked out: take a branch that has some. */
async function checkOutSomething(git: Git, order: CloneOrder, source: RepositorySource, call: GitCall): Promise<void> {
  const at = { ...call, cwd: order.destination };
  const head = await git.run(["rev-parse", "--quiet", "--verify", "HEAD"], at);
  if (head.exitCode === 0) return;
  const branch = defaultBranch(await listBranches(git, source, call));
  if (branch === undefined) return; // an empty repository
  const refspec = `+refs/heads/${branch}:refs/remotes/origin/${branch}`;
  const fetched = await git.run(["fetch", `--depth=${CLONE_DEPTH}`, "--", "origin", refspec], at);
  if (fetched.exitCode !== 0) throw failed(order, fetched);
  const checkedOut = await git.run(["checkout", "-B", branch, `refs/remotes/origin/${branch}`, "--"], at);
  if (checkedOut.exitCode !== 0) throw failed(order, checkedOut);
}

function callOf(order: CloneOrder): GitCall {
  const { source, signal, timeoutMs } = order;
  const authorization = source.kind === "url" ? source.authorization : undefined;
  return {
    timeoutMs,
    ...(signal === undefined ? {} : { signal }),
    ...(authorization === undefined ? {} : { env: headerConfig(order.source, authorization) }), // C2
  };
}

/** Configuration through the environment: seen neither in the process list nor in the clone's config. */
function headerConfig(source: RepositorySource, authorization: string): NodeJS.ProcessEnv {
  const origin = source.kind === "url" ? new URL(source.url).origin : "";
  return {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: `http.${origin}/.extraHeader`,
    GIT_CONFIG_VALUE_0: authorization,
  };
}

const NOT_FOUND_TEXT =
  /repository .*not found|does not exist|returned error: 40[134]|could not read Username|not appear to be a git/i;

function failed(order: CloneOrder, result: GitResult): NarthexError {
  const name = nameOf(order.repository);
  const reason = withoutCredentials(reasonOf(result.stderr)).slice(0, 500);
  if (result.stderr.includes("dubious ownership")) {
    const path = order.source.kind === "folder" ? order.source.path : "";
    const text = `git does not trust ${path}, which belongs to another user; run: git config --global --add safe.directory ${path}`;
    return new NarthexError("CLONE_FAILED", text);
  }
  if (order.source.kind === "url" && NOT_FOUND_TEXT.test(result.stderr)) {
    const text = `${name} was not found at ${withoutCredentials(order.source.url)}, or it is private and the credentials are missing (${reason}).`;
    return new NarthexError("REPOSITORY_NOT_FOUND", text);
  }
  const text = `git could not clone ${name} (exit code ${result.exitCode}): ${reason}; try again or check the place it comes from.`;
  return new NarthexError("CLONE_FAILED", text);
}

/** The line of git's stderr that says why. */
function reasonOf(stderr: string): string {
  const lines = stderr.split(/[\r\n]+/).filter((line) => line.trim() !== "");
  const telling = lines.find((line) => /^(?:fatal|error|remote: error)/i.test(line));
  return (telling ?? lines.at(-1) ?? "no reason given").replace(/^(?:fatal|error):\s*/i, "");
}

/** Of a piece of git's progress, the newest line; the name of the temporary folder is of no use to anybody. */
function reportProgress(text: string, onProgress: (text: string) => void): void {
  const line = text
    .split(/[\r\n]+/)
    .findLast((line) => line.trim() !== "")
    ?.trim();
  if (line !== undefined && !line.startsWith("Cloning into")) onProgress(withoutCredentials(line));
}

function nameOf(repository: RepositoryName): string {
  return `${repository.owner}/${repository.name}`;
}
