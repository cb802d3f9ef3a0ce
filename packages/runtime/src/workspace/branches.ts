import { NarthexError } from "@narthex/protocol";
import type { Git, GitCall } from "./git.ts";
import type { RepositorySource } from "./repository-source.ts";

const MAX_BRANCHES = 1_000;
const MAX_BRANCHES_SHOWN = 8;

/** The branches of a source, the one changed last first (in name order for a URL). Empty for an empty repository. */
export async function listBranches(git: Git, source: RepositorySource, call: GitCall): Promise<string[]> {
  if (source.kind === "url") {
    const { stdout } = await git.run(["ls-remote", "--heads", "--", source.url], call);
    return linesOf(stdout).map((line) => line.replace(/^\S+\s+refs\/heads\//, ""));
  }
  const format = ["--sort=-committerdate", `--count=${MAX_BRANCHES}`, "--format=%(refname:lstrip=2)"];
  const { stdout } = await git.run(["for-each-ref", ...format, "refs/heads"], { ...call, cwd: source.path });
  return linesOf(stdout);
}

/** The branch to take where HEAD names none that exists: `main`, `master`, else the first. */
export function defaultBranch(branches: readonly string[]): string | undefined {
  return ["main", "master"].find((name) => branches.includes(name)) ?? branches[0];
}

/** BRANCH_NOT_FOUND that names a few branches that do exist. */
export function branchNotFound(fullName: string, branch: string, branches: readonly string[]): NarthexError {
  const shown = branches.slice(0, MAX_BRANCHES_SHOWN).join(", ");
  const more = branches.length > MAX_BRANCHES_SHOWN ? ` and ${branches.length - MAX_BRANCHES_SHOWN} more` : "";
  const known = branches.length === 0 ? "it has no branch yet" : `its branches are ${shown}${more}`;
  return new NarthexError("BRANCH_NOT_FOUND", `${fullName} has no branch "${branch}"; ${known}.`);
}

function linesOf(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .slice(0, MAX_BRANCHES);
}
