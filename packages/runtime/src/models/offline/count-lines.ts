// "How many lines (files) …": in a file, of a language, or in all.
import { extensionsOf, languageIn } from "./languages.ts";
import { fileIn, maskQuotes } from "./prompt-text.ts";
import { bash, missingTools, resultAt, type Skill, type SkillContext, type SkillRun } from "./skill.ts";
import {
  lineCountCommand,
  plainLineCountCommand,
  PLAIN_FILES,
  readInsertions,
  sumLineCounts,
} from "./survey-commands.ts";
import { gitTrouble, readSections, readShell } from "./tool-results.ts";
import { code, count } from "./wording.ts";

const PATTERN =
  /\bhow\s+(?:many|much)\s+(?:[\w+#]+\s+){0,3}?(?:lines?|files?|code)\b|\b(?:count|number of)\s+(?:the\s+|all\s+)?(?:[\w+#]+\s+){0,2}?(?:lines?|files?)\b|\bline\s?count\b|\blines of code\b|\bsloc\b|\bloc\b/i;

export const countLinesSkill: Skill = {
  name: "count lines",
  example: "how many lines of TypeScript are there?",
  match(context) {
    const masked = maskQuotes(context.prompt);
    if (!PATTERN.test(masked.text)) return undefined;
    const file = fileIn(masked);
    if (file !== undefined) return () => countFile(context, file);
    return () => countAll(context, languageIn(masked.text));
  },
};

function* countFile(context: SkillContext, file: string): SkillRun {
  const missing = missingTools(context, "bash");
  if (missing !== undefined) return missing;
  const results = yield {
    say: `I count the lines of ${code(file)}.`,
    calls: [bash(`grep -c '' -- '${file.replaceAll("'", "'\\''")}'`, "Count the lines of a file")],
  };
  const shell = readShell(resultAt(results, 0));
  if (!shell.hasRun) return `I could not count: ${shell.output}`;
  const lines = /^\d+$/m.exec(shell.output)?.[0];
  if (lines === undefined || shell.exitCode > 1) return `I could not count the lines of ${code(file)}: ${shell.output}`;
  return `${code(file)} has ${count(Number(lines), "line")}.`;
}

/** One command for files and lines of the tracked files. */
export function countTrackedCommand(extensions: readonly string[]): string {
  const only = extensions.length === 0 ? "" : ` -- ${extensions.map((ext) => `'*.${ext}'`).join(" ")}`;
  const groups = new Map(extensions.length === 0 ? [] : [["wanted", extensions] as const]);
  return `echo '@@@ files'; git ls-files${only} | wc -l; ${lineCountCommand(groups)}`;
}

function* countAll(context: SkillContext, language: string | undefined): SkillRun {
  const missing = missingTools(context, "bash");
  if (missing !== undefined) return missing;
  const extensions = extensionsOf(language ?? "");
  const what = language === undefined ? "" : ` of ${language}`;
  const results = yield {
    say: `I count the lines${what}.`,
    calls: [bash(countTrackedCommand(extensions), "Count files and lines")],
  };
  const shell = readShell(resultAt(results, 0));
  if (!shell.hasRun) return `I could not count: ${shell.output}`;
  const trouble = gitTrouble(shell.output);
  if (trouble !== undefined) return yield* countPlain(extensions, what, trouble);
  const sections = readSections(shell.output);
  const files = Number(sections.get("files")?.trim());
  const lines = readInsertions(sections.get(extensions.length === 0 ? "all" : "wanted") ?? "");
  const share =
    extensions.length === 0
      ? ""
      : ` All tracked text files together have ${count(readInsertions(sections.get("all") ?? ""), "line")}.`;
  return `There are ${count(lines, "line")}${what} in ${count(files, "tracked file")} (binary files count as none).${share}`;
}

function* countPlain(extensions: readonly string[], what: string, trouble: string): SkillRun {
  const names = extensions.map((ext) => `-name '*.${ext}'`).join(" -o ");
  const only = extensions.length === 0 ? "" : ` \\( ${names} \\)`;
  const results = yield {
    calls: [
      bash(plainLineCountCommand(extensions), "Count lines"),
      bash(`${PLAIN_FILES}${only} | wc -l`, "Count files"),
    ],
  };
  const shell = readShell(resultAt(results, 0));
  const files = readShell(resultAt(results, 1));
  if (!shell.hasRun || !files.hasRun) return `I could not count: ${shell.hasRun ? files.output : shell.output}`;
  const lines = sumLineCounts(shell.output);
  const least = shell.output.includes("characters cut") ? "at least " : "";
  return `There are ${least}${count(lines, "line")}${what} in ${count(Number(files.output.trim()), "file")}. ${trouble} So all files count, node_modules aside.`;
}
