// What the planner can do, and which of it a prompt asks for.
import { askSkill } from "./ask.ts";
import { describeCapabilities } from "./capabilities.ts";
import { countLinesSkill } from "./count-lines.ts";
import { createFileSkill } from "./create-file.ts";
import { findDefinitionSkill } from "./find-definition.ts";
import { largestFilesSkill } from "./largest-files.ts";
import { replaceTextSkill } from "./replace-text.ts";
import { runCommandSkill } from "./run-command.ts";
import { runTestsSkill } from "./run-tests.ts";
import { searchTextSkill } from "./search-text.ts";
import { listFilesSkill, showFileSkill } from "./show-files.ts";
import type { Skill, SkillContext, SkillRun } from "./skill.ts";
import { surveySkill } from "./survey.ts";
import { suggestedToolSkill, useToolSkill } from "./use-tool.ts";
import { whatChangedSkill } from "./what-changed.ts";

/** The more particular before the more general. */
export const SKILLS: readonly Skill[] = [
  useToolSkill,
  askSkill,
  replaceTextSkill,
  createFileSkill,
  runCommandSkill,
  findDefinitionSkill,
  largestFilesSkill,
  countLinesSkill,
  whatChangedSkill,
  runTestsSkill,
  searchTextSkill,
  showFileSkill,
  listFilesSkill,
  surveySkill,
  suggestedToolSkill,
];

const MAX_PARTS = 5;
/** Longer prompts are not looked at: the patterns take more than linear time. */
const MAX_PROMPT_CHARS = 20_000;
const TOO_LONG = "(a prompt that is too long)";

/** What to do about a prompt: one skill, several in turn for "… and then …", or an honest answer that none fits. */
export function chooseRun({ prompt, tools }: SkillContext): () => SkillRun {
  const context: SkillContext = { tools, prompt: tidyPrompt(prompt.slice(0, MAX_PROMPT_CHARS)) };
  if (prompt.length > MAX_PROMPT_CHARS) return () => explain({ tools, prompt: TOO_LONG });
  const parts = splitPrompt(context.prompt);
  const runs = parts.map((prompt) => matchSkill({ ...context, prompt }));
  if (parts.length > 1 && runs.every((run) => run !== undefined)) {
    const first = runs.map((run) => JSON.stringify(run().next().value));
    return () => runInTurn(runs.filter((_, i) => first.indexOf(first[i] ?? "") === i)); // the same thing said twice
  }
  return matchSkill(context) ?? (() => explain(context));
}

function matchSkill(context: SkillContext): (() => SkillRun) | undefined {
  for (const skill of SKILLS) {
    const run = skill.match(context);
    if (run !== undefined) return run;
  }
  return undefined;
}

function* runInTurn(runs: readonly (() => SkillRun)[]): SkillRun {
  const answers: string[] = [];
  for (const run of runs) answers.push(yield* run());
  return answers.join("\n\n---\n\n");
}

// oxlint-disable-next-line require-yield -- an answer that needs no tools
function* explain(context: SkillContext): SkillRun {
  return describeCapabilities(context, SKILLS);
}

/** The parts of "do this, then do that", outside of quotes. */
function splitPrompt(prompt: string): string[] {
  const { masked, restore } = maskWhole(prompt);
  const parts = masked
    .split(/[,;]? and then |[,;]? then | and (?:also )?|[.!?;] |\n/i)
    .filter((part) => part.trim() !== "");
  return parts.length < 2 || parts.length > MAX_PARTS ? [prompt] : parts.map(restore);
}

/** One blank for many, outside of quotes: no pattern has to look at long runs of them. */
function tidyPrompt(prompt: string): string {
  const { masked, restore } = maskWhole(prompt);
  return restore(
    masked
      .replace(/[ \t]+/g, " ")
      .replace(/\s*\n\s*/g, "\n")
      .trim(),
  );
}

const QUOTED = /```[\s\S]*?```|`[^`\n]*`|"(?:[^"\\]|\\.)*"|“[^”]*”/g;

function maskWhole(prompt: string): { masked: string; restore: (text: string) => string } {
  const quotes: string[] = [];
  const masked = prompt.replace(QUOTED, (whole) => `⟦${quotes.push(whole) - 1}⟧`);
  return { masked, restore: (text) => text.replace(/⟦(\d+)⟧/g, (_, at: string) => quotes[Number(at)] ?? "") };
}
