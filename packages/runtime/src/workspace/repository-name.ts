import { NarthexError, REPOSITORY_PART_PATTERN } from "@narthex/protocol";

/** A repository as a session's config names it. */
export interface RepositoryName {
  readonly owner: string;
  readonly name: string;
  readonly branch?: string;
}

/**
 * Checks a repository's owner, name and branch before git sees them: no path steps, no options, nothing that git
 * itself would not allow as a branch.
 * @throws {NarthexError} REPOSITORY_NAME_INVALID, BRANCH_NOT_FOUND
 */
export function parseRepositoryName(repository: RepositoryName): RepositoryName {
  const { owner, name, branch } = repository;
  if (!isPart(owner) || !isPart(name)) {
    throw new NarthexError(
      "REPOSITORY_NAME_INVALID",
      `${show(owner)}/${show(name)} is no repository: owner and name are 1 to 100 letters, digits, ".", "_" or "-" each, ` +
        `as in owner "octocat" and name "hello-world".`,
    );
  }
  if (branch !== undefined && !isBranchName(branch)) {
    throw new NarthexError("BRANCH_NOT_FOUND", `${show(branch)} cannot be a branch of ${owner}/${name}.`);
  }
  return repository;
}

function isPart(value: unknown): boolean {
  return typeof value === "string" && REPOSITORY_PART_PATTERN.test(value) && !value.startsWith("-");
}

/** The rules of `git check-ref-format --branch`, and a bound on the length. */
export function isBranchName(value: unknown): value is string {
  if (typeof value !== "string" || value.length === 0 || value.length > 250) return false;
  if (value.startsWith("-") || value.startsWith("/") || value.endsWith("/") || value.endsWith(".")) return false;
  if (value === "@" || value.includes("..") || value.includes("//") || value.includes("@{")) return false;
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u0020\u007f~^:?*[\\]/.test(value)) return false;
  return value.split("/").every((part) => !part.startsWith(".") && !part.endsWith(".lock"));
}

function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 80)) : typeof value;
}
