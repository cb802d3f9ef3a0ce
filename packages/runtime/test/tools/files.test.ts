import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeTextFile } from "../../src/tools/text-file.ts";
import { writeFiles } from "../workspace/git-repository.ts";
import { temporaryFolder } from "../workspace/temporary-folder.ts";
import { call, contextIn, permissionOf, toolNamed } from "./tool-bench.ts";

describe("view", () => {
  it("shows a file with line numbers, whole or in part", async () => {
    const root = await temporaryFolder();
    writeFiles(root, { "a.txt": Array.from({ length: 12 }, (_, i) => `line ${i + 1}`).join("\r\n") });
    const whole = await call("view", { path: "a.txt" }, root);
    expect(whole.text.split("\n")).toEqual(
      Array.from({ length: 12 }, (_, i) => `${String(i + 1).padStart(2)}\tline ${i + 1}`),
    );
    expect((await call("view", { path: "a.txt", view_range: [11, -1] }, root)).text).toBe("11\tline 11\n12\tline 12");
    expect((await call("view", { path: "a.txt", view_range: [2, 3] }, root)).text).toBe("2\tline 2\n3\tline 3");
    expect(await call("view", { path: "a.txt", view_range: [13, 14] }, root)).toMatchObject({
      code: "TOOL_ARGUMENTS_INVALID",
    });
  });

  it("says which lines did not fit", async () => {
    const root = await temporaryFolder();
    writeFiles(root, { "a.txt": "0123456789\n".repeat(100) });
    const { text } = await call("view", { path: "a.txt" }, root, { limits: { maxOutputChars: 140 } });
    expect(text).toContain("[… lines 10 to 100 of 100 are not shown; ask for them with view_range …]");
    expect((await call("view", { path: "a.txt", view_range: [100, -1] }, root)).text).toBe("100\t0123456789");
  });

  it("shows two levels of a folder without hidden files and node_modules", async () => {
    const root = await temporaryFolder();
    writeFiles(root, {
      "src/a/deep.ts": "",
      "src/b.ts": "",
      ".git/x": "",
      ".env": "",
      "node_modules/y/z": "",
      "README.md": "",
    });
    expect((await call("view", { path: "." }, root)).text).toBe("README.md\nsrc/\nsrc/a/\nsrc/b.ts");
    expect((await call("view", { path: "src" }, root)).text).toBe("src/a/\nsrc/a/deep.ts\nsrc/b.ts");
    mkdirSync(join(root, "empty"));
    expect((await call("view", { path: "empty" }, root)).text).toContain("empty folder");
  });

  it("refuses binary, too large, foreign and missing files with a clear text", async () => {
    const root = await temporaryFolder();
    writeFileSync(join(root, "bin"), Buffer.from([1, 0, 2]));
    writeFileSync(join(root, "latin"), Buffer.from([0x66, 0xfc, 0x72]));
    writeFileSync(join(root, "big"), "x".repeat(2_000));
    symlinkSync("/etc/passwd", join(root, "out"));
    const textOf = async (path: string): Promise<string> =>
      (await call("view", { path }, root, { limits: { maxFileBytes: 1_000 } })).text;
    expect(await textOf("bin")).toContain("binary");
    expect(await textOf("latin")).toContain("not UTF-8");
    expect(await textOf("big")).toContain("2000 bytes, the limit is 1000");
    expect(await textOf("nothing")).toBe("There is no file nothing.");
    expect(await call("view", { path: "out" }, root)).toMatchObject({ code: "PATH_OUTSIDE_WORKSPACE" });
    expect(await call("view", { path: "../x" }, root)).toMatchObject({ code: "PATH_OUTSIDE_WORKSPACE" });
    expect(await call("view", { path: "" }, root)).toMatchObject({ code: "TOOL_ARGUMENTS_INVALID" });
  });
});

describe("create", () => {
  it("asks with the whole diff, then makes the file and its folders", async () => {
    const root = await temporaryFolder();
    const args = { path: "new/deep/a.txt", file_text: "one\ntwo\n" };
    const diff = "--- /dev/null\n+++ b/new/deep/a.txt\n@@ -0,0 +1,2 @@\n+one\n+two\n";
    expect(await permissionOf("create", args, root)).toEqual({
      kind: "write",
      toolCallId: "call-1",
      intention: "Create new/deep/a.txt",
      fileName: "new/deep/a.txt",
      resolvedPath: join(root, "new/deep/a.txt"),
      diff,
      newFileContents: "one\ntwo\n",
      canOfferSessionApproval: true,
    });
    expect(await call("create", args, root)).toEqual({
      success: true,
      text: "Created new/deep/a.txt (8 bytes).",
      detail: diff,
    });
    expect(readFileSync(join(root, "new/deep/a.txt"), "utf8")).toBe("one\ntwo\n");
    expect(readdirSync(join(root, "new/deep"))).toEqual(["a.txt"]);
  });

  it("never writes over a file, not even one that appears after permission was given", async () => {
    const root = await temporaryFolder();
    const args = { path: "a.txt", file_text: "new" };
    await permissionOf("create", args, root);
    writeFileSync(join(root, "a.txt"), "old");
    expect(await call("create", args, root)).toMatchObject({ success: false, code: "TOOL_ARGUMENTS_INVALID" });
    expect(readFileSync(join(root, "a.txt"), "utf8")).toBe("old");
  });

  it("does not write over a file that appears while it is being written", async () => {
    const root = await temporaryFolder();
    writeFileSync(join(root, "a.txt"), "old");
    const path = { absolute: join(root, "a.txt"), relative: "a.txt", exists: false };
    const writing = writeTextFile(root, { path, text: "new", mayReplace: false });
    await expect(writing).rejects.toMatchObject({ code: "TOOL_ARGUMENTS_INVALID" });
    expect(readFileSync(join(root, "a.txt"), "utf8")).toBe("old");
    expect(readdirSync(root)).toEqual(["a.txt"]);
  });

  it.each([".git/hooks/post-commit", "sub/.GIT/config", "../x", "out/x", "dangling"])(
    "refuses to write to %s",
    async (path) => {
      const top = await temporaryFolder();
      const root = join(top, "work");
      mkdirSync(root);
      mkdirSync(join(top, "outside"));
      symlinkSync(join(top, "outside"), join(root, "out"));
      symlinkSync(join(top, "outside/new"), join(root, "dangling"));
      expect((await call("create", { path, file_text: "x" }, root)).success).toBe(false);
      expect(readdirSync(join(top, "outside"))).toEqual([]);
      expect(existsSync(join(root, path))).toBe(false);
    },
  );

  it("leaves the middle of a huge diff out of the request", async () => {
    const root = await temporaryFolder();
    const request = await permissionOf("create", { path: "a", file_text: "x\n".repeat(200_000) }, root);
    expect(JSON.stringify(request).length).toBeLessThan(250_000);
  });
});

describe("edit", () => {
  it("replaces the only occurrence and shows the change", async () => {
    const root = await temporaryFolder();
    writeFiles(root, { "a.ts": "a\nb\nc\n" });
    const args = { path: "a.ts", old_str: "b", new_str: "B" };
    const diff = "--- a/a.ts\n+++ b/a.ts\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n";
    expect(await permissionOf("edit", args, root)).toMatchObject({
      kind: "write",
      fileName: "a.ts",
      diff,
      newFileContents: "a\nB\nc\n",
    });
    expect(readFileSync(join(root, "a.ts"), "utf8")).toBe("a\nb\nc\n");
    expect(await call("edit", args, root)).toEqual({ success: true, text: "Edited a.ts (+1 -1 lines).", detail: diff });
    expect(readFileSync(join(root, "a.ts"), "utf8")).toBe("a\nB\nc\n");
  });

  it("says how often the text occurs when that is not once, and changes nothing", async () => {
    const root = await temporaryFolder();
    writeFiles(root, { "a.ts": "x x x aaa" });
    expect((await call("edit", { path: "a.ts", old_str: "x", new_str: "y" }, root)).text).toContain("occurs 3 times");
    expect((await call("edit", { path: "a.ts", old_str: "aa", new_str: "y" }, root)).text).toContain("occurs 2 times");
    expect((await call("edit", { path: "a.ts", old_str: "z", new_str: "y" }, root)).text).toContain("does not occur");
    expect((await call("edit", { path: "a.ts", old_str: "x x x", new_str: "x x x" }, root)).text).toContain(
      "nothing to change",
    );
    expect((await call("edit", { path: "b.ts", old_str: "x", new_str: "y" }, root)).text).toContain(
      "There is no file b.ts",
    );
    expect((await call("edit", { path: "a.ts", old_str: "", new_str: "y" }, root)).code).toBe("TOOL_ARGUMENTS_INVALID");
    expect(readFileSync(join(root, "a.ts"), "utf8")).toBe("x x x aaa");
  });

  it("keeps line ends, byte order mark and mode of the file", async () => {
    const root = await temporaryFolder();
    writeFiles(root, { "a.sh": "\ufeffone\r\ntwo\r\nthree\r\n", "mixed.txt": "one\r\ntwo\nthree\n" });
    chmodSync(join(root, "a.sh"), 0o775); // more than the usual umask leaves
    await call("edit", { path: "a.sh", old_str: "one\ntwo", new_str: "1\n2\n2b" }, root);
    expect(readFileSync(join(root, "a.sh"), "utf8")).toBe("\ufeff1\r\n2\r\n2b\r\nthree\r\n");
    expect(statSync(join(root, "a.sh")).mode & 0o777).toBe(0o775);
    await call("edit", { path: "mixed.txt", old_str: "two\n", new_str: "2\n" }, root);
    expect(readFileSync(join(root, "mixed.txt"), "utf8")).toBe("one\r\n2\nthree\n");
  });

  it("replaces text that looks like a replacement pattern as it is", async () => {
    const root = await temporaryFolder();
    writeFiles(root, { "a.ts": "price" });
    await call("edit", { path: "a.ts", old_str: "price", new_str: "$& $1 $$" }, root);
    expect(readFileSync(join(root, "a.ts"), "utf8")).toBe("$& $1 $$");
  });

  it("refuses binary files, git's own files and paths outside", async () => {
    const root = await temporaryFolder();
    writeFiles(root, { ".git/config": "[core]\n" });
    writeFileSync(join(root, "bin"), Buffer.from([65, 0, 66]));
    expect((await call("edit", { path: "bin", old_str: "A", new_str: "B" }, root)).text).toContain("binary");
    expect((await call("edit", { path: ".git/config", old_str: "core", new_str: "x" }, root)).text).toContain(
      "belongs to git",
    );
    expect((await call("edit", { path: "/etc/hostname", old_str: "a", new_str: "b" }, root)).code).toBe(
      "PATH_OUTSIDE_WORKSPACE",
    );
    expect(readFileSync(join(root, "bin"))).toEqual(Buffer.from([65, 0, 66]));
  });
});

describe("ask_user", () => {
  it("passes the question on and gives back the answer", async () => {
    const root = await temporaryFolder();
    const asked: unknown[] = [];
    const askUser = async (question: unknown) => {
      asked.push(question);
      return { answer: "blue", wasFreeform: false };
    };
    const args = { question: "Which?", choices: ["red", "blue"], allow_freeform: false };
    expect(await call("ask_user", args, root, { askUser })).toEqual({ success: true, text: "The user chose: blue" });
    expect(asked).toEqual([{ question: "Which?", choices: ["red", "blue"], allowFreeform: false }]);
  });

  it("says so when nobody can be asked", async () => {
    const outcome = await call("ask_user", { question: "Which?" }, await temporaryFolder());
    expect(outcome).toMatchObject({ success: false, text: expect.stringContaining("Nobody can be asked") });
  });
});

describe("every tool", () => {
  it.each(["bash", "view", "create", "edit", "grep", "glob", "ask_user"])(
    "%s describes its arguments as a JSON Schema object",
    (name) => {
      const { parameters, description } = toolNamed(name);
      expect(parameters).toMatchObject({ type: "object", properties: expect.any(Object), required: expect.any(Array) });
      expect(description.length).toBeGreaterThan(20);
    },
  );

  it.each(["view", "grep", "glob", "ask_user"])(
    "%s needs no permission but still checks its arguments",
    async (name) => {
      const root = await temporaryFolder();
      const good = { path: ".", pattern: "*", question: "?" };
      expect(await permissionOf(name, name === "grep" ? { ...good, pattern: "a" } : good, root)).toBeUndefined();
      await expect(toolNamed(name).permission({ path: 1 }, contextIn(root))).rejects.toMatchObject({
        code: "TOOL_ARGUMENTS_INVALID",
      });
      await expect(toolNamed(name).permission("text", contextIn(root))).rejects.toMatchObject({
        code: "TOOL_ARGUMENTS_INVALID",
      });
    },
  );
});
