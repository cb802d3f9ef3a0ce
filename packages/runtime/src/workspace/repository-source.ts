// Where a repository is cloned from: a mapped folder, a folder of repositories, or a URL prefix.
import { realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { NarthexError } from "@narthex/protocol";
import type { Git } from "./git.ts";
import type { RepositoryName } from "./repository-name.ts";

/** Where repositories of cloud sessions come from. */
export interface RepositoryBases {
  /** Single repositories: `"owner/name"` to a local folder (bare or not) or a URL. Looked at first. */
  readonly map?: Readonly<Record<string, string>>;
  /**
   * A local folder that holds `owner/name` or `owner/name.git`, or a prefix such as `https://github.com/`. Credentials
   * in the prefix are used for the clone and stored nowhere.
   */
  readonly base?: string;
}

/** A place to clone from. */
export type RepositorySource =
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "url"; readonly url: string; readonly authorization?: string };

/**
 * Finds the place a repository is cloned from; touches the file system, not the network.
 * @throws {NarthexError} REPOSITORY_NOT_FOUND, NOT_A_GIT_REPOSITORY, GIT_NOT_FOUND
 */
export async function findRepositorySource(
  bases: RepositoryBases,
  repository: RepositoryName,
  git: Git,
): Promise<RepositorySource> {
  const fullName = `${repository.owner}/${repository.name}`;
  const mapped = bases.map !== undefined && Object.hasOwn(bases.map, fullName) ? bases.map[fullName] : undefined;
  if (mapped !== undefined) return isUrl(mapped) ? urlSource(mapped) : folderSource([mapped], fullName, git);
  if (bases.base === undefined) {
    throw notFound(`No place to clone ${fullName} from is configured; map the repository to a folder or set a base.`);
  }
  if (isUrl(bases.base)) return urlSource(`${bases.base.replace(/\/+$/, "")}/${fullName}.git`);
  const { owner, name } = repository;
  return folderSource([join(bases.base, owner, name), join(bases.base, owner, `${name}.git`)], fullName, git);
}

/** A URL without the user name, password and query that may stand in it, for messages. */
export function withoutCredentials(text: string): string {
  return text
    .replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, "$1")
    .replaceAll(/(:\/\/[^\s?'"]*\?)[^\s'"]*/g, "$1…");
}

function isUrl(location: string): boolean {
  return /^(?:https?|ssh):\/\//i.test(location);
}

/** Credentials of an http(s) URL become a header of the clone, so that they never stand in the clone's config. */
function urlSource(location: string): RepositorySource {
  const url = URL.canParse(location) ? new URL(location) : undefined;
  if (url === undefined)
    throw notFound(`${withoutCredentials(location)} is no usable URL; correct the repository base.`);
  if (url.protocol === "ssh:" || (url.username === "" && url.password === "")) return { kind: "url", url: url.href };
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = "";
  url.password = "";
  const authorization = `Authorization: Basic ${Buffer.from(pair).toString("base64")}`;
  return { kind: "url", url: url.href, authorization };
}

async function folderSource(candidates: readonly string[], fullName: string, git: Git): Promise<RepositorySource> {
  let existing: string | undefined;
  for (const candidate of candidates) {
    if (!(await isFolder(candidate))) continue;
    existing ??= candidate;
    if (await isRepository(candidate, git)) return { kind: "folder", path: await realpath(candidate) };
  }
  if (existing === undefined) {
    throw notFound(
      `There is no repository ${fullName} at ${candidates.join(" or ")}; check the name or map it to a folder.`,
    );
  }
  const text = `${existing}, the place of ${fullName}, is no git repository; run "git init" there or map another folder.`;
  throw new NarthexError("NOT_A_GIT_REPOSITORY", text);
}

/** Is this very folder a repository, bare or with a working tree (one further up does not count)? */
async function isRepository(path: string, git: Git): Promise<boolean> {
  for (const place of [join(path, ".git"), path]) {
    const result = await git.run(["rev-parse", "--resolve-git-dir", place], { cwd: path });
    if (result.exitCode === 0) return true;
  }
  return false;
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

function notFound(text: string): NarthexError {
  return new NarthexError("REPOSITORY_NOT_FOUND", text);
}
