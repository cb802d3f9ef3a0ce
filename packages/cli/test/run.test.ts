import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { startScriptedModel } from "@narthex/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeRepository, narthex, parseRun, processesWith, start, tempFolder } from "./fixture.ts";

const FILES = {
  "README.md": "# Demo\n\nA demonstration of colour.\n",
  "src/paint.py": "def mix_paint(a, b):\n    return a + b\n",
  "package.json": '{"name": "demo", "version": "1.2.3", "scripts": {"test": "node --test"}}\n',
};

/** The assistant's last message of a run. */
const answerOf = (events: any[]): string =>
  events.filter((event) => event.type === "assistant.message").at(-1).data.content;

describe("narthex run", () => {
  it("surveys the repository one stands in, and marks what came before the create response", async () => {
    const repository = makeRepository(FILES);
    const { code, stdout, stderr } = await narthex(["run"], { cwd: repository });
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toMatch(/early session +started/);
    expect(stdout).toContain("not a language model");
    expect(stdout).toContain("Python");
    expect(stdout).toMatch(/\d+ received, [1-9]\d* of them before the create response, 0 dropped/);
    expect(stdout).toMatch(/remoteUrl +http:\/\/127\.0\.0\.1:\d+\/sessions\//);
    // No terminal: no colours.
    expect(stdout).not.toContain("\u001b[");
  });

  it("prints one event a line with --json, the early ones marked, and a summary", async () => {
    const repository = makeRepository(FILES);
    const { code, stdout } = await narthex(["run", "find where mix_paint is defined", "--json"], { cwd: repository });
    expect(code).toBe(0);
    const { events, summary } = parseRun(stdout);
    expect(events[0]).toMatchObject({ type: "session.start", early: true });
    expect(events.filter((event) => event.early).length).toBe(summary.early);
    expect(summary).toMatchObject({ outcome: "done", dropped: 0, events: events.length });
    expect(answerOf(events)).toMatch(/src\/paint\.py:1/);
  });

  it("takes a folder as --repo, or as its only argument, and honours --branch", async () => {
    const repository = makeRepository(FILES);
    const other = await narthex(["run", "what changed last", "--repo", repository, "--json"]);
    expect(answerOf(parseRun(other.stdout).events)).toContain("first commit");
    const only = await narthex(["run", repository, "--json"]);
    expect(parseRun(only.stdout).summary.outcome).toBe("done");
    const branch = await narthex(["run", "list files", "--repo", repository, "--branch", "main", "--json"]);
    expect(parseRun(branch.stdout).summary.outcome).toBe("done");
  });

  it("refuses to write without a terminal, and writes with --yes, into the clone only", async () => {
    const repository = makeRepository(FILES);
    const home = tempFolder();
    const options = { cwd: repository, env: { NARTHEX_HOME: home } };
    const prompt = "replace 'colour' with 'color' in README.md";
    const refused = await narthex(["run", prompt, "--json"], options);
    expect(refused.code).toBe(0);
    expect(answerOf(parseRun(refused.stdout).events)).toMatch(/refused|not allowed|permission/i);
    const done = await narthex(["run", prompt, "--yes", "--json"], options);
    const { events, summary } = parseRun(done.stdout);
    expect(answerOf(events)).toMatch(/README\.md/);
    const clone = path.join(home, "workspaces", summary.sessionId, "README.md");
    expect(readFileSync(clone, "utf8")).toContain("color.");
    expect(readFileSync(path.join(repository, "README.md"), "utf8")).toContain("colour");
  });

  it("really runs the tests of the repository with --yes", async () => {
    const test =
      'import test from "node:test";\nimport assert from "node:assert";\ntest("one", () => assert.equal(1, 1));\ntest("two", () => assert.equal(1, 2));\n';
    const repository = makeRepository({ ...FILES, "demo.test.mjs": test });
    const { stdout } = await narthex(["run", "run the tests", "--yes", "--json"], { cwd: repository });
    expect(answerOf(parseRun(stdout).events)).toMatch(/1 failed|fail 1|1 of 2|failed/i);
  });

  it("uses a model of one's own, and never shows its key", async () => {
    const model = await startScriptedModel({ text: "The answer is 42." });
    onTestFinished(() => model.close());
    const repository = makeRepository(FILES);
    const { code, stdout } = await narthex(
      ["run", "why?", "--json", "--model", "my-model", "--base-url", model.baseUrl],
      {
        cwd: repository,
        env: { NARTHEX_MODEL_API_KEY: "sk-very-secret" },
      },
    );
    expect(code).toBe(0);
    expect(answerOf(parseRun(stdout).events)).toBe("The answer is 42.");
    expect(model.calls[0]!.headers.authorization).toBe("Bearer sk-very-secret");
    expect(stdout).not.toContain("sk-very-secret");
  });

  it("ends its runtime with itself", async () => {
    const repository = makeRepository(FILES);
    const home = tempFolder();
    await narthex(["run", "list files"], { cwd: repository, env: { NARTHEX_HOME: home } });
    expect(processesWith(home)).toEqual([]);
  });

  it("lists what has run", async () => {
    const repository = makeRepository(FILES);
    const home = tempFolder();
    const env = { NARTHEX_HOME: home };
    expect((await narthex(["sessions"], { env: { NARTHEX_HOME: path.join(home, "none") } })).stdout).toContain(
      "No sessions yet",
    );
    expect(existsSync(path.join(home, "none"))).toBe(false);
    const run = await narthex(["run", "list files", "--json"], { cwd: repository, env });
    const listed = await narthex(["sessions", "--json"], { env });
    expect(JSON.parse(listed.stdout.trim())).toMatchObject({
      id: parseRun(run.stdout).summary.sessionId,
      summary: "list files",
    });
  });

  it("shows its commands and examples with --help", async () => {
    const { code, stdout } = await narthex(["--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/narthex run "run the tests" --yes/);
  });
});

describe("bad input", () => {
  const oneLine = /^error \[[A-Z_]+\] [^\n]+\n$/;

  it.each([
    ["a folder that is no repository", ["run"], {}, "NOT_A_GIT_REPOSITORY"],
    [
      "a repository that is neither folder nor name",
      ["run", "x", "--repo", "no such thing"],
      {},
      "REPOSITORY_NAME_INVALID",
    ],
    [
      "an unknown repository",
      ["run", "x", "--repo", "octo/nope"],
      { NARTHEX_REPOSITORIES: "/" },
      "REPOSITORY_NOT_FOUND",
    ],
    ["a model without an endpoint", ["serve", "--model", "m"], {}, "MODEL_CONFIG_INVALID"],
    ["a port that is none", ["serve", "--port", "99999"], {}, "USAGE"],
    ["an unknown argument of a headless start", ["--headless", "--frobnicate"], {}, "USAGE"],
    ["a limit that is none", ["run", "x", "--timeout", "soon"], {}, "USAGE"],
  ])("says in one line what is wrong with %s", async (_name, args, env, code) => {
    const result = await narthex(args, { env });
    expect(result.stderr).toMatch(oneLine);
    expect(result.stderr).toContain(`[${code}]`);
    expect(result.code).not.toBe(0);
    expect(result.stdout).not.toMatch(/\n\s+at /);
  });

  it("names the branches there are when the one asked for is not", async () => {
    const repository = makeRepository(FILES);
    const home = tempFolder();
    const result = await narthex(["run", "x", "--branch", "nope"], { cwd: repository, env: { NARTHEX_HOME: home } });
    expect(result.stderr).toMatch(/BRANCH_NOT_FOUND.*main/);
    expect(result.code).toBe(1);
    expect(readdirSync(path.join(home, "workspaces"))).toEqual([]);
  });

  it("says what to do about a repository of another user", async () => {
    const repository = makeRepository(FILES);
    const result = await narthex(["run"], { cwd: repository, env: { GIT_TEST_ASSUME_DIFFERENT_OWNER: "1" } });
    expect(result.stderr).toMatch(/REPOSITORY_NOT_TRUSTED.*safe\.directory/);
    expect(result.code).toBe(1);
  });

  it("says that git is missing", async () => {
    const repository = makeRepository(FILES);
    const result = await narthex(["run"], { cwd: repository, env: { PATH: "/nonexistent" } });
    expect(result.stderr).toMatch(/GIT_NOT_FOUND/);
    expect(result.code).toBe(1);
  });

  it("says that a port is in use", async () => {
    const first = start(["serve", "--port", "0"]);
    const port = await new Promise<string>((resolve) =>
      first.child.stdout!.on("data", (text: string) => resolve(/listening on port (\d+)/.exec(text)?.[1] ?? "")),
    );
    const second = await narthex(["serve", "--port", port]);
    expect(second.stderr).toMatch(/PORT_IN_USE.*--port/);
    expect(second.code).toBe(1);
    first.child.kill("SIGTERM");
    expect((await first.finished).code).toBe(0);
  });

  it.each([
    ["401", { status: 401 }, "MODEL_AUTHENTICATION"],
    ["429", { status: 429, headers: { "retry-after": "0" } }, "MODEL_RATE_LIMITED"],
    ["500", { status: 500, headers: { "retry-after": "0" } }, "MODEL_SERVER_ERROR"],
    ["a broken stream", { cutAfter: "half" }, "MODEL_STREAM_BROKEN"],
  ])("fails with a code when the model answers %s", async (_name, answer, code) => {
    const model = await startScriptedModel(answer);
    onTestFinished(() => model.close());
    const repository = makeRepository(FILES);
    const result = await narthex(["run", "x", "--json", "--model", "m", "--base-url", model.baseUrl], {
      cwd: repository,
    });
    expect(result.code).toBe(1);
    expect(parseRun(result.stdout).summary.outcome).toBe("failed");
    expect(result.stderr).toMatch(/^error \[[A-Z_]+\] [^\n]+\n$/);
    expect(result.stderr).toContain(code);
  });

  it("fails with a code when the model cannot be reached", async () => {
    const repository = makeRepository(FILES);
    const model = await startScriptedModel({ text: "" });
    const { baseUrl } = model;
    await model.close(); // nothing listens there any more
    const result = await narthex(["run", "x", "--model", "m", "--base-url", baseUrl], { cwd: repository });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("MODEL_UNREACHABLE");
    expect(result.stderr).toContain(baseUrl);
  });
});
