// "List the files" and "show FILE".
import { extensionsOf, languageIn } from "./languages.ts";
import { fileIn, folderIn, maskQuotes, type MaskedPrompt } from "./prompt-text.ts";
import {
  missingTools,
  resultAt,
  view,
  type PlannedCall,
  type Skill,
  type SkillContext,
  type SkillRun,
} from "./skill.ts";
import { readView, reasonOf } from "./tool-results.ts";
import { block, code, count } from "./wording.ts";

const LIST =
  /\b(?:list|show|which|what|display|give|enumerate|see)\b[^.?!]*\b(?:files|folders|directories)\b|^\s*(?:please\s+)?(?:ls|dir|tree|list)\b(?!.*\bcommits?\b)/i;
/** What stands after "list" without naming a folder. */
const NO_FOLDER = /^(?:files|folders|directories|everything|all)$/i;
const SHOW =
  /\b(?:show|open|print|cat|view|display|read|see|look at|what(?:'s| is| does| stands) in|contents? of|dump|head|tail)\b/i;
const RANGE = /\blines?\s+(\d+)(?:\s*(?:-|–|to|through|until|and)\s*(\d+))?/i;

export const listFilesSkill: Skill = {
  name: "list files",
  example: "list the files in src",
  match(context) {
    const masked = maskQuotes(context.prompt);
    if (!LIST.test(masked.text)) return undefined;
    const language = languageIn(masked.text);
    const folder = folderIn(masked) ?? /^\s*(?:ls|dir|tree|list)\s+([\w@./-]+)\s*$/i.exec(masked.text)?.[1];
    const isWord = folder !== undefined && (NO_FOLDER.test(folder) || languageIn(folder) !== undefined);
    return () => listFiles(context, isWord ? "." : (folder ?? "."), language, masked);
  },
};

function* listFiles(
  context: SkillContext,
  folder: string,
  language: string | undefined,
  masked: MaskedPrompt,
): SkillRun {
  const missing = missingTools(context, "view", "glob");
  if (missing !== undefined) return missing;
  const pattern =
    masked.quotes.find((quote) => /[*?]/.test(quote)) ?? /(?<!\S)[\w./-]*\*[\w.*/{},-]*/.exec(masked.text)?.[0];
  const wanted = pattern ?? languagePattern(language);
  if (wanted === undefined) {
    const results = yield { say: `I look into ${code(folder)}.`, calls: [view(folder)] };
    const shown = resultAt(results, 0);
    if (/^There is no|^The path/.test(shown.text) || shown.isMissing)
      return `I could not look into ${code(folder)}: ${reasonOf(shown)}`;
    return `In ${code(folder)} (two levels; hidden files and node_modules left out):\n${block(shown.text)}`;
  }
  const call: PlannedCall = {
    name: "glob",
    arguments: { pattern: wanted, ...(folder === "." ? {} : { path: folder }) },
  };
  const results = yield { say: `I look for ${code(wanted)}.`, calls: [call] };
  const found = resultAt(results, 0);
  const paths = found.text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("[…") && !line.startsWith("No file matches"));
  const more = /\[… (\d+) more files/.exec(found.text)?.[1];
  if (paths.length === 0) return `No file matches ${code(wanted)} in ${code(folder)}.`;
  return `${count(paths.length + Number(more ?? 0), "file matches", "files match")} ${code(wanted)}:\n${block(found.text)}`;
}

function languagePattern(language: string | undefined): string | undefined {
  const extensions = extensionsOf(language ?? "");
  if (extensions.length === 0) return undefined;
  return extensions.length === 1 ? `**/*.${extensions[0]}` : `**/*.{${extensions.join(",")}}`;
}

export const showFileSkill: Skill = {
  name: "show a file",
  example: "show lines 1 to 20 of README.md",
  match(context) {
    const masked = maskQuotes(context.prompt);
    const file = SHOW.test(masked.text) ? fileIn(masked) : undefined;
    if (file === undefined || /\s/.test(file)) return undefined;
    const range = RANGE.exec(masked.text);
    const from = range === null ? undefined : Number(range[1]);
    const lines = from === undefined ? undefined : ([from, Number(range?.[2] ?? from)] as const);
    return () => showFile(context, file, lines);
  },
};

function* showFile(context: SkillContext, file: string, range: readonly [number, number] | undefined): SkillRun {
  const missing = missingTools(context, "view");
  if (missing !== undefined) return missing;
  const results = yield { say: `I read ${code(file)}.`, calls: [view(file, range)] };
  const result = resultAt(results, 0);
  const reading = readView(result);
  if (reading !== undefined) {
    const last = reading.from + reading.lines.length - 1;
    const which =
      range === undefined && reading.total === last ? count(reading.total, "line") : `lines ${reading.from} to ${last}`;
    return `${code(file)} (${which}):\n${block(result.text)}`;
  }
  if (!result.text.startsWith("There is no file") || context.tools.every((tool) => tool.name !== "glob")) {
    return `${code(file)}: ${reasonOf(result)}`;
  }
  const name = file.split("/").at(-1) ?? file;
  const search = yield {
    say: `There is no ${code(file)}; I look for one of that name.`,
    calls: [{ name: "glob", arguments: { pattern: `**/${name}*` } }],
  };
  const found = resultAt(search, 0)
    .text.split("\n")
    .filter((line) => line !== "" && !line.startsWith("No file") && !line.startsWith("[…"));
  const [only] = found;
  if (only !== undefined && found.length === 1)
    return yield* showFile({ ...context, tools: context.tools.filter((tool) => tool.name !== "glob") }, only, range);
  return found.length === 0
    ? `There is no file ${code(file)} in this workspace.`
    : `There is no file ${code(file)}; of a similar name are:\n${block(found.join("\n"))}`;
}
