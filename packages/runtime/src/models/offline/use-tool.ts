// Calling the tools that the client brought along: named outright, or meant by the words of their names.
import type { ToolDeclaration } from "../model.ts";
import { maskQuotes } from "./prompt-text.ts";
import { resultAt, type PlannedCall, type Skill, type SkillContext, type SkillRun } from "./skill.ts";
import { argumentsFrom, jsonIn } from "./tool-arguments.ts";
import { block, code } from "./wording.ts";

/** Tools with skills of their own. */
const BUILT_IN = new Set([
  "bash",
  "view",
  "create",
  "edit",
  "grep",
  "glob",
  "ask_user",
  "web_fetch",
  "exit_plan_mode",
  "report_intent",
  "update_todo",
]);
const CALL = /\b(?:use|call|run|invoke|try|execute|test)\b/i;

export const useToolSkill: Skill = {
  name: "use a tool",
  example: 'use the tool view with {"path": "README.md"}',
  match(context) {
    const tool = toolNamedIn(context);
    return tool === undefined ? undefined : () => useTool(context, tool);
  },
};

/** Comes last: the words of a tool's name, without the name itself, may mean it. */
export const suggestedToolSkill: Skill = {
  name: "use a tool that fits",
  example: "",
  match(context) {
    const tool = context.tools.find(
      (candidate) => !BUILT_IN.has(candidate.name) && wordsFit(candidate, context.prompt),
    );
    return tool === undefined ? undefined : () => useTool(context, tool);
  },
};

/** A tool whose full name stands in the prompt; a built-in one only with JSON arguments or the word "tool". */
function toolNamedIn(context: SkillContext): ToolDeclaration | undefined {
  const { prompt, tools } = context;
  const isNamed = (tool: ToolDeclaration): boolean =>
    new RegExp(`(?<![\\w-])${escape(tool.name)}(?![\\w-])`, "i").test(prompt);
  const named = tools.filter(isNamed).sort((a, b) => b.name.length - a.name.length);
  const isOrdered = (tool: ToolDeclaration): boolean =>
    new RegExp(
      `\\btool\\s+[\`"']?${escape(tool.name)}(?![\\w-])|(?<![\\w-])${escape(tool.name)}[\`"']?\\s+tool\\b`,
      "i",
    ).test(prompt);
  const ordered = CALL.test(prompt) ? named.find(isOrdered) : undefined;
  if (ordered !== undefined) return ordered;
  // A short or everyday name may be there by chance; with JSON or an underscore it is not.
  return named.find(
    (tool) =>
      !BUILT_IN.has(tool.name) && (/[_A-Z-]|\d/.test(tool.name) || CALL.test(prompt) || jsonIn(prompt) !== undefined),
  );
}

const COMMON =
  /^(?:get|set|fetch|look|lookup|find|run|do|make|list|show|read|the|a|an|of|for|my|query|call|tool|by|to|in|and|current)$/i;

/** Does every telling word of the tool's name stand in the prompt? */
function wordsFit(tool: ToolDeclaration, prompt: string): boolean {
  const words = tool.name
    .split(/[_\-.\s]+|(?<=[a-z0-9])(?=[A-Z])/)
    .filter((word) => word.length > 2 && !COMMON.test(word));
  return (
    words.length > 0 &&
    words.every((word) => new RegExp(`\\b${escape(word).replace(/(?:s|ies|y)$/i, "")}`, "i").test(prompt))
  );
}

function* useTool(context: SkillContext, tool: ToolDeclaration): SkillRun {
  const given = jsonIn(context.prompt);
  const sets = given === undefined ? argumentsFrom(maskQuotes(context.prompt), tool) : [given];
  const calls: PlannedCall[] = sets.map((args) => ({ name: tool.name, arguments: args }));
  const results = yield { say: `I call ${code(tool.name)}.`, calls };
  const parts = calls.map((call, i) => {
    const result = resultAt(results, i);
    const text = result.isMissing ? "(the call was interrupted)" : result.text.trim();
    return `${code(`${tool.name}(${JSON.stringify(call.arguments)})`)} gave back:\n${block(text === "" ? "(nothing)" : text)}`;
  });
  return parts.join("\n\n");
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
