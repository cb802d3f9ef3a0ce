import type { ToolDeclaration } from "../model.ts";

/** A tool call that a skill wants made. */
export interface PlannedCall {
  readonly name: string;
  readonly arguments: Record<string, unknown>;
}

/** Calls to be made side by side, with a short line that says why. */
export interface PlannedStep {
  readonly say?: string;
  readonly calls: readonly PlannedCall[];
}

/** What a call gave; an interrupted call gave nothing. */
export interface ToolResult {
  readonly text: string;
  readonly isMissing: boolean;
}

/**
 * A skill at work: yields calls, is given their results in the same order, and returns the answer. It is run again from
 * the start for every model call of a turn, with the results so far, so it may depend on nothing else.
 */
export type SkillRun = Generator<PlannedStep, string, readonly ToolResult[]>;

/** What a skill may look at. */
export interface SkillContext {
  readonly prompt: string;
  readonly tools: readonly ToolDeclaration[];
}

/** One thing the planner can do. */
export interface Skill {
  readonly name: string;
  /** A prompt that starts it, for the list of what can be done. */
  readonly example: string;
  /** How to do what the prompt asks for; undefined when it asks for something else. */
  match(context: SkillContext): (() => SkillRun) | undefined;
}

/** Is the tool there? */
export function hasTool(context: SkillContext, name: string): boolean {
  return context.tools.some((tool) => tool.name === name);
}

/** The answer of a skill whose tools are not all there; undefined when they are. */
export function missingTools(context: SkillContext, ...names: string[]): string | undefined {
  const missing = names.filter((name) => !hasTool(context, name));
  if (missing.length === 0) return undefined;
  return `I would need the ${missing.join(" and ")} tool for this, which this session does not have.`;
}

/** A shell command as a planned call. */
export function bash(command: string, description: string, timeoutMs?: number): PlannedCall {
  return {
    name: "bash",
    arguments: { command, description, ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }) },
  };
}

/** A look at a file or folder as a planned call. */
export function view(path: string, range?: readonly [number, number]): PlannedCall {
  return { name: "view", arguments: { path, ...(range === undefined ? {} : { view_range: range }) } };
}

/** A search as a planned call. */
export function grep(args: Record<string, unknown>): PlannedCall {
  return { name: "grep", arguments: args };
}

/** The result at a place, also when it is missing. */
export function resultAt(results: readonly ToolResult[], at: number): ToolResult {
  return results[at] ?? { text: "", isMissing: true };
}
