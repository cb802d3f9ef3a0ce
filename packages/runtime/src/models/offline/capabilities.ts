import { hasTool, type Skill, type SkillContext } from "./skill.ts";

const ASKS = /\b(?:what can you do|help|who are you|what are you|how do (?:i|you)|capabilities|examples?)\b/i;

/** An honest answer for everything that no skill covers. */
export function describeCapabilities(context: SkillContext, skills: readonly Skill[]): string {
  const isAsked = ASKS.test(context.prompt) || context.prompt.trim() === "";
  const head = isAsked
    ? "I can do a fixed set of things, with real tools and real results:"
    : "I cannot do this: I understand only a fixed set of requests, and this is none of them. What I can do, with real tools:";
  const examples = skills
    .toReversed()
    .filter((skill) => skill.example !== "")
    .map((skill) => `- ${skill.example}`);
  const custom = context.tools.filter((tool) => !hasOwnSkill(tool.name)).map((tool) => `\`${tool.name}\``);
  const own =
    custom.length === 0
      ? ""
      : `\n\nThis session also brings tools of its own, which I call when you name them: ${custom.join(", ")}.`;
  const shell = hasTool(context, "bash") ? "" : "\n\nThis session has no shell, so some of it will not work here.";
  return `${head}\n\n${examples.join("\n")}${own}${shell}\n\nFor anything else, configure a language model (NARTHEX_MODEL and NARTHEX_MODEL_BASE_URL).`;
}

function hasOwnSkill(name: string): boolean {
  return ["bash", "view", "create", "edit", "grep", "glob", "ask_user"].includes(name);
}
