// "Run the command …", for a command given in quotes or after a colon.
import { maskQuotes } from "./prompt-text.ts";
import { bash, missingTools, resultAt, type Skill, type SkillContext, type SkillRun } from "./skill.ts";
import { isRefusal, readShell } from "./tool-results.ts";
import { block, code } from "./wording.ts";

const QUOTED =
  /\b(?:run|execute|call|try|do)\s+(?:the\s+)?(?:shell\s+|bash\s+)?(?:command|script|line)?\s*:?\s*(⟦\d+⟧)/i;
const PLAIN =
  /^\s*(?:please\s+)?(?:(?:run|execute)\s+(?:the\s+)?(?:shell\s+|bash\s+)?command:?|(?:run|execute|bash|shell|sh):|\$)\s+([^\n]+?)\s*$/i;

export const runCommandSkill: Skill = {
  name: "run a command",
  example: "run `ls -la`",
  match(context) {
    const masked = maskQuotes(context.prompt);
    const quoted = QUOTED.exec(masked.text)?.[1];
    const command = quoted === undefined ? (PLAIN.exec(context.prompt)?.[1] ?? "") : masked.unmask(quoted);
    return command.trim() === "" ? undefined : () => runCommand(context, command.trim());
  },
};

function* runCommand(context: SkillContext, command: string): SkillRun {
  const missing = missingTools(context, "bash");
  if (missing !== undefined) return missing;
  const results = yield { say: `I run ${code(command)}.`, calls: [bash(command, "Run the command asked for")] };
  const shell = readShell(resultAt(results, 0));
  if (!shell.hasRun) {
    const happened = isRefusal(shell.output) ? "was not run: it was not allowed" : "did not run to its end";
    return `${code(command)} ${happened}.\n${block(shell.output)}`;
  }
  const output = shell.output.trim() === "" ? "It printed nothing." : block(shell.output);
  return `${code(command)} exited with code ${shell.exitCode}.\n${output}`;
}
