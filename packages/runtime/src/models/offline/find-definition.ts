// "Find where X is defined": searches, tells definitions from uses, and quotes the lines.
import {
  classifyDefinition,
  keywordPattern,
  loosePattern,
  usePattern,
  type DefinitionKind,
} from "./definition-patterns.ts";
import { maskQuotes, type MaskedPrompt } from "./prompt-text.ts";
import { grep, missingTools, resultAt, type Skill, type SkillContext, type SkillRun } from "./skill.ts";
import { readCounts, readGrep, reasonOf, type GrepLine } from "./tool-results.ts";
import { code, count, firstFew } from "./wording.ts";

const KIND =
  "(?:the\\s+)?(?:(?:function|method|class|type|interface|variable|constant|const|struct|enum|symbol|component|hook|macro|trait|module|name|identifier)\\s+)?";
const NAME = "(?<name>⟦\\d+⟧|[#@$A-Za-z_][\\w$.#:]*(?:\\(\\))?)";
const DONE = "(?:defined|declared|implemented|introduced)";
const TAIL = "(?:\\s+(?:function|method|class|type|interface|variable|constant|struct|enum))?";
const PATTERNS = [
  new RegExp(`\\bwhere\\s+(?:is|are|was|does)\\s+${KIND}${NAME}${TAIL}\\s+(?:being\\s+|get(?:s)?\\s+)?${DONE}`, "i"),
  new RegExp(`\\bwhere\\s+${KIND}${NAME}${TAIL}\\s+(?:is|are|gets?|was)\\s+(?:being\\s+)?${DONE}`, "i"),
  new RegExp(`\\b(?:definition|declaration|implementation)s?\\s+(?:of|for)\\s+${KIND}${NAME}`, "i"),
  new RegExp(
    `\\b(?:which|what)\\s+file\\s+(?:defines|declares|implements|contains the definition of)\\s+${KIND}${NAME}`,
    "i",
  ),
  new RegExp(
    `\\b(?:find|locate|go to|jump to|show|look up)\\s+(?:me\\s+)?(?:where\\s+)?${NAME}(?:'s)?\\s+(?:definition|declaration|implementation)`,
    "i",
  ),
  new RegExp(
    `\\b(?:find|locate|go to|jump to)\\s+(?:the\\s+)?(?:function|method|class|type|interface|constant|struct|enum|trait|macro)\\s+${NAME}`,
    "i",
  ),
  new RegExp(`\\bwho\\s+(?:defines|declares)\\s+${NAME}`, "i"),
];
const NO_NAME = /^(?:the|a|an|it|this|that|of|is|all|function|class|method|type)$/i;
const MAX_LINES = 400;
const MAX_SHOWN = 20;

export const findDefinitionSkill: Skill = {
  name: "find a definition",
  example: "find where parseConfig is defined",
  match(context) {
    const name = nameIn(maskQuotes(context.prompt));
    return name === undefined ? undefined : () => findDefinition(context, name);
  },
};

/** The name asked for, without `()` and what it is a member of. */
function nameIn(masked: MaskedPrompt): string | undefined {
  for (const pattern of PATTERNS) {
    const found = pattern.exec(masked.text)?.groups?.["name"];
    if (found === undefined || NO_NAME.test(found)) continue;
    const whole = masked
      .unmask(found)
      .trim()
      .replace(/\(\)$/, "")
      .replace(/[.:]+$/, "");
    const last = /([#@$]?[\w$-]+)$/.exec(whole)?.[1];
    if (last !== undefined) return last.replace(/^[#@]/, "");
  }
  return undefined;
}

function* findDefinition(context: SkillContext, name: string): SkillRun {
  const missing = missingTools(context, "grep");
  if (missing !== undefined) return missing;
  const search = { pattern: usePattern(name), output_mode: "content", head_limit: MAX_LINES };
  const results = yield { say: `I search for ${code(name)}.`, calls: [grep(search)] };
  const all = readGrep(resultAt(results, 0));
  if (all.failure !== undefined) return `The search for ${code(name)} failed: ${all.failure}`;
  if (all.isCut) return yield* searchClosely(name);
  if (all.lines.length === 0) return yield* searchAnyCase(name);
  const perFile = new Map<string, number>();
  for (const { path } of all.lines) perFile.set(path, (perFile.get(path) ?? 0) + 1);
  return writeAnswer(name, all.lines, perFile, false);
}

/** A name that stands on too many lines to look at each: only lines of the form of a definition, and counts. */
function* searchClosely(name: string): SkillRun {
  const results = yield {
    say: `${code(name)} stands on very many lines; I look for those that can define it.`,
    calls: [
      grep({ pattern: keywordPattern(name), output_mode: "content", head_limit: MAX_LINES }),
      grep({ pattern: loosePattern(name), output_mode: "content", head_limit: MAX_LINES }),
      grep({ pattern: usePattern(name), output_mode: "count" }),
    ],
  };
  const [sure, maybe] = [readGrep(resultAt(results, 0)), readGrep(resultAt(results, 1))];
  if (sure.failure !== undefined && maybe.failure !== undefined)
    return `The search for ${code(name)} failed: ${sure.failure}`;
  return writeAnswer(
    name,
    [...sure.lines, ...maybe.lines],
    readCounts(resultAt(results, 2).text),
    sure.isCut || maybe.isCut,
  );
}

function writeAnswer(
  name: string,
  lines: readonly GrepLine[],
  perFile: ReadonlyMap<string, number>,
  isCut: boolean,
): string {
  const found = definitionsIn(lines, name);
  return found.length > 0 ? writeFound(name, found, perFile, isCut) : writeOnlyUses(name, perFile);
}

type Definition = GrepLine & { readonly kind: DefinitionKind };
const RANK: readonly DefinitionKind[] = ["declaration", "method", "assignment"];

function definitionsIn(lines: readonly GrepLine[], name: string): Definition[] {
  const byPlace = new Map<string, Definition>();
  for (const line of lines) {
    const kind = classifyDefinition(line.path, line.text, name);
    if (kind !== undefined) byPlace.set(`${line.path}:${line.line}`, { ...line, kind });
  }
  const isTest = (path: string): boolean => /(?:^|[/._-])(?:tests?|specs?|__tests__|fixtures?)(?:[/._-]|$)/i.test(path);
  return [...byPlace.values()].sort(
    (a, b) =>
      Number(isTest(a.path)) - Number(isTest(b.path)) ||
      RANK.indexOf(a.kind) - RANK.indexOf(b.kind) ||
      a.path.localeCompare(b.path) ||
      a.line - b.line,
  );
}

function writeFound(
  name: string,
  found: readonly Definition[],
  perFile: ReadonlyMap<string, number>,
  isCut: boolean,
): string {
  const shown = found
    .slice(0, MAX_SHOWN)
    .map(({ path, line, text }) => `- ${code(`${path}:${line}`)} ${code(text.trim())}`);
  const more = found.length > MAX_SHOWN || isCut ? "\n- … there may be more" : "";
  const lines = [...perFile.values()].reduce((sum, number) => sum + number, 0);
  const uses = lines - found.filter(({ path }) => perFile.has(path)).length;
  const head =
    found.length === 1
      ? `${code(name)} is defined here:`
      : `${code(name)} is defined in ${count(found.length, "place")}:`;
  const used =
    uses > 0
      ? `\n\nIt stands on ${count(uses, "further line")}; the files with it: ${firstFew(fileList(perFile), 10)}.`
      : "\n\nIt stands nowhere else.";
  return `${head}\n${shown.join("\n")}${more}${used}`;
}

function writeOnlyUses(name: string, perFile: ReadonlyMap<string, number>): string {
  return (
    `I found no definition of ${code(name)} in this workspace. It is used, but seems to come from elsewhere (a dependency, ` +
    `or generated code), or is defined in a way I do not recognise. Files with it: ${firstFew(fileList(perFile), 15)}.`
  );
}

function* searchAnyCase(name: string): SkillRun {
  const results = yield {
    calls: [
      grep({ pattern: usePattern(name).replaceAll("\\b", ""), "-i": true, output_mode: "content", head_limit: 20 }),
    ],
  };
  const near = readGrep(resultAt(results, 0));
  if (near.failure !== undefined) return `The search for ${code(name)} failed: ${reasonOf(resultAt(results, 0))}`;
  if (near.lines.length === 0)
    return `There is nothing called ${code(name)} in this workspace: no file that is searched contains it.`;
  const lines = near.lines
    .slice(0, 10)
    .map(({ path, line, text }) => `- ${code(`${path}:${line}`)} ${code(text.trim())}`);
  return `There is nothing called exactly ${code(name)} in this workspace. Close to it:\n${lines.join("\n")}`;
}

function fileList(perFile: ReadonlyMap<string, number>): string[] {
  return [...perFile].sort((a, b) => b[1] - a[1]).map(([path, lines]) => `${path} (${lines})`);
}
