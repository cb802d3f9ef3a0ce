// "Survey this repository": what it is, how large, in which languages, how it is laid out, built and tested, and what
// happened last.
import { languageOf } from "./languages.ts";
import { MANIFESTS } from "./manifests.ts";
import {
  bash,
  missingTools,
  resultAt,
  view,
  type Skill,
  type SkillContext,
  type SkillRun,
  type ToolResult,
} from "./skill.ts";
import { writeSurvey, type SurveyFacts } from "./survey-answer.ts";
import { lineCountCommand, readExtensions, SURVEY_GIT, SURVEY_PLAIN } from "./survey-commands.ts";
import { gitTrouble, readFolder, readSections, readShell, readView } from "./tool-results.ts";

const THING =
  "(?:repo(?:sitory)?|project|code\\s?base|workspace|folder|directory|code|package|app(?:lication)?|library)";
const PATTERNS = [
  new RegExp(
    `\\b(?:survey|overview|explore|describe|summari[sz]e|explain|analy[sz]e|tour|introduce|inspect|look (?:around|at|through|over))\\b[^.?!]*\\b${THING}\\b`,
    "i",
  ),
  new RegExp(`\\bwhat(?:'s| is| does| kind)\\b[^.?!]*\\b(?:this|the|in this|in the)\\s+${THING}\\b`, "i"),
  new RegExp(`\\btell me (?:something |more )?about (?:this|the|my)\\s+${THING}\\b`, "i"),
  new RegExp(`\\bhow is (?:this|the)\\s+${THING}\\s+(?:structured|organi[sz]ed|laid out|built)`, "i"),
  /^\s*(?:please\s+)?(?:survey|overview|explore|take a look around|look around|summari[sz]e|what is this|what's this)(?:\s+(?:this|it|here))?\s*[.?!]*\s*$/i,
  /\b(?:get|give|show)\b.*\boverview\b/i,
];

const MAX_MANIFESTS = 5;
const MAX_LANGUAGES = 8;

export const surveySkill: Skill = {
  name: "survey",
  example: "survey this repository",
  match(context) {
    return PATTERNS.some((pattern) => pattern.test(context.prompt)) ? () => survey(context) : undefined;
  },
};

function* survey(context: SkillContext): SkillRun {
  const missing = missingTools(context, "bash", "view");
  if (missing !== undefined) return missing;
  const first = yield {
    say: "I look at the repository: its files, its history, its metadata.",
    calls: [bash(SURVEY_GIT, "Look at status, history and files"), view(".")],
  };
  const entries = readFolder(resultAt(first, 1));
  const shell = readShell(resultAt(first, 0));
  const sections = readSections(shell.output);
  const trouble = gitTrouble(shell.output);
  const isGit = shell.hasRun && trouble === undefined;
  const telling = tellingFiles(entries ?? []);
  const next = yield {
    calls: [...telling.map((file) => view(file)), ...(shell.hasRun ? [secondLook(isGit, sections)] : [])],
  };
  const files = new Map(telling.map((file, i) => [file, textOf(resultAt(next, i))] as const));
  const facts: SurveyFacts = {
    entries,
    isGit,
    sections,
    files,
    more: shell.hasRun ? readSections(readShell(resultAt(next, telling.length)).output) : new Map(),
    ...(shell.hasRun ? {} : { shellFailure: shell.output }),
    ...(shell.hasRun && trouble !== undefined ? { trouble } : {}),
  };
  return writeSurvey(facts);
}

/** A README and the manifests at the top. */
function tellingFiles(entries: readonly string[]): string[] {
  const readme = entries.find((entry) => /^readme(?:\.(?:md|rst|txt|markdown))?$/i.test(entry));
  const manifests = MANIFESTS.filter((name) => entries.includes(name)).slice(0, MAX_MANIFESTS);
  return [...(readme === undefined ? [] : [readme]), ...manifests];
}

/** Lines per language, or, where there is no git, the files at all. */
function secondLook(isGit: boolean, sections: ReadonlyMap<string, string>) {
  if (!isGit) return bash(SURVEY_PLAIN, "Count the files");
  const groups = new Map<string, string[]>();
  for (const { extension } of readExtensions(sections)) {
    const language = languageOf(extension);
    if (language === undefined || (!groups.has(language) && groups.size >= MAX_LANGUAGES)) continue;
    groups.set(language, [...(groups.get(language) ?? []), extension]);
  }
  return bash(lineCountCommand(groups), "Count lines per language");
}

function textOf(result: ToolResult): string {
  return readView(result)?.lines.join("\n") ?? "";
}
