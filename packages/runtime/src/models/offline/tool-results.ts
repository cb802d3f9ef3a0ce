// Reading what tools gave back. The texts may be cut in the middle or be a refusal, so nothing is taken for granted.
import type { ToolResult } from "./skill.ts";

/** A shell command's result. */
export interface ShellReading {
  /** False when the command did not run to its end: refused, failed to start, timed out, interrupted. */
  readonly hasRun: boolean;
  readonly exitCode: number;
  /** The output, or the reason why there is none. */
  readonly output: string;
}

/** Reads the result of `bash`. */
export function readShell(result: ToolResult): ShellReading {
  if (result.isMissing) return { hasRun: false, exitCode: -1, output: "the call was interrupted" };
  const ending = [...result.text.matchAll(/^<exited with exit code (\d+)>$/gm)].at(-1);
  if (ending === undefined) return { hasRun: false, exitCode: -1, output: result.text.trim() };
  const output = result.text.slice(0, ending.index).replace(/\n$/, "");
  return { hasRun: true, exitCode: Number(ending[1]), output };
}

/** What keeps git from telling anything, as a sentence; undefined when nothing does. */
export function gitTrouble(output: string): string | undefined {
  if (/not a git repository/.test(output)) return "This workspace is not a git repository.";
  const distrusted = /config --global --add safe\.directory (\S+)/.exec(output)?.[1];
  if (distrusted !== undefined) {
    return `git does not trust this workspace, because it belongs to another user; to allow it, run: git config --global --add safe.directory ${distrusted}`;
  }
  return /git: (?:command )?not found/.test(output) ? "git is not installed here." : undefined;
}

/** Parts of an output that commands such as `echo '@@@ name'` have set apart. */
export function readSections(output: string): Map<string, string> {
  const sections = new Map<string, string>();
  for (const part of output.split(/^@@@ /m).slice(1)) {
    const end = part.indexOf("\n");
    const name = end === -1 ? part : part.slice(0, end);
    sections.set(name.trim(), end === -1 ? "" : part.slice(end + 1).trimEnd());
  }
  return sections;
}

/** Was a call turned down rather than tried? */
export function isRefusal(text: string): boolean {
  return /\b(?:permission|not allowed|denied|rejected|refused|declined|not approved|disallowed)\b/i.test(
    text.slice(0, 300),
  );
}

/** What `view` showed of a file. */
export interface ViewReading {
  readonly lines: readonly string[];
  /** Number of the first line. */
  readonly from: number;
  /** Last line there is, when more was left out. */
  readonly total: number;
}

/** Reads the result of `view` on a file; undefined when it shows none. */
export function readView(result: ToolResult): ViewReading | undefined {
  if (result.isMissing) return undefined;
  if (/^\S.* is empty\.$/.test(result.text)) return { lines: [], from: 1, total: 0 };
  const lines: string[] = [];
  let from = 0;
  for (const line of result.text.split("\n")) {
    const match = /^ *(\d+)\t(.*)$/s.exec(line);
    if (match === null) break;
    const number = Number(match[1]);
    if (from === 0) from = number;
    if (number !== from + lines.length) return undefined;
    lines.push(match[2] ?? "");
  }
  if (from === 0) return undefined;
  const more = /^\[… lines \d+ to \d+ of (\d+) are not shown/m.exec(result.text)?.[1];
  const last = from + lines.length - 1;
  return { lines, from, total: more === undefined ? last : Number(more) };
}

/** The entries of a folder that `view` showed; undefined when it shows none. */
export function readFolder(result: ToolResult): string[] | undefined {
  if (result.isMissing || /^There is no|^The path /.test(result.text)) return undefined;
  if (/is an empty folder/.test(result.text)) return [];
  return result.text.split("\n").filter((line) => line !== "" && !line.startsWith("[…"));
}

/** A line of `grep` in its content form. */
export interface GrepLine {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

export interface GrepReading {
  readonly lines: readonly GrepLine[];
  /** True when lines are missing. */
  readonly isCut: boolean;
  /** Set when the search itself failed. */
  readonly failure?: string;
}

/** Reads the result of `grep` with `output_mode: "content"`. */
export function readGrep(result: ToolResult): GrepReading {
  const rows = result.text.split("\n");
  const lines = rows.flatMap((row) => {
    const match = /^(.+?):(\d+):(.*)$/s.exec(row);
    return match === null ? [] : [{ path: match[1] ?? "", line: Number(match[2]), text: match[3] ?? "" }];
  });
  const isEmpty = /^No matches in \d+ files\.$/m.test(result.text);
  const failure = lines.length === 0 && !isEmpty ? { failure: reasonOf(result) } : {};
  return { lines, isCut: /^\[… /m.test(result.text), ...failure };
}

/** Reads the result of `grep` with `output_mode: "count"`, or of `grep -c`. */
export function readCounts(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of text.split("\n")) {
    const match = /^(.+):(\d+)$/.exec(row);
    if (match?.[1] !== undefined) counts.set(match[1], Number(match[2]));
  }
  return counts;
}

/** Why a call gave nothing, for the answer. */
export function reasonOf(result: ToolResult): string {
  if (result.isMissing) return "the call was interrupted";
  const text = result.text.trim();
  return text === "" ? "it gave nothing back" : text.slice(0, 600);
}
