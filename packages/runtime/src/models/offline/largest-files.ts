// "Show the largest files": tracked files by size, or all files where there is no git.
import { maskQuotes, numberIn } from "./prompt-text.ts";
import { bash, missingTools, resultAt, type Skill, type SkillContext, type SkillRun } from "./skill.ts";
import { PLAIN_FILES } from "./survey-commands.ts";
import { gitTrouble, readShell } from "./tool-results.ts";
import { bytes, code } from "./wording.ts";

const PATTERNS = [
  /\b(?:largest|biggest|heaviest|longest|fattest|huge|top\s+\d+)\b[^.?!]*\bfiles?\b/i,
  /\bfiles?\b[^.?!]*\b(?:largest|biggest|heaviest|by size|most (?:space|bytes|room))\b/i,
  /\bwhat\b[^.?!]*\b(?:takes?|uses?|needs?)\b[^.?!]*\b(?:space|room|disk)\b/i,
];
const DEFAULT_FILES = 10;
const MAX_FILES = 100;

/** Sizes of the tracked files at the last commit, the largest first. */
export function trackedSizesCommand(files: number): string {
  return `git ls-tree -r -l HEAD | sort -k4 -n -r | head -n ${files}`;
}

/** Sizes of all files, the largest first. */
export function plainSizesCommand(files: number): string {
  return `${PLAIN_FILES} -printf '%s %p\\n' | sort -n -r | head -n ${files}`;
}

export const largestFilesSkill: Skill = {
  name: "largest files",
  example: "show the 5 largest files",
  match(context) {
    const { text } = maskQuotes(context.prompt);
    if (!PATTERNS.some((pattern) => pattern.test(text))) return undefined;
    return () => largestFiles(context, numberIn(text, DEFAULT_FILES, MAX_FILES));
  },
};

interface SizedFile {
  readonly path: string;
  readonly size: number;
}

function* largestFiles(context: SkillContext, wanted: number): SkillRun {
  const missing = missingTools(context, "bash");
  if (missing !== undefined) return missing;
  const first = yield {
    say: "I look at the sizes of the tracked files.",
    calls: [bash(trackedSizesCommand(wanted), "List tracked files by size")],
  };
  const tracked = readShell(resultAt(first, 0));
  if (!tracked.hasRun) return `I could not look at the sizes: ${tracked.output}`;
  const files = readTracked(tracked.output);
  if (files.length > 0) return write(files, wanted, "tracked files", "sizes are those of the last commit");
  const reason = gitTrouble(tracked.output) ?? "Nothing is committed here.";
  const second = yield {
    say: `${reason} I look at the folder itself.`,
    calls: [bash(plainSizesCommand(wanted), "List files by size")],
  };
  const plain = readShell(resultAt(second, 0));
  if (!plain.hasRun) return `I could not look at the sizes: ${plain.output}`;
  const found = readPlain(plain.output);
  if (found.length === 0) return "There are no files in this workspace.";
  return write(found, wanted, "files", "all files count, node_modules aside", reason);
}

function readTracked(output: string): SizedFile[] {
  return output.split("\n").flatMap((line) => {
    const match = /^\d+ blob \S+\s+(\d+)\t(.+)$/.exec(line);
    return match?.[2] === undefined ? [] : [{ path: match[2], size: Number(match[1]) }];
  });
}

function readPlain(output: string): SizedFile[] {
  return output.split("\n").flatMap((line) => {
    const match = /^(\d+) (?:\.\/)?(.+)$/.exec(line);
    return match?.[2] === undefined ? [] : [{ path: match[2], size: Number(match[1]) }];
  });
}

function write(files: readonly SizedFile[], wanted: number, noun: string, note: string, reason?: string): string {
  const rows = files.map(
    ({ path, size }, i) =>
      `${i + 1}. ${code(path)} ${bytes(size)}${size < 1_024 ? "" : ` (${size.toLocaleString("en-US")} bytes)`}`,
  );
  const head =
    files.length < wanted ? `All ${files.length} ${noun}, the largest first` : `The ${files.length} largest ${noun}`;
  return `${reason === undefined ? "" : `${reason} `}${head} (${note}):\n\n${rows.join("\n")}`;
}
