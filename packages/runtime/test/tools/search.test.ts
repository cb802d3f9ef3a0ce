import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { searchFiles } from "../../src/tools/grep-search.ts";
import { gitIn, makeRepository, writeFiles } from "../workspace/git-repository.ts";
import { temporaryFolder } from "../workspace/temporary-folder.ts";
import { call } from "./tool-bench.ts";

const FILES = {
  "src/a.ts": "const alpha = 1;\nexport { alpha };\n",
  "src/b.ts": "import { alpha } from './a.ts';\r\nALPHA\r\n",
  "docs/x.md": "alpha and (beta)\n",
  ".gitignore": "ignored/\n",
};

async function makeWorkspace(kind: "git" | "plain"): Promise<string> {
  const root = await temporaryFolder();
  if (kind === "git") makeRepository(root, FILES);
  else writeFiles(root, FILES);
  writeFiles(root, {
    "ignored/i.ts": "alpha ignored\n",
    "new.ts": "alpha new\n",
    "node_modules/m/index.js": "alpha\n",
  });
  if (kind === "git") writeFiles(root, { ".gitignore": "ignored/\nnode_modules/\n" });
  writeFileSync(join(root, "bin"), Buffer.from("alpha\0"));
  symlinkSync("/etc/passwd", join(root, "passwd"));
  symlinkSync("/etc", join(root, "etc"));
  return root;
}

describe("grep", () => {
  it("shows lines, files and counts, following .gitignore and seeing new files", async () => {
    const root = await makeWorkspace("git");
    const grep = async (args: object): Promise<string[]> =>
      (await call("grep", { pattern: "alpha", ...args }, root)).text.split("\n");
    expect(await grep({ output_mode: "content" })).toEqual([
      "docs/x.md:1:alpha and (beta)",
      "new.ts:1:alpha new",
      "src/a.ts:1:const alpha = 1;",
      "src/a.ts:2:export { alpha };",
      "src/b.ts:1:import { alpha } from './a.ts';",
    ]);
    expect(await grep({})).toEqual(["docs/x.md", "new.ts", "src/a.ts", "src/b.ts"]);
    expect(await grep({ output_mode: "count" })).toEqual(["docs/x.md:1", "new.ts:1", "src/a.ts:2", "src/b.ts:1"]);
    expect(await grep({ "-i": true, output_mode: "count", path: "src" })).toEqual(["src/a.ts:2", "src/b.ts:2"]);
    expect(await grep({ pattern: "(?i)^ALPHA$", output_mode: "content", "-n": false })).toEqual(["src/b.ts:ALPHA"]);
    expect(await grep({ glob: "*.md" })).toEqual(["docs/x.md"]);
    expect(await grep({ glob: "src/*.ts", path: "src/b.ts" })).toEqual(["src/b.ts"]);
    expect(await grep({ path: "ignored" })).toEqual(["ignored/i.ts"]);
    expect(await grep({ pattern: "nowhere" })).toEqual(["No matches in 5 files."]);
  });

  it("walks a folder without git, leaving out node_modules, links and binary files", async () => {
    const root = await makeWorkspace("plain");
    const { text } = await call("grep", { pattern: "alpha|root:" }, root);
    expect(text.split("\n")).toEqual(["docs/x.md", "ignored/i.ts", "new.ts", "src/a.ts", "src/b.ts"]);
  });

  it("shows no more than it may and says that there is more", async () => {
    const root = await temporaryFolder();
    writeFiles(root, { "a.txt": "x\n".repeat(50), "b.txt": `x${"y".repeat(1_000)}\n` });
    const { text } = await call("grep", { pattern: "x", output_mode: "content", head_limit: 3 }, root);
    expect(text).toBe("a.txt:1:x\na.txt:2:x\na.txt:3:x\n[… more matches; the first 3 are shown …]");
    const all = await call("grep", { pattern: "x", output_mode: "content" }, root, { limits: { maxMatches: 10 } });
    expect(all.text.split("\n")).toHaveLength(11);
    const long = await call("grep", { pattern: "x", path: "b.txt", output_mode: "content" }, root);
    expect(long.text.length).toBeLessThan(600);
  });

  it("matches lines the same whether or not the pattern looks around", async () => {
    const root = await temporaryFolder();
    writeFiles(root, { "a.txt": "foo\nfoo bar\n" });
    const { text } = await call("grep", { pattern: "foo(?!\\s)", output_mode: "content" }, root);
    expect(text).toBe("a.txt:1:foo");
  });

  it("refuses malformed patterns, missing paths and paths outside", async () => {
    const root = await makeWorkspace("git");
    expect((await call("grep", { pattern: "(" }, root)).text).toContain("malformed");
    expect((await call("grep", { pattern: "a", path: "nothing" }, root)).text).toContain(
      "There is no file or folder nothing",
    );
    expect((await call("grep", { pattern: "a", path: "etc" }, root)).code).toBe("PATH_OUTSIDE_WORKSPACE");
    expect((await call("grep", { pattern: "a", path: "passwd" }, root)).code).toBe("PATH_OUTSIDE_WORKSPACE");
  });

  it("ends a pattern that would take for ever, and a cancelled search", async () => {
    const root = await temporaryFolder();
    writeFiles(root, { "a.txt": `${"a".repeat(60)}!\n` });
    const order = {
      root,
      paths: ["a.txt"],
      pattern: "^(a+)+$",
      ignoreCase: false,
      mode: "content",
      showLineNumbers: true,
      maxResults: 10,
      maxFileBytes: 1_000,
      maxLineChars: 100,
    } as const;
    const running = new AbortController();
    await expect(searchFiles(order, running.signal, 200)).rejects.toMatchObject({ code: "TOOL_ARGUMENTS_INVALID" });
    const cancelled = searchFiles(order, running.signal);
    running.abort();
    await expect(cancelled).rejects.toMatchObject({ code: "ABORTED" });
  });
});

describe("glob", () => {
  it("finds files by name in a repository, following .gitignore, without deleted ones", async () => {
    const root = await makeWorkspace("git");
    rmSync(join(root, "src/b.ts"));
    const glob = async (args: object): Promise<string[]> => (await call("glob", args, root)).text.split("\n");
    expect(await glob({ pattern: "**/*.ts" })).toEqual(["new.ts", "src/a.ts"]);
    expect(await glob({ pattern: "*.ts", path: "src" })).toEqual(["src/a.ts"]);
    expect(await glob({ pattern: "*.{md,ts}" })).toEqual(["new.ts"]);
    expect(await glob({ pattern: "*.py" })).toEqual(["No file matches *.py."]);
    expect((await call("glob", { pattern: "../*" }, root)).code).toBe("TOOL_ARGUMENTS_INVALID");
  });

  it("works in a plain folder and in a folder of a repository that git ignores as a whole", async () => {
    const plain = await makeWorkspace("plain");
    expect((await call("glob", { pattern: "src/*" }, plain)).text).toBe("src/a.ts\nsrc/b.ts");
    const outer = await temporaryFolder();
    makeRepository(outer, { ".gitignore": "work/\n" });
    mkdirSync(join(outer, "work"));
    writeFiles(join(outer, "work"), { "a.ts": "" });
    expect(gitIn(join(outer, "work"), "ls-files")).toBe("");
    expect((await call("glob", { pattern: "*" }, join(outer, "work"))).text).toBe("a.ts");
  });

  it("lists no more than it may", async () => {
    const root = await temporaryFolder();
    writeFiles(root, Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${String(i).padStart(2, "0")}`, ""])));
    const { text } = await call("glob", { pattern: "*" }, root, { limits: { maxMatches: 2 } });
    expect(text).toBe("f00\nf01\n[… 18 more files …]");
  });
});
