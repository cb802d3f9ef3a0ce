import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PermissionRequestShell } from "@narthex/protocol";
import { describe, expect, it } from "vitest";
import { countTrackedCommand } from "../../src/models/offline/count-lines.ts";
import { plainSizesCommand, trackedSizesCommand } from "../../src/models/offline/largest-files.ts";
import {
  lineCountCommand,
  plainLineCountCommand,
  SURVEY_GIT,
  SURVEY_PLAIN,
} from "../../src/models/offline/survey-commands.ts";
import { lastChangesCommand } from "../../src/models/offline/what-changed.ts";
import { createOfflineModel, OFFLINE_NOTE, planReply } from "../../src/models/offline-planner.ts";
import { readsOnlyWorkspace } from "../../src/tools/shell-command.ts";
import { permissionOf } from "../tools/tool-bench.ts";
import { commitFiles, gitIn, makeRepository, writeFiles } from "../workspace/git-repository.ts";
import { temporaryFolder } from "../workspace/temporary-folder.ts";
import { runTurn } from "./mini-loop.ts";

const PACKAGE = {
  name: "beacon",
  version: "1.4.0",
  description: "Sends small lights across the sea.",
  main: "src/index.js",
  scripts: { test: "node --test", build: "echo built" },
};
const FILES = {
  "README.md": "# Beacon\n\nBeacon tells ships where the rocks are.\n\n## More\n\ntext\n",
  "package.json": JSON.stringify(PACKAGE, null, 2),
  "src/index.js":
    "import { lamp } from './lamp.js';\n\nexport function shine(times) {\n  return lamp.repeat(times);\n}\n",
  "src/lamp.js": "// lamp is the light itself\nexport const lamp = '*';\nexport const lampCount = lamp.length;\n",
  "src/big.txt": `${"0123456789".repeat(300)}\n`,
  "test/shine.test.js":
    "import test from 'node:test';\nimport assert from 'node:assert';\nimport { shine } from '../src/index.js';\n" +
    "test('shines', () => assert.equal(shine(2), '**'));\ntest('is dark', () => assert.equal(shine(0), ''));\n",
  "tools/report.py": "LIMIT = 3\n\nclass Report:\n    def render(self):\n        return LIMIT\n",
};

async function makeBeacon(): Promise<string> {
  const root = await temporaryFolder();
  makeRepository(
    root,
    { ...FILES, "package.json": JSON.stringify({ ...PACKAGE, type: "module" }, null, 2) },
    "Light the first lamp",
  );
  commitFiles(root, { "src/lamp.js": `${FILES["src/lamp.js"]}export const oil = 'whale';\n` }, "Fill in the oil");
  return root;
}

describe("survey this repository", () => {
  it("tells what the repository is, with figures that are true, by read-only commands alone", async () => {
    const root = await makeBeacon();
    const { answer, refused } = await runTurn(root, "Survey this repository", { allow: "read-only" });
    expect(refused).toEqual([]);
    expect(answer.startsWith(OFFLINE_NOTE)).toBe(true);
    const tracked = gitIn(root, "ls-files").split("\n");
    const lines = (paths: string[]): number =>
      paths.reduce((sum, path) => sum + (readFileSync(join(root, path), "utf8").match(/\n|[^\n]$/g)?.length ?? 0), 0);
    expect(answer).toContain(`${tracked.length} tracked files, ${lines(tracked)} lines of text`);
    const scripts = tracked.filter((path) => path.endsWith(".js"));
    expect(answer).toContain(`JavaScript (${scripts.length} files, ${lines(scripts)} lines)`);
    expect(answer).toContain(`Python (1 file, ${lines(["tools/report.py"])} lines)`);
    expect(answer).toContain("`beacon` 1.4.0: Sends small lights across the sea (package.json)");
    expect(answer).toContain("Beacon tells ships where the rocks are.");
    expect(answer).toContain("`src/` big.txt, index.js, lamp.js");
    expect(answer).toContain("`src/index.js`");
    expect(answer).toContain("Tests: `npm test`");
    expect(answer).toContain("Branch `main`, 2 commits here, nothing uncommitted");
    expect(answer).toContain(
      `${gitIn(root, "rev-parse", "--short", "HEAD")} ${gitIn(root, "log", "-1", "--format=%ad", "--date=short")} Ada: Fill in the oil`,
    );
  });

  it("works in an empty folder, an empty repository and a folder without git, and says so", async () => {
    const empty = await temporaryFolder();
    expect((await runTurn(empty, "what is this project?")).answer).toContain(
      "an empty folder. This workspace is not a git repository.",
    );
    gitIn(empty, "init", "--quiet", "--initial-branch=main");
    expect((await runTurn(empty, "give me an overview")).answer).toContain(
      "a git repository without commits and files",
    );
    const plain = await temporaryFolder();
    writeFiles(plain, { "main.go": "package main\n", "go.mod": "module example.test/x\n" });
    const { answer } = await runTurn(plain, "Explore the codebase", { allow: "read-only" });
    expect(answer).toContain("This workspace is not a git repository.");
    expect(answer).toContain("`example.test/x` (go.mod)");
    expect(answer).toContain("Go (1 file)");
    expect(answer).toContain("Tests: `go test ./...`");
  });

  it("says what it could not see when the shell is not allowed", async () => {
    const { answer, refused } = await runTurn(await makeBeacon(), "survey this repository", { allow: "none" });
    expect(refused).toEqual(["shell"]);
    expect(answer).toContain("`beacon` 1.4.0");
    expect(answer).toContain("**Not seen.** The shell command did not run");
    expect(answer).toContain("denied by the user");
  });

  it("stays true when results are cut in the middle", async () => {
    const root = await makeBeacon();
    const { answer } = await runTurn(root, "survey this repository", { limits: { maxOutputChars: 700 } });
    expect(answer).toContain("Beacon tells ships where the rocks are.");
    expect(answer).not.toContain("NaN");
    expect(answer).not.toContain("undefined");
  });
});

describe("run the tests", () => {
  it("runs the test script and reports what came out", async () => {
    const root = await makeBeacon();
    const passing = await runTurn(root, "Run the tests, please.");
    expect(passing.calls.at(-1)).toMatchObject({ name: "bash", arguments: { command: "npm test" } });
    expect(passing.answer).toContain(
      '**The tests pass.** I ran `npm test`, because the "test" script of package.json is `node --test`',
    );
    expect(passing.answer).toContain("Counts (node --test): 2 passed, 0 failed.");
    writeFileSync(join(root, "src/lamp.js"), "export const lamp = '+';\n");
    const failing = await runTurn(root, "do the tests pass?");
    expect(failing.answer).toContain("**The tests fail.**");
    expect(failing.answer).toContain("1 passed, 1 failed");
    expect(failing.answer).toContain("exited with code 1");
    expect(failing.answer).not.toContain("dependencies are missing");
  });

  it("says when it looks as if dependencies are not installed", async () => {
    const root = await makeBeacon();
    writeFileSync(join(root, "src/lamp.js"), 'export { lamp } from "a-package-that-is-not-there";\n');
    const { answer } = await runTurn(root, "run the tests");
    expect(answer).toContain("**The tests fail.**");
    expect(answer).toContain("dependencies are missing");
  });

  it("says plainly when it was not allowed, and what it would run", async () => {
    const { answer, refused } = await runTurn(await makeBeacon(), "run the test suite", { allow: "read-only" });
    expect(refused).toEqual(["shell"]);
    expect(answer).toContain("**The tests were not run.** I was not allowed to run them. I would run `npm test`");
  });

  it("says when there are none to run", async () => {
    const root = await temporaryFolder();
    writeFiles(root, { "package.json": '{"scripts":{"test":"echo \\"Error: no test specified\\" && exit 1"}}' });
    expect((await runTurn(root, "run the tests")).answer).toContain("I found no way to run tests");
  });

  it("falls back to unittest where pytest is missing, in the folder that was named", async () => {
    const root = await temporaryFolder();
    writeFiles(root, {
      "py/test_a.py":
        "import unittest\nclass A(unittest.TestCase):\n    def test_one(self):\n        self.assertTrue(True)\n",
      // Stands in for an interpreter without pytest.
      "py/pytest.py": "raise ModuleNotFoundError(\"No module named 'pytest'\")\n",
    });
    const { answer } = await runTurn(root, "run the tests in py");
    expect(answer).toContain("cd 'py' && python3 -m unittest discover");
    expect(answer).toContain("Counts (unittest): 1 passed, 0 failed.");
  });
});

describe("find where X is defined", () => {
  it.each([
    ["find where shine is defined", "`src/index.js:3` `export function shine(times) {`", "further line"],
    ["Where is the constant `lamp` defined?", "`src/lamp.js:2` `export const lamp = '*';`", "further line"],
    ["go to the definition of Report", "`tools/report.py:3` `class Report:`", "stands nowhere else"],
    ["which file defines render()?", "`tools/report.py:4` `def render(self):`", "stands nowhere else"],
    ["where is LIMIT declared", "`tools/report.py:1` `LIMIT = 3`", "further line"],
  ])("%s", async (prompt, place, rest) => {
    const { answer } = await runTurn(await makeBeacon(), prompt, { allow: "none" });
    expect(answer).toContain("is defined here:");
    expect(answer).toContain(place);
    expect(answer).toContain(rest);
  });

  it("says when there is nothing, when only uses are found, and what comes close", async () => {
    const root = await makeBeacon();
    expect((await runTurn(root, "where is foghorn defined?")).answer).toContain("There is nothing called `foghorn`");
    expect((await runTurn(root, "where is assert defined?")).answer).toContain("I found no definition of `assert`");
    expect((await runTurn(root, "where is SHINE defined?")).answer).toMatch(
      /nothing called exactly `SHINE`[^]*src\/index\.js:3/,
    );
  });

  it("finds the definition of a name that stands on more lines than it looks at", async () => {
    const root = await temporaryFolder();
    const uses = Array.from({ length: 900 }, (_, i) => `  wanted(${i});`).join("\n");
    makeRepository(root, {
      "a/uses.js": uses,
      "z/deep.js": "export function wanted(x) {\n  return x;\n}\n",
      "z/more.js": uses,
    });
    const { answer } = await runTurn(root, "where is wanted defined?");
    expect(answer).toContain("`z/deep.js:1` `export function wanted(x) {`");
    expect(answer).toContain("1,800 further lines");
  });
});

describe("show the largest files", () => {
  it("lists tracked files by their real sizes", async () => {
    const root = await makeBeacon();
    const { answer, refused } = await runTurn(root, "Show the 2 largest files", { allow: "read-only" });
    expect(refused).toEqual([]);
    expect(answer).toContain("The 2 largest tracked files");
    expect(answer).toContain(
      `1. \`src/big.txt\` 2.9 KiB (${statSync(join(root, "src/big.txt")).size.toLocaleString("en-US")} bytes)`,
    );
    expect(answer.match(/^\d+\. /gm)).toHaveLength(2);
  });

  it("lists all files where nothing is committed", async () => {
    const root = await temporaryFolder();
    writeFiles(root, { "a/b.txt": "x".repeat(50), "c.txt": "x" });
    const { answer, refused } = await runTurn(root, "which files are the biggest?", { allow: "read-only" });
    expect(refused).toEqual([]);
    expect(answer).toContain("This workspace is not a git repository. All 2 files");
    expect(answer).toContain("1. `a/b.txt` 50 B\n2. `c.txt` 1 B");
  });
});

describe("what changed last", () => {
  it("shows the last commit with its files, and what is uncommitted", async () => {
    const root = await makeBeacon();
    writeFiles(root, { "new.txt": "" });
    const { answer, refused } = await runTurn(root, "What changed last?", { allow: "read-only" });
    expect(refused).toEqual([]);
    expect(answer).toContain(`**Fill in the oil** (\`${gitIn(root, "rev-parse", "--short", "HEAD")}\`, Ada,`);
    expect(answer).toContain("1 file, +1 -0 lines:\n- `src/lamp.js` +1 -0");
    expect(answer).toContain("Not committed yet (1 change):\n```\n?? new.txt\n```");
  });

  it("shows as many commits as asked for, also of one file and through merges", async () => {
    const root = await makeBeacon();
    gitIn(root, "checkout", "--quiet", "-b", "side", "HEAD~1");
    commitFiles(root, { "side.txt": "1\n2\n" }, "A side step");
    gitIn(root, "checkout", "--quiet", "main");
    gitIn(root, "merge", "--quiet", "--no-ff", "-m", "Merge the side", "side");
    const last = await runTurn(root, "show the last 2 commits");
    expect(last.answer).toMatch(/\*\*Merge the side\*\*[^]*`side\.txt` \+2 -0[^]*\*\*Fill in the oil\*\*/);
    const ofFile = await runTurn(root, "what changed last in src/index.js?");
    expect(ofFile.answer).toContain("that touches `src/index.js` is\n\n**Light the first lamp**");
  });

  it("says when there is no history", async () => {
    const root = await temporaryFolder();
    expect((await runTurn(root, "what changed last?")).answer).toContain("This workspace is not a git repository.");
    gitIn(root, "init", "--quiet");
    expect((await runTurn(root, "what changed last?")).answer).toContain("There are no commits yet.");
  });
});

describe("how many lines", () => {
  it("counts in a file, in a language and in all, with and without git", async () => {
    const root = await makeBeacon();
    expect((await runTurn(root, "how many lines are in src/lamp.js?", { allow: "read-only" })).answer).toContain(
      "`src/lamp.js` has 4 lines.",
    );
    const tracked = gitIn(root, "ls-files").split("\n");
    const js = Number(
      execFileSync("bash", ["-c", "git ls-files '*.js' | xargs cat | wc -l"], { cwd: root, encoding: "utf8" }),
    );
    const inJs = await runTurn(root, "How many lines of JavaScript are there?", { allow: "read-only" });
    expect(inJs.refused).toEqual([]);
    expect(inJs.answer).toContain(`There are ${js} lines of JavaScript in 3 tracked files`);
    expect((await runTurn(root, "count the files")).answer).toContain(`in ${tracked.length} tracked files`);
    const plain = await temporaryFolder();
    writeFiles(plain, { "a.py": "1\n2\n", "b/c.py": "1\n2\n3", "d.txt": "1\n" });
    const inPlain = await runTurn(plain, "how many lines of Python?", { allow: "read-only" });
    expect(inPlain.refused).toEqual([]);
    expect(inPlain.answer).toContain("There are 5 lines of Python in 2 files.");
  });
});

describe("the planner's shell commands", () => {
  it("are all read-only by our own judgement, inside the workspace", async () => {
    const root = await makeBeacon();
    const commands = [
      SURVEY_GIT,
      SURVEY_PLAIN,
      lineCountCommand(
        new Map([
          ["TypeScript", ["ts", "tsx"]],
          ["C#", ["cs"]],
        ]),
      ),
      plainLineCountCommand(["py"]),
      plainLineCountCommand([]),
      countTrackedCommand(["ts"]),
      countTrackedCommand([]),
      trackedSizesCommand(10),
      plainSizesCommand(10),
      lastChangesCommand(3),
      lastChangesCommand(3, "src/it's.js"),
    ];
    for (const command of commands) {
      const request = (await permissionOf("bash", { command }, root)) as PermissionRequestShell;
      expect([command, readsOnlyWorkspace(request, root)]).toEqual([command, true]);
    }
  });
});

describe("createOfflineModel", () => {
  const messages = [{ role: "user", content: "survey this repository" }] as const;
  const tools = [
    { name: "bash", description: "", parameters: {} },
    { name: "view", description: "", parameters: {} },
  ];

  it("streams text in small pieces, announces each call, and finishes once with estimated usage", async () => {
    const chunks = [];
    for await (const chunk of createOfflineModel().stream({ messages, tools, signal: new AbortController().signal }))
      chunks.push(chunk);
    const texts = chunks.filter((chunk) => chunk.type === "text");
    expect(texts.length).toBeGreaterThan(5);
    expect(texts.map((chunk) => chunk.text).join("")).toBe(planReply({ messages, tools }).text);
    expect(chunks.filter((chunk) => chunk.type === "tool-call").map((chunk) => chunk.call.name)).toEqual([
      "bash",
      "view",
    ]);
    expect(chunks.at(-1)).toMatchObject({
      type: "finish",
      reason: "tool-calls",
      usage: { inputTokens: expect.any(Number) },
    });
    expect(chunks.filter((chunk) => chunk.type === "finish")).toHaveLength(1);
  });

  it("gives the same reply to the same conversation, and other call ids to another", () => {
    expect(planReply({ messages, tools })).toEqual(planReply({ messages, tools }));
    const later = planReply({ messages: [{ role: "user", content: "hello" }, ...messages], tools });
    expect(later.calls[0]?.id).not.toBe(planReply({ messages, tools }).calls[0]?.id);
    expect(new Set(planReply({ messages, tools }).calls.map((call) => call.id)).size).toBe(2);
  });

  it("rejects with ABORTED soon after the signal aborts", async () => {
    const controller = new AbortController();
    const stream = createOfflineModel().stream({ messages, tools, signal: controller.signal });
    let chunks = 0;
    const reading = (async () => {
      for await (const _ of stream) {
        chunks += 1;
        controller.abort();
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: "ABORTED" });
    expect(chunks).toBe(1);
  });

  it("calls only tools that are declared", async () => {
    expect(planReply({ messages, tools: [] })).toMatchObject({
      calls: [],
      text: expect.stringContaining("bash and view tool"),
    });
    const root = await makeBeacon();
    const { answer, calls } = await runTurn(root, "run the tests", { without: ["bash"] });
    expect(calls).toEqual([]);
    expect(answer).toContain("I would need the bash tool");
  });

  it("goes on after calls that never got a result", () => {
    const first = planReply({ messages, tools });
    const interrupted = [...messages, { role: "assistant", content: "", toolCalls: first.calls } as const];
    const { text } = planReply({ messages: interrupted, tools });
    expect(text).not.toContain("undefined");
  });

  it("does several things that are asked for in one prompt", async () => {
    const root = await makeBeacon();
    const { answer } = await runTurn(
      root,
      "Show the 1 largest file, then run the tests and find where shine is defined.",
    );
    expect(answer).toMatch(/`src\/big\.txt`[^]*The tests pass[^]*`src\/index\.js:3`/);
  });

  it("answers the newest prompt of a longer conversation", async () => {
    const root = await makeBeacon();
    const first = await runTurn(root, "show the largest file");
    const next = planReply({
      messages: [...first.messages, { role: "user", content: "where is shine defined?" }],
      tools: [{ name: "grep", description: "", parameters: {} }],
    });
    expect(next.calls).toMatchObject([{ name: "grep" }]);
  });

  it("says honestly what it can do when it understands nothing", async () => {
    const root = await temporaryFolder();
    mkdirSync(join(root, "x"));
    const { answer, calls } = await runTurn(root, "Refactor the scheduler to be wait-free.");
    expect(calls).toEqual([]);
    expect(answer).toContain("not a language model");
    expect(answer).toContain("I cannot do this");
    expect(answer).toContain("- survey this repository");
  });
});
