// "Ask me …": a question to the user through `ask_user`.
import { maskQuotes } from "./prompt-text.ts";
import { missingTools, resultAt, type Skill, type SkillContext, type SkillRun } from "./skill.ts";
import { reasonOf } from "./tool-results.ts";

const PATTERN = /\bask\s+(?:me|the user|us)\b\s*(?:a question\s*)?[:,]?\s*(?<question>[\s\S]*)$/i;

export const askSkill: Skill = {
  name: "ask",
  example: "ask me which colour I like: red, green or blue",
  match(context) {
    const masked = maskQuotes(context.prompt);
    const rest = PATTERN.exec(masked.text)?.groups?.["question"];
    if (rest === undefined) return undefined;
    const { question, choices } = readQuestion(rest);
    return () => ask(context, masked.unmask(question), choices.map(masked.unmask));
  },
};

/** The question, and what stands behind its colon (or in brackets) as "a, b or c". */
function readQuestion(rest: string): { question: string; choices: string[] } {
  const split = /^(?<question>[\s\S]*?)\s*[:(]\s*(?<list>[^:()]*(?:,|\bor\b)[^:()]*)\)?\s*[.?!]*\s*$/i.exec(
    rest,
  )?.groups;
  const list = split?.["list"];
  const choices =
    list === undefined
      ? []
      : list
          .split(/\s*,\s*(?:or\s+)?|\s+or\s+/i)
          .map((choice) => choice.trim())
          .filter((choice) => choice !== "");
  const text = (choices.length > 1 ? (split?.["question"] ?? "") : rest).trim().replace(/^(?:whether|if)\b\s*/i, "");
  const question = /⟦\d+⟧/.exec(text)?.[0] ?? text;
  return { question: finishQuestion(question), choices: choices.length > 1 ? choices : [] };
}

function finishQuestion(text: string): string {
  const trimmed = text.trim().replace(/[.!]+$/, "");
  if (trimmed === "") return "What would you like to tell me?";
  if (trimmed.startsWith("⟦")) return trimmed;
  const capital = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return capital.endsWith("?") ? capital : `${capital}?`;
}

function* ask(context: SkillContext, question: string, choices: readonly string[]): SkillRun {
  const missing = missingTools(context, "ask_user");
  if (missing !== undefined) return missing;
  const args = { question, ...(choices.length === 0 ? {} : { choices }), allow_freeform: true };
  const results = yield { calls: [{ name: "ask_user", arguments: args }] };
  const result = resultAt(results, 0);
  const answer = /^The user (?:answered|chose): ([\s\S]*)$/.exec(result.text)?.[1];
  return answer === undefined
    ? `I got no answer: ${reasonOf(result)}`
    : `I asked "${question}", and you answered: ${answer.trim()}`;
}
