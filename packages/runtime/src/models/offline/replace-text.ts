// "Replace A with B in FILE": reads the file, plans one edit for all occurrences, makes it, reports what came of it.
import { escapePattern, fileIn, maskQuotes, type MaskedPrompt } from "./prompt-text.ts";
import {
  grep,
  missingTools,
  resultAt,
  view,
  type PlannedCall,
  type Skill,
  type SkillContext,
  type SkillRun,
  type ToolResult,
} from "./skill.ts";
import { planReplacement, type SingleEdit } from "./text-replacement.ts";
import { isRefusal, readCounts, readView, reasonOf } from "./tool-results.ts";
import { code, count, firstFew } from "./wording.ts";

const PATTERN =
  /\b(?<verb>replace|substitute|swap|change|rename|edit)\s+(?<old>.+?)\s+(?:with|by|to|into|for|→|->|=>)\s+(?<new>⟦\d+⟧|.+?)(?:\s+(?:(?:in|inside|within|throughout|across)\s+(?<where>.+?)|(?<everywhere>everywhere)))?\s*[.!?]*\s*$/is;
const EVERYWHERE =
  /^(?:(?:all|every|each)\b.*\bfiles?|(?:the\s+)?(?:whole|entire)\b.*|(?:this|the)\s+(?:repo(?:sitory)?|project|code\s?base|workspace)|everywhere)$/i;
const MAX_FILES = 20;
const MAX_PAGES = 60;

interface Order {
  readonly oldText: string;
  readonly newText: string;
  /** Undefined: the one file that has it; "*": all files. */
  readonly file: string | undefined;
}

export const replaceTextSkill: Skill = {
  name: "replace text",
  example: 'replace "colour" with "color" in README.md',
  match(context) {
    const order = readOrder(maskQuotes(context.prompt));
    return order === undefined ? undefined : () => replaceText(context, order);
  },
};

function readOrder(masked: MaskedPrompt): Order | undefined {
  const groups = PATTERN.exec(masked.text.trim())?.groups;
  if (groups === undefined) return undefined;
  const oldPart = (groups["old"] ?? "")
    .replace(/^(?:all|every|each)\s+(?:the\s+)?(?:occurrences?|instances?|uses?)\s+of\s+/i, "")
    .replace(/^(?:all|every|each|the)\s+/i, "")
    .replace(/^(?:the\s+)?(?:text|word|string|line|name|value|phrase)s?\s+/i, "");
  const isQuoted = /⟦\d+⟧/.test(oldPart);
  // "Change the title to …" names no exact text, and "replace jest with vitest" is more than a replacement of words:
  // without quotes only a single word in a named place will do.
  const hasPlace = groups["where"] !== undefined || groups["everywhere"] !== undefined;
  if (!isQuoted && (!hasPlace || /\s/.test(oldPart) || /^(?:change|edit)$/i.test(groups["verb"] ?? "")))
    return undefined;
  const oldText = masked.unmask(onlyQuoted(oldPart));
  const newText = masked.unmask(
    onlyQuoted((groups["new"] ?? "").replace(/^the\s+(?:text|word|string|line|name|value)\s+(?=⟦)/i, "")),
  );
  const where = groups["where"]?.trim();
  if (oldText === "") return undefined;
  if (groups["everywhere"] !== undefined || (where !== undefined && EVERYWHERE.test(where)))
    return { oldText, newText, file: "*" };
  if (where === undefined) return { oldText, newText, file: undefined };
  return { oldText, newText, file: fileIn(masked, where) ?? where.replace(/^(?:the\s+)?(?:file\s+)?/i, "") };
}

/** Of "the word ⟦0⟧ there" only the quoted part. */
function onlyQuoted(part: string): string {
  return /⟦\d+⟧/.exec(part)?.[0] ?? part;
}

function* replaceText(context: SkillContext, order: Order): SkillRun {
  const missing = missingTools(context, "view", "edit", "grep");
  if (missing !== undefined) return missing;
  if (order.oldText === order.newText) return "Both texts are the same, so there is nothing to replace.";
  if (order.file !== undefined && order.file !== "*") return yield* replaceInFiles(order, [order.file]);
  const results = yield {
    say: `I look which files contain ${code(order.oldText)}.`,
    calls: [grep({ pattern: escapePattern(order.oldText), output_mode: "count" })],
  };
  const files = [...readCounts(resultAt(results, 0).text).keys()];
  if (files.length === 0) return `No file contains ${code(order.oldText)}, so nothing was changed.`;
  if (files.length === 1 || (order.file === "*" && files.length <= MAX_FILES))
    return yield* replaceInFiles(order, files);
  const list = firstFew(files.map(code), 20);
  return order.file === "*"
    ? `${count(files.length, "file")} contain ${code(order.oldText)}, which is more than the ${MAX_FILES} I change at once. Nothing was changed; name a file: ${list}.`
    : `${count(files.length, "file")} contain ${code(order.oldText)}; nothing was changed. Say in which one, or "everywhere": ${list}.`;
}

function* replaceInFiles(order: Order, files: readonly string[]): SkillRun {
  const contents = new Map<string, string>();
  const problems: string[] = [];
  for (const [file, read] of yield* readFiles(files)) {
    if ("content" in read) contents.set(file, read.content);
    else problems.push(`- ${code(file)} was not changed: ${read.problem}`);
  }
  const planned: { file: string; edit: SingleEdit }[] = [];
  for (const [file, content] of contents) {
    const edit = planReplacement(content, order.oldText, order.newText);
    if (edit === undefined)
      problems.push(`- ${code(file)} was not changed: ${code(order.oldText)} does not occur in it.`);
    else planned.push({ file, edit });
  }
  if (planned.length === 0) return `Nothing was replaced.\n${problems.join("\n")}`;
  const results = yield {
    say: planned
      .map(
        ({ file, edit }) =>
          `${code(file)} has ${code(order.oldText)} ${count(edit.occurrences, "time")}. I replace it.`,
      )
      .join(" "),
    calls: planned.map(({ file, edit }) => editCall(file, edit)),
  };
  const reports = planned.map(({ file, edit }, i) => writeReport(order, file, edit, resultAt(results, i)));
  return [...reports, ...problems].join("\n");
}

function editCall(file: string, edit: SingleEdit): PlannedCall {
  return { name: "edit", arguments: { path: file, old_str: edit.oldText, new_str: edit.newText } };
}

type FileReading = { readonly content: string } | { readonly problem: string };

/** Reads files whole, page by page where one look does not show everything. */
function* readFiles(
  files: readonly string[],
): Generator<{ calls: PlannedCall[] }, Map<string, FileReading>, readonly ToolResult[]> {
  const seen = new Map<string, string[]>();
  const done = new Map<string, FileReading>();
  for (let page = 0; page < MAX_PAGES && done.size < files.length; page += 1) {
    const open = files.filter((file) => !done.has(file));
    const results = yield { calls: open.map((file) => nextPage(file, seen.get(file)?.length ?? 0)) };
    for (const [i, file] of open.entries()) {
      const reading = readView(resultAt(results, i));
      const lines = seen.get(file) ?? [];
      if (reading === undefined || reading.from !== lines.length + 1) {
        done.set(file, { problem: reasonOf(resultAt(results, i)) });
        continue;
      }
      lines.push(...reading.lines);
      seen.set(file, lines);
      if (lines.length >= reading.total) done.set(file, { content: lines.join("\n") });
    }
  }
  for (const file of files) if (!done.has(file)) done.set(file, { problem: "it is too long for me to read" });
  return done;
}

/** The rest of the file; `view` says how much of it did not fit. */
function nextPage(file: string, linesSeen: number): PlannedCall {
  return linesSeen === 0 ? view(file) : view(file, [linesSeen + 1, -1]);
}

function writeReport(order: Order, file: string, edit: SingleEdit, result: ToolResult): string {
  const lines = `line${edit.lines.length === 1 ? "" : "s"} ${firstFew(edit.lines.map(String), 15)}`;
  const change = `${code(order.oldText)} with ${code(order.newText)} (${count(edit.occurrences, "occurrence")}, ${lines})`;
  if (result.text.startsWith("Edited ")) return `- ${code(file)}: replaced ${change}.`;
  const happened = isRefusal(result.text) ? "the edit was not allowed" : "the edit failed";
  return `- ${code(file)} was not changed: ${happened}. It would replace ${change}. The answer was: ${reasonOf(result)}`;
}
