import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createGit } from "../../src/workspace/git.ts";
import { packWorkspace, parsePackedWorkspace, unpackWorkspace } from "../../src/workspace/packed-workspace.ts";
import { commitFiles, gitIn, makeRepository } from "./git-repository.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const git = createGit();

async function setUp(): Promise<{ from: string; to: string; bundle: string }> {
  const top = await temporaryFolder();
  return { from: join(top, "from"), to: join(top, "there", "to"), bundle: join(top, "w.bundle") };
}

async function carry({ from, to, bundle }: { from: string; to: string; bundle: string }) {
  const packed = await packWorkspace(git, from, bundle);
  expect(parsePackedWorkspace(JSON.parse(JSON.stringify(packed)))).toEqual(packed);
  await unpackWorkspace(git, bundle, packed, to);
  return packed;
}

describe("a packed workspace", () => {
  it("comes back with its history, its branch and what was not committed", async () => {
    const places = await setUp();
    makeRepository(places.from, { "a.txt": "1\n", "gone.txt": "x", ".gitignore": "*.log\n" });
    const head = commitFiles(places.from, { "a.txt": "2\n" }, "second");
    writeFileSync(join(places.from, "a.txt"), "3\n");
    writeFileSync(join(places.from, "new file.txt"), "new\n");
    writeFileSync(join(places.from, "x.log"), "ignored\n");
    rmSync(join(places.from, "gone.txt"));
    const before = gitIn(places.from, "status", "--porcelain");
    const objects = readdirSync(join(places.from, ".git", "objects"));
    const packed = await carry(places);
    expect(packed).toMatchObject({ isRepository: true, head, branch: "main" });
    expect(gitIn(places.from, "status", "--porcelain")).toBe(before);
    expect(readdirSync(join(places.from, ".git", "objects"))).toEqual(objects);
    expect(gitIn(places.to, "status", "--porcelain")).toBe(before);
    expect(gitIn(places.to, "rev-list", "--count", "HEAD")).toBe("2");
    expect(gitIn(places.to, "for-each-ref", "--format=%(refname)")).toBe("refs/heads/main");
    expect(readFileSync(join(places.to, "a.txt"), "utf8")).toBe("3\n");
    expect(existsSync(join(places.to, "x.log"))).toBe(false);
    expect(readdirSync(join(places.to, ".."))).toEqual(["to"]);
  });

  it.each([
    [
      "a shallow clone",
      ["clone", "--quiet", "--depth=1"],
      { shallow: expect.stringMatching(/^[0-9a-f]{40}\n$/) as string },
    ],
    ["a clone", ["clone", "--quiet"], { remoteUrl: expect.stringMatching(/origin$/) as string }],
  ])("comes back when it is of %s", async (_name, args, expected) => {
    const places = await setUp();
    const origin = join(places.from, "..", "origin");
    makeRepository(origin, { "a.txt": "1\n" });
    commitFiles(origin, { "a.txt": "2\n" }, "second");
    gitIn(origin, ...args, `file://${origin}`, places.from);
    gitIn(places.from, "checkout", "--quiet", "--detach");
    const packed = await carry(places);
    expect(packed).toMatchObject(expected);
    expect(packed).not.toHaveProperty("branch");
    expect(gitIn(places.to, "log", "--format=%H")).toBe(gitIn(places.from, "log", "--format=%H"));
    expect(gitIn(places.to, "status", "--porcelain")).toBe("");
    expect(gitIn(places.to, "remote", "get-url", "origin")).toBe(`file://${origin}`);
  });

  it("comes back from a folder without git, and from a repository without a commit", async () => {
    for (const isRepository of [false, true]) {
      const places = await setUp();
      mkdirSync(join(places.from, "deep"), { recursive: true });
      if (isRepository) gitIn(places.from, "init", "--quiet", "-b", "trunk");
      writeFileSync(join(places.from, "deep", "a.txt"), "a\n");
      await carry(places);
      expect(readFileSync(join(places.to, "deep", "a.txt"), "utf8")).toBe("a\n");
      expect(existsSync(join(places.to, ".git"))).toBe(isRepository);
      if (isRepository) expect(gitIn(places.to, "status", "--porcelain")).toBe("?? deep/");
    }
  });

  it("comes back from an empty folder", async () => {
    const places = await setUp();
    mkdirSync(places.from);
    await carry(places);
    expect(readdirSync(places.to)).toEqual([]);
  });

  it("takes no place that is taken, and leaves nothing behind when it is damaged", async () => {
    const places = await setUp();
    makeRepository(places.from, { "a.txt": "1\n" });
    const packed = await carry(places);
    const again = unpackWorkspace(git, places.bundle, packed, places.to);
    await expect(again).rejects.toMatchObject({ code: "WORKSPACE_UNAVAILABLE" });
    writeFileSync(places.bundle, "no bundle");
    const damaged = unpackWorkspace(git, places.bundle, packed, join(places.to, "..", "other"));
    await expect(damaged).rejects.toMatchObject({ code: "WORKSPACE_UNAVAILABLE" });
    expect(readdirSync(join(places.to, ".."))).toEqual(["to"]);
  });

  it.each([
    [{}],
    [{ isRepository: true, head: "--upload-pack=x" }],
    [{ isRepository: true, branch: "-x" }],
    [{ isRepository: true, remoteUrl: "--x" }],
    [{ isRepository: true, shallow: "x" }],
    [null],
  ])("is not what %j says", (value) => {
    expect(parsePackedWorkspace(value)).toBeUndefined();
  });
});
