import { describe, expect, it } from "vitest";
import { planReply } from "../offline-planner.ts";

const NAMES = ["bash", "view", "create", "edit", "grep", "glob", "ask_user"];
const TOOLS = NAMES.map((name) => ({ name, description: "", parameters: {} }));

/** The first calls of a prompt, as short text. */
function firstCalls(prompt: string): string {
  const { calls } = planReply({ messages: [{ role: "user", content: prompt }], tools: TOOLS });
  return calls.map((call) => `${call.name} ${Object.values(call.arguments as object).join(" ")}`).join(" | ");
}

const SURVEY = /^bash echo '@@@ status'.* \| view \.$/;
const PROMPTS: [RegExp, string[]][] = [
  [
    SURVEY,
    [
      "survey this repository",
      "Survey this repository.",
      "Please survey the codebase",
      "Give me an overview of this project",
      "What is this project about?",
      "what's in this repo?",
      "Describe this repository to me",
      "explain the code base",
      "Summarize this repo",
      "summarise the project",
      "Tell me about this repository",
      "how is this project structured?",
      "What does this repository do?",
      "explore",
      "take a look around",
    ],
  ],
  [
    /^view \.$/,
    [
      "run the tests",
      "Run tests",
      "RUN THE TEST SUITE!",
      "execute all unit tests",
      "please run all tests now",
      "Do the tests pass?",
      "are the tests green?",
      "can you run the specs",
      "pytest",
      "npm test",
      "run its tests",
      "test it",
    ],
  ],
  [
    /^view \.$/,
    ["list files", "list", "ls", "list everything", "list the files", "show all files", "Please list all directories"],
  ],
  [
    /^view packages\/a$/,
    [
      "run the tests in packages/a",
      "run the tests of `packages/a`",
      "list the files in packages/a",
      "ls packages/a",
      "what files are in packages/a?",
    ],
  ],
  [
    /^grep \\bparseConfig\\b content 400$/,
    [
      "find where parseConfig is defined",
      "Where is parseConfig defined?",
      "where is `parseConfig` defined",
      "where is the function parseConfig implemented?",
      "Find the definition of parseConfig",
      "show me the definition of parseConfig()",
      "which file defines parseConfig?",
      "locate the function parseConfig",
      "go to definition of parseConfig",
      "where does parseConfig get defined",
      "where is parseConfig declared in this repo?",
      "find where config.parseConfig is defined",
      'Find where "parseConfig" is defined, please.',
    ],
  ],
  [
    /^bash git ls-tree -r -l HEAD \| sort -k4 -n -r \| head -n 10/,
    [
      "show the largest files",
      "What are the biggest files?",
      "list the largest files in this repository",
      "which files take the most space?",
      "files by size",
      "what takes up the most space here",
    ],
  ],
  [/head -n 5 /, ["show the 5 largest files", "top 5 files by size", "the five biggest files"]],
  [
    /^bash git log -n 1 --first-parent/,
    [
      "what changed last?",
      "What changed last",
      "what has changed?",
      "show the last commit",
      "what was the latest change?",
      "what's new?",
      "Who changed this last? Show the most recent commit",
      "who committed last?",
    ],
  ],
  [/^bash git log -n 3 /, ["show the last 3 commits", "what changed in the last three commits?"]],
  [/^bash git log -n 5 /, ["recent changes", "show the git history", "git log", "list the latest commits"]],
  [/-- 'src\/a\.ts'; echo/, ["what changed last in src/a.ts?", "show the last commit to `src/a.ts`"]],
  [
    /^view README\.md$/,
    [
      "show README.md",
      "Show me the file README.md",
      "open README.md please",
      "cat README.md",
      "what is in README.md?",
      'replace "a" with "b" in README.md',
      "print the contents of `README.md`",
      "read ./README.md",
    ],
  ],
  [
    /^view src\/a\.ts 10,20$/,
    ["show lines 10 to 20 of src/a.ts", "show me line 10-20 in src/a.ts", "view src/a.ts lines 10 - 20"],
  ],
  [/^glob \*\*\/\*\.\{ts,tsx,mts,cts\}$/, ["list the typescript files", "which TypeScript files are there?"]],
  [/^glob src\/\*\.js$/, ["list the files `src/*.js`", "list files src/*.js"]],
  [
    /^grep \\bNOTE\\b content 40 \| grep \\bNOTE\\b count$/,
    [
      "search for NOTE",
      "find all NOTEs",
      "grep NOTE",
      'search the code for "NOTE"',
      "which files contain NOTE?",
      "look for the word NOTE",
      "where is NOTE used?",
      "find all uses of NOTE",
    ],
  ],
  [/^grep a\\\.b\\\(c content 40 src \| /, ['search for "a.b(c" in src']],
  [
    /^bash grep -c '' -- 'a\.txt'/,
    ["how many lines are in a.txt?", "count the lines of a.txt", "how many lines does a.txt have"],
  ],
  [
    /^bash echo '@@@ files'; git ls-files \| wc -l/,
    ["how many lines of code are there?", "how many files are there?", "count the files", "lines of code"],
  ],
  [
    /^bash echo '@@@ files'; git ls-files -- '\*\.py' '\*\.pyi' \| wc -l/,
    ["how many lines of Python are there?", "how many python files are there?"],
  ],
  [
    /^bash ls -la /,
    ["run `ls -la`", "run the command: ls -la", "execute the command `ls -la`", "bash: ls -la", "$ ls -la"],
  ],
  [
    /^create a\.txt hello\n$/,
    [
      'create a file a.txt with "hello"',
      'create file a.txt containing "hello"',
      "make a new file called a.txt with the text `hello`",
      "write file a.txt with hello",
    ],
  ],
  [/^ask_user Are you there\? true$/, ['ask me "Are you there?"', "ask the user: are you there?"]],
  [
    /^grep foo count$/,
    [
      'replace "foo" with "bar"',
      'replace all occurrences of "foo" with "bar" everywhere',
      "rename foo to bar in all files",
    ],
  ],
  [
    /^$/,
    [
      "hello",
      "",
      "refactor everything",
      "write a poem about the sea",
      "fix the bug",
      "add a dark mode",
      "why is the sky blue?",
      "thanks!",
      "what can you do?",
      "deploy to production",
      "make it faster",
      "upgrade the dependencies",
    ],
  ],
];

describe("the planner's first step", () => {
  it.each(PROMPTS.flatMap(([expected, prompts]) => prompts.map((prompt) => [prompt, expected] as const)))(
    "for %j is %s",
    (prompt, expected) => {
      expect(firstCalls(prompt)).toMatch(expected);
    },
  );
});

describe("a prompt of any size", () => {
  it.each([
    "what ",
    " ",
    "\n",
    "run the tests and ",
    "replace a with b in ",
    "{",
    "a.b/",
    "'a' ",
    "`a` ",
    "where is a ",
    "ask me a: b, c or ",
  ])("made of nothing but %j gets a reply", (word) => {
    for (const length of [20_000, 1_000_000]) {
      const prompt = word.repeat(Math.floor(length / word.length));
      expect(planReply({ messages: [{ role: "user", content: prompt }], tools: TOOLS })).toBeDefined();
    }
  });
});
