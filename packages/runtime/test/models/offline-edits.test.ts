import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeRepository, writeFiles } from "../workspace/git-repository.ts";
import { temporaryFolder } from "../workspace/temporary-folder.ts";
import { runTurn } from "./mini-loop.ts";

async function makeFolder(files: Record<string, string>): Promise<string> {
  const root = await temporaryFolder();
  writeFiles(root, files);
  return root;
}

describe("replace A with B in FILE", () => {
  it("replaces a text that occurs once", async () => {
    const root = await makeFolder({ "README.md": "one colour here\n" });
    const { answer, calls } = await runTurn(root, 'Replace "colour" with "color" in README.md.');
    expect(readFileSync(join(root, "README.md"), "utf8")).toBe("one color here\n");
    expect(calls.map((call) => call.name)).toEqual(["view", "edit"]);
    expect(answer).toContain("`README.md`: replaced `colour` with `color` (1 occurrence, line 1).");
  });

  it("replaces every occurrence in one edit, and nothing else", async () => {
    const before = "a\nfoo foo\nb\nfoo\na\nfoo foo\nb\nend foofoo\n";
    const root = await makeFolder({ "x.txt": before });
    const { answer, calls } = await runTurn(root, "replace `foo` with `foobar` in x.txt");
    expect(readFileSync(join(root, "x.txt"), "utf8")).toBe(before.replaceAll("foo", "foobar"));
    expect(calls.filter((call) => call.name === "edit")).toHaveLength(1);
    expect(answer).toContain("(7 occurrences, lines 2, 4, 6, 8)");
  });

  it("keeps line ends and reads long files page by page", async () => {
    const before = Array.from({ length: 3_000 }, (_, i) =>
      i === 10 || i === 2_990 ? "needle here" : `line ${i}`,
    ).join("\r\n");
    const root = await makeFolder({ "long.txt": before });
    const { answer } = await runTurn(root, "replace needle with pin in long.txt", {
      limits: { maxOutputChars: 10_000 },
    });
    expect(readFileSync(join(root, "long.txt"), "utf8")).toBe(before.replaceAll("needle", "pin"));
    expect(answer).toContain("2 occurrences, lines 11, 2991");
  });

  it.each([
    ['change "a.b" to "x" in f.txt', "a.b axb\n", "x axb\n"],
    ["rename alpha to beta in `f.txt`", "alpha\n", "beta\n"],
    ['substitute every occurrence of "x y" by "" in f.txt', "-x y-x y-\n", "---\n"],
    ["replace the word 'it' with \"don't\" in the file f.txt please", "it\n", "don't\n"],
    ['Replace "say \\"hi\\"" with "bye" in f.txt', 'say "hi"\n', "bye\n"],
    ["swap $& for $1 in f.txt", "cost $& each\n", "cost $1 each\n"],
  ])("understands %s", async (prompt, before, after) => {
    const root = await makeFolder({ "f.txt": before });
    const { answer } = await runTurn(root, prompt);
    expect([answer, readFileSync(join(root, "f.txt"), "utf8")]).toEqual([expect.stringContaining("replaced"), after]);
  });

  it("changes nothing and says why when it is not allowed, not there, or unclear where", async () => {
    const root = await makeFolder({ "a.txt": "foo\n", "b.txt": "foo\n" });
    const refused = await runTurn(root, 'replace "foo" with "bar" in a.txt', { allow: "none" });
    expect(refused.answer).toContain(
      "`a.txt` was not changed: the edit was not allowed. It would replace `foo` with `bar`",
    );
    expect((await runTurn(root, 'replace "nope" with "bar" in a.txt')).answer).toContain("`nope` does not occur in it");
    expect((await runTurn(root, 'replace "foo" with "bar" in no.txt')).answer).toContain("There is no file no.txt");
    expect((await runTurn(root, 'replace "foo" with "bar"')).answer).toContain(
      "2 files contain `foo`; nothing was changed. Say in which one",
    );
    expect((await runTurn(root, 'replace "foo" with "foo" in a.txt')).answer).toContain("nothing to replace");
    expect(readFileSync(join(root, "a.txt"), "utf8") + readFileSync(join(root, "b.txt"), "utf8")).toBe("foo\nfoo\n");
  });

  it("finds the only file with the text, and changes all files when told so", async () => {
    const root = await temporaryFolder();
    makeRepository(root, { "a.txt": "unique foo\n", "src/b.txt": "foo\nfoo\n" });
    await runTurn(root, 'replace "unique" with "single"');
    expect(readFileSync(join(root, "a.txt"), "utf8")).toBe("single foo\n");
    const { answer } = await runTurn(root, 'replace "foo" with "bar" everywhere');
    expect(answer).toMatch(/`a\.txt`: replaced[^]*`src\/b\.txt`: replaced/);
    expect(readFileSync(join(root, "src/b.txt"), "utf8")).toBe("bar\nbar\n");
  });

  it("does not take a request for a change of meaning for a replacement of words", async () => {
    const root = await makeFolder({ "a.txt": "jest title\n" });
    expect((await runTurn(root, "can you replace jest with vitest?")).calls).toEqual([]);
    expect((await runTurn(root, "change the title to something better in a.txt")).calls).toEqual([]);
  });
});

describe("create a file", () => {
  it("creates it with the content given", async () => {
    const root = await makeFolder({});
    const { answer } = await runTurn(root, 'create file docs/hello.txt with "hello there"');
    expect(readFileSync(join(root, "docs/hello.txt"), "utf8")).toBe("hello there\n");
    expect(answer).toContain("Created docs/hello.txt (12 bytes).");
    await runTurn(root, "Create a file named run.py with the following content:\n```python\nprint(1)\nprint(2)\n```");
    expect(readFileSync(join(root, "run.py"), "utf8")).toBe("print(1)\nprint(2)\n");
  });

  it("says why not when it exists or is not allowed", async () => {
    const root = await makeFolder({ "a.txt": "old" });
    expect((await runTurn(root, 'create file a.txt with "x"')).answer).toContain("a.txt exists already");
    expect((await runTurn(root, 'create file b.txt with "x"', { allow: "none" })).answer).toContain(
      "I was not allowed to create it",
    );
    expect(readFileSync(join(root, "a.txt"), "utf8")).toBe("old");
  });
});

describe("looking at files and text", () => {
  it("lists, shows, searches and runs", async () => {
    const root = await makeFolder({
      "src/a.ts": "let alpha = 1; // NOTE tidy\n",
      "src/b.py": "x = 1\n",
      "README.md": "# Hi\nalpha\nend\n",
    });
    expect((await runTurn(root, "list the files in src")).answer).toContain("src/a.ts\nsrc/b.py");
    expect((await runTurn(root, "list the python files")).answer).toContain(
      "1 file matches `**/*.{py,pyi}`:\n```\nsrc/b.py",
    );
    expect((await runTurn(root, "show me README.md")).answer).toContain(
      "`README.md` (3 lines):\n```\n1\t# Hi\n2\talpha\n3\tend\n```",
    );
    expect((await runTurn(root, "show lines 2-3 of README.md")).answer).toContain(
      "(lines 2 to 3):\n```\n2\talpha\n3\tend",
    );
    expect((await runTurn(root, "open a.ts")).answer).toContain("`src/a.ts` (1 line)");
    expect((await runTurn(root, "cat nothing.ts")).answer).toContain("There is no file `nothing.ts`");
    expect((await runTurn(root, "search for alpha")).answer).toContain("`alpha` stands on 2 lines of 2 files.");
    expect((await runTurn(root, "find all NOTEs")).answer).toContain("src/a.ts:1: let alpha = 1; // NOTE tidy");
    expect((await runTurn(root, 'search for "ALPHA = 1"')).answer).toMatch(
      /Nothing matches `ALPHA = 1` exactly[^]*src\/a\.ts:1/,
    );
    expect((await runTurn(root, "search for zebra")).answer).toContain("No file of this workspace contains `zebra`");
    expect((await runTurn(root, "run `echo one && exit 4`")).answer).toContain("exited with code 4.\n```\none\n```");
    expect((await runTurn(root, "run the command: touch made", { allow: "none" })).answer).toContain(
      "`touch made` was not run: it was not allowed.",
    );
  });

  it("quotes a file with fences in it safely", async () => {
    const root = await temporaryFolder();
    writeFileSync(join(root, "a.md"), "```\ncode\n```\n");
    expect((await runTurn(root, "show a.md")).answer).toContain("````\n1\t```\n2\tcode\n3\t```\n````");
  });
});

describe("asking and calling tools of the client", () => {
  const weather = {
    name: "get_weather",
    description: "Weather of a city",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    run: (args: unknown) => `sunny in ${(args as { city: string }).city}`,
  };
  const alarm = {
    name: "setAlarm",
    description: "",
    parameters: {
      type: "object",
      properties: {
        label: { type: "string" },
        minutes: { type: "integer" },
        tone: { enum: ["soft", "loud"] },
        repeat: { type: "boolean" },
      },
      required: ["label", "minutes", "tone"],
    },
    run: (args: unknown) => JSON.stringify(args),
  };
  const custom = [weather, alarm];

  it.each([
    ['use the tool get_weather with {"city": "Oslo"}', [{ city: "Oslo" }]],
    ["Call get_weather for Paris", [{ city: "Paris" }]],
    ["What's the weather like in Seattle and Tokyo?", [{ city: "Seattle" }, { city: "Tokyo" }]],
    ["What is the weather in New York?", [{ city: "New York" }]],
    ["please run get_weather city=Lima", [{ city: "Lima" }]],
    ['get_weather of "Rio de Janeiro"', [{ city: "Rio de Janeiro" }]],
    ["what's the weather in berlin", [{ city: "berlin" }]],
    ['setAlarm "wake up" in 15 minutes, loud', [{ label: "wake up", minutes: 15, tone: "loud" }]],
    ["use setAlarm with label: tea and minutes=3", [{ label: "tea", minutes: 3, tone: "soft" }]],
  ])("%s", async (prompt, expected) => {
    const { calls, answer } = await runTurn(await temporaryFolder(), prompt, { custom });
    expect(calls.map((call) => call.arguments)).toEqual(expected);
    for (const call of calls)
      expect(answer).toContain(custom.find((tool) => tool.name === call.name)?.run(call.arguments));
  });

  it("leaves built-in words alone when a client tool is about something else", async () => {
    const { calls } = await runTurn(await temporaryFolder(), "list the files", { custom });
    expect(calls.map((call) => call.name)).toEqual(["view"]);
  });

  it("calls a built-in tool with the arguments given", async () => {
    const root = await makeFolder({ "a.txt": "hello\n" });
    const { answer } = await runTurn(root, 'Use the tool view with {"path": "a.txt"}');
    expect(answer).toContain("1\thello");
  });

  it("asks the user and repeats the answer", async () => {
    const asked: unknown[] = [];
    const askUser = async (question: object) => {
      asked.push(question);
      return { answer: "green", wasFreeform: false };
    };
    const root = await temporaryFolder();
    const { answer } = await runTurn(root, "Ask me which colour I like: red, green or blue", { askUser });
    expect(asked).toEqual([
      { question: "Which colour I like?", choices: ["red", "green", "blue"], allowFreeform: true },
    ]);
    expect(answer).toContain("you answered: green");
    const nobody = await runTurn(root, 'ask me "How are you?"');
    expect(nobody.answer).toContain("I got no answer: Nobody can be asked");
  });
});
