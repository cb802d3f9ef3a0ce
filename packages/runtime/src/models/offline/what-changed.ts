// "What changed last": the newest commits with their files, and what is not committed yet.
import { fileIn, maskQuotes, numberIn } from "./prompt-text.ts";
import { bash, missingTools, resultAt, type Skill, type SkillContext, type SkillRun } from "./skill.ts";
import { gitTrouble, readSections, readShell } from "./tool-results.ts";
import { block, code, count, firstFew } from "./wording.ts";

const PATTERNS = [
  /\bwhat(?:'s| is| has| have| was| were)?\s+(?:been\s+)?(?:changed|new|modified|committed|happened)\b/i,
  /\b(?:last|latest|recent|newest|previous|most recent)\s+(?:\w+\s+)?(?:commits?|changes?|edits?|modifications?)\b/i,
  /\b(?:show|give|see|print|read)\b[^.?!]*\b(?:git log|git history|commit history|history|changelog of git)\b/i,
  /\bwho\s+(?:changed|edited|touched|modified|committed)\b/i,
  /^\s*(?:git\s+)?(?:log|history)\s*[.?!]*\s*$/i,
];
const MAX_COMMITS = 20;
const MAX_FILES = 30;

/** The newest commits with the lines added and removed per file, then the state of the working tree. */
export function lastChangesCommand(commits: number, file?: string): string {
  const only = file === undefined ? "" : ` -- '${file.replaceAll("'", "'\\''")}'`;
  return [
    `git log -n ${commits} --first-parent -m --numstat --date=iso --pretty=format:'@@@ commit %h%n%an%n%ad%n%s'${only}`,
    "echo; echo '@@@ status'; git status --short",
  ].join("; ");
}

export const whatChangedSkill: Skill = {
  name: "what changed",
  example: "what changed last?",
  match(context) {
    const masked = maskQuotes(context.prompt);
    if (!PATTERNS.some((pattern) => pattern.test(masked.text))) return undefined;
    const isPlural = /\b(?:commits|changes|history|log)\b/i.test(masked.text);
    const commits = numberIn(masked.text, isPlural ? 5 : 1, MAX_COMMITS);
    const file = /\b(?:in|to|of|for|on)\b/i.test(masked.text) ? fileIn(masked) : undefined;
    return () => whatChanged(context, commits, file);
  },
};

function* whatChanged(context: SkillContext, commits: number, file: string | undefined): SkillRun {
  const missing = missingTools(context, "bash");
  if (missing !== undefined) return missing;
  const results = yield {
    say: "I look at the history.",
    calls: [bash(lastChangesCommand(commits, file), "Show the last changes")],
  };
  const shell = readShell(resultAt(results, 0));
  if (!shell.hasRun) return `I could not look at the history: ${shell.output}`;
  const trouble = gitTrouble(shell.output);
  if (trouble !== undefined) return `There is no history to tell what changed. ${trouble}`;
  const found = readCommits(shell.output);
  const changes = (readSections(shell.output).get("status") ?? "")
    .split("\n")
    .filter((line) => /^[ MADRCU?!]{2} /.test(line));
  const pending = writePending(changes);
  if (found.length === 0) {
    const reason =
      /does not have any commits yet/.test(shell.output) || file === undefined
        ? "There are no commits yet."
        : `No commit touches ${code(file)}.`;
    return `${reason} ${pending}`;
  }
  return `${writeCommits(found, file)}\n\n${pending}`;
}

interface Commit {
  readonly hash: string;
  readonly author: string;
  readonly date: string;
  readonly subject: string;
  readonly files: readonly { path: string; added?: number; removed?: number }[];
}

function readCommits(output: string): Commit[] {
  return output
    .split(/^@@@ commit /m)
    .slice(1)
    .map((part) => {
      const [hash = "", author = "", date = "", subject = "", ...rows] = (part.split(/^@@@ /m)[0] ?? "").split("\n");
      const files = rows.flatMap((row) => {
        const match = /^(\d+|-)\t(\d+|-)\t(.+)$/.exec(row);
        if (match?.[3] === undefined) return [];
        return [
          { path: match[3], ...(match[1] === "-" ? {} : { added: Number(match[1]), removed: Number(match[2]) }) },
        ];
      });
      return { hash, author, date, subject, files };
    });
}

function writeCommits(commits: readonly Commit[], file: string | undefined): string {
  const head =
    commits.length === 1
      ? `The last commit${file === undefined ? "" : ` that touches ${code(file)}`} is`
      : `The last ${count(commits.length, "commit")}${file === undefined ? "" : ` that touch ${code(file)}`}, the newest first:`;
  return `${head}\n\n${commits.map(writeCommit).join("\n\n")}`;
}

function writeCommit({ hash, author, date, subject, files }: Commit): string {
  const added = files.reduce((sum, file) => sum + (file.added ?? 0), 0);
  const removed = files.reduce((sum, file) => sum + (file.removed ?? 0), 0);
  const rows = files
    .slice(0, MAX_FILES)
    .map(
      ({ path, added: plus, removed: minus }) =>
        `- ${code(path)} ${plus === undefined ? "(binary)" : `+${plus} -${minus}`}`,
    );
  if (files.length > MAX_FILES) rows.push(`- … and ${files.length - MAX_FILES} more files`);
  const list =
    rows.length === 0
      ? "It changes no files."
      : `${count(files.length, "file")}, +${added} -${removed} lines:\n${rows.join("\n")}`;
  return `**${subject}** (${code(hash)}, ${author}, ${date})\n${list}`;
}

function writePending(changes: readonly string[]): string {
  if (changes.length === 0) return "Nothing is uncommitted in the working tree.";
  return `Not committed yet (${count(changes.length, "change")}):\n${block(firstFew(changes, MAX_FILES, "\n"))}`;
}
