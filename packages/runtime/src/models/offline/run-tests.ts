// "Run the tests": finds out how, runs them through the shell, and reports what really came out.
import { folderIn, maskQuotes } from "./prompt-text.ts";
import { bash, missingTools, resultAt, view, type Skill, type SkillContext, type SkillRun } from "./skill.ts";
import { detectTestCommands, TEST_FILES, type TestCommand } from "./test-commands.ts";
import { readTestCounts } from "./test-counts.ts";
import { isRefusal, readFolder, readShell, readView, reasonOf } from "./tool-results.ts";
import { block, code, count, lastLines } from "./wording.ts";

const PATTERNS = [
  /\b(?:run|execute|start|launch|rerun|try|do)\b[^.?!⟦]{0,40}\b(?:tests?|test[- ]?suite|specs?|unit[- ]?tests)\b/i,
  /\b(?:tests?|test[- ]?suite|specs?)\b[^.?!⟦]{0,20}\b(?:pass|passing|green|red|fail|failing|broken|ok|work)\b/i,
  /^\s*(?:please\s+)?(?:tests?|run tests|npm test|npm t|go test|cargo test|pytest|make test)(?:\s+(?:it|this|all))?\s*[.?!]*\s*$/i,
];

const TEST_TIMEOUT_MS = 600_000;
const TAIL_LINES = 25;

export const runTestsSkill: Skill = {
  name: "run tests",
  example: "run the tests",
  match(context) {
    const { text } = maskQuotes(context.prompt);
    return PATTERNS.some((pattern) => pattern.test(text)) ? () => runTests(context) : undefined;
  },
};

function* runTests(context: SkillContext): SkillRun {
  const missing = missingTools(context, "bash", "view");
  if (missing !== undefined) return missing;
  const folder = folderIn(maskQuotes(context.prompt)) ?? ".";
  const first = yield { say: "I look how the tests are run here.", calls: [view(folder)] };
  const entries = readFolder(resultAt(first, 0));
  if (entries === undefined) return `I could not look into ${code(folder)}: ${reasonOf(resultAt(first, 0))}`;
  const prefix = folder === "." ? "" : `${folder}/`;
  const own = entries.map((entry) => entry.slice(prefix.length));
  const present = TEST_FILES.filter((file) => own.includes(file));
  const files = new Map<string, string>();
  if (present.length > 0) {
    const read = yield { calls: present.map((file) => view(prefix + file)) };
    for (const [i, file] of present.entries()) files.set(file, readView(resultAt(read, i))?.lines.join("\n") ?? "");
  }
  const [best, ...others] = detectTestCommands(own, files);
  if (best === undefined) return noWay(folder, own);
  return yield* runCommand(folder, best, others);
}

function* runCommand(folder: string, best: TestCommand, others: readonly TestCommand[]): SkillRun {
  const command = folder === "." ? best.command : `cd '${folder.replaceAll("'", "'\\''")}' && ${best.command}`;
  const results = yield {
    say: `I run ${code(best.command)}: ${best.why}.`,
    calls: [bash(command, "Run the tests", TEST_TIMEOUT_MS)],
  };
  const shell = readShell(resultAt(results, 0));
  if (!shell.hasRun) return notRun(command, best, shell.output);
  const [next, ...rest] = others;
  if (/No module named '?pytest/.test(shell.output) && next !== undefined) return yield* runCommand(folder, next, rest);
  return report(command, best, shell.exitCode, shell.output);
}

function report(command: string, { why }: TestCommand, exitCode: number, output: string): string {
  const counts = readTestCounts(output);
  const verdict = exitCode === 0 ? "**The tests pass.**" : "**The tests fail.**";
  const missing = exitCode === 0 ? "" : missingHint(exitCode, output);
  const numbers = counts && [
    ...(counts.passed === undefined ? [] : [`${counts.passed} passed`]),
    ...(counts.failed === undefined ? [] : [`${counts.failed} failed`]),
    ...(counts.errors === undefined ? [] : [`${counts.errors} errors`]),
    ...(counts.skipped === undefined || counts.skipped === 0 ? [] : [`${counts.skipped} skipped`]),
  ];
  const found =
    numbers === undefined
      ? "I found no count of tests in the output."
      : `Counts (${counts?.runner}): ${numbers.join(", ")}.`;
  const tail =
    output.trim() === ""
      ? "There was no output."
      : `The end of the output:\n${block(lastLines(output.trimEnd(), TAIL_LINES))}`;
  return `${verdict} I ran ${code(command)}, because ${why}; it exited with code ${exitCode}.${missing}\n\n${found}\n\n${tail}`;
}

/** What a test command says when the packages it needs are not installed, in several languages. */
const NOT_INSTALLED =
  /Cannot find (?:module|package) '?[@\w]|ERR_MODULE_NOT_FOUND|ModuleNotFoundError|No module named|: (?:command )?not found\b|no required module provides package/;

/** A workspace is a fresh clone: nothing is installed in it that is not in the repository. */
function missingHint(exitCode: number, output: string): string {
  if (exitCode === 127) return " The command itself was not found: it has to be installed first.";
  if (!NOT_INSTALLED.test(output)) return "";
  return ` It may be that dependencies are missing: the workspace holds only what is in the repository. Install them first (for a Node project: run ${code("npm ci")}).`;
}

function notRun(command: string, { why }: TestCommand, reason: string): string {
  const happened = isRefusal(reason) ? "I was not allowed to run them" : "The command did not run to its end";
  return `**The tests were not run.** ${happened}. I would run ${code(command)}, because ${why}.\n\nThe answer was:\n${block(lastLines(reason, TAIL_LINES))}`;
}

function noWay(folder: string, entries: readonly string[]): string {
  const where = folder === "." ? "at the top of the workspace" : `in ${code(folder)}`;
  if (entries.length === 0) return `There is nothing to test: no visible files stand ${where}.`;
  return (
    `I found no way to run tests: of the ${count(entries.length, "entry", "entries")} ${where}, none is a package.json with a test script, ` +
    "a pytest or Python test file, go.mod, Cargo.toml, pom.xml, Gradle build or Makefile with a test target. " +
    'Tell me the command and I run it, for example: run the command "./test.sh".'
  );
}
