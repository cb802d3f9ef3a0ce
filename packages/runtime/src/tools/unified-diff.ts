import { cutMiddle } from "./bounded-output.ts";
import { diffLines, type DiffRun } from "./line-diff.ts";

const CONTEXT_LINES = 3;
/** Longest diff that goes into a permission request or a result, in characters; more is cut in the middle. */
const MAX_SHOWN_CHARS = 100_000;

/** A unified diff for people, cut in the middle when it is very long. */
export function diffToShow(path: string, before: string | undefined, after: string): string {
  return cutMiddle(unifiedDiff(path, before, after), MAX_SHOWN_CHARS);
}

/** The new content, for a permission request; left out when it is very long. */
export function contentsToShow(text: string): { newFileContents?: string } {
  return text.length <= MAX_SHOWN_CHARS ? { newFileContents: text } : {};
}

/**
 * A unified diff as git and patch read it; empty when nothing differs.
 *
 * @param path shown as `a/path` and `b/path`
 * @param before undefined for a new file
 */
export function unifiedDiff(path: string, before: string | undefined, after: string): string {
  if (before === after) return "";
  const runs = diffLines(splitLines(before ?? ""), splitLines(after));
  const name = /[\s"\\]/.test(path) ? `${path}\t` : path; // the tab tells readers where a name with blanks ends
  const oldName = before === undefined ? "/dev/null" : `a/${name}`;
  return `--- ${oldName}\n+++ b/${name}\n${hunksOf(runs).map(formatHunk).join("")}`;
}

/** Lines with their newline; only the last may lack one. */
function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

interface DiffLine {
  readonly mark: " " | "-" | "+";
  readonly text: string;
  /** Position in the old and the new text, from 0. */
  readonly oldAt: number;
  readonly newAt: number;
}

const MARKS = { same: " ", removed: "-", added: "+" } as const;

function hunksOf(runs: readonly DiffRun[]): DiffLine[][] {
  const lines: DiffLine[] = [];
  let oldAt = 0;
  let newAt = 0;
  for (const run of runs) {
    for (const text of run.lines) {
      lines.push({ mark: MARKS[run.kind], text, oldAt, newAt });
      if (run.kind !== "added") oldAt += 1;
      if (run.kind !== "removed") newAt += 1;
    }
  }
  const hunks: DiffLine[][] = [];
  let until = -1; // index behind the last line shown
  for (const [i, line] of lines.entries()) {
    if (line.mark === " ") continue;
    const from = Math.max(i - CONTEXT_LINES, until, 0);
    const to = Math.min(i + CONTEXT_LINES + 1, lines.length);
    const last = hunks.at(-1);
    if (last !== undefined && from <= until) last.push(...lines.slice(until, to));
    else hunks.push(lines.slice(from, to));
    until = Math.max(to, until);
  }
  return hunks;
}

function formatHunk(lines: readonly DiffLine[]): string {
  const first = lines[0];
  const oldCount = lines.filter((line) => line.mark !== "+").length;
  const newCount = lines.filter((line) => line.mark !== "-").length;
  const header = `@@ -${range(first?.oldAt ?? 0, oldCount)} +${range(first?.newAt ?? 0, newCount)} @@\n`;
  return header + lines.map((line) => line.mark + withEnding(line.text)).join("");
}

function range(at: number, count: number): string {
  if (count === 0) return `${at},0`;
  return count === 1 ? `${at + 1}` : `${at + 1},${count}`;
}

function withEnding(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n\\ No newline at end of file\n`;
}
