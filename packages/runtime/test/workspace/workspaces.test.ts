import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createGit } from "../../src/workspace/git.ts";
import type { RepositoryBases } from "../../src/workspace/repository-source.ts";
import { createWorkspaces } from "../../src/workspace/workspaces.ts";
import { commitFiles, gitIn, makeRepository } from "./git-repository.ts";
import { serveGit } from "./git-http-server.ts";
import { temporaryFolder } from "./temporary-folder.ts";

async function setUp(bases?: RepositoryBases) {
  const top = await temporaryFolder();
  const base = join(top, "repos");
  const root = join(top, "workspaces");
  mkdirSync(base);
  const workspaces = createWorkspaces({ root, bases: bases ?? { base }, cloneTimeoutMs: 20_000 });
  const left = (): string[] => (existsSync(root) ? readdirSync(root) : []);
  return { top, base, root, workspaces, left };
}

describe("prepareCloud from folders", () => {
  it("clones the default branch of a repository with its whole history and a remote to push to", async () => {
    const { base, root, workspaces } = await setUp();
    makeRepository(join(base, "acme/web"), { "a.txt": "1\n" });
    const head = commitFiles(join(base, "acme/web"), { "a.txt": "2\n" }, "second");
    const workspace = await workspaces.prepareCloud({ sessionId: "s1", repository: { owner: "acme", name: "web" } });
    expect(workspace).toEqual({
      root: join(root, "s1"),
      isOwned: true,
      gitRoot: join(root, "s1"),
      repository: { owner: "acme", name: "web", branch: "main", headCommit: head, remoteUrl: join(base, "acme/web") },
    });
    expect(readFileSync(join(workspace.root, "a.txt"), "utf8")).toBe("2\n");
    expect(gitIn(workspace.root, "rev-list", "--count", "HEAD")).toBe("2");
    gitIn(workspace.root, "push", "--quiet", "origin", "HEAD:refs/heads/from-session");
    expect(gitIn(join(base, "acme/web"), "rev-parse", "from-session")).toBe(head);
  });

  it("clones a wanted branch of a bare repository named with .git", async () => {
    const { top, base, workspaces } = await setUp();
    makeRepository(join(top, "source"), { "a.txt": "main\n" });
    gitIn(join(top, "source"), "checkout", "--quiet", "-b", "feature/x");
    const head = commitFiles(join(top, "source"), { "a.txt": "feature\n" }, "feature");
    gitIn(top, "clone", "--quiet", "--bare", "source", join(base, "acme/web.git"));
    const repository = { owner: "acme", name: "web", branch: "feature/x" };
    const workspace = await workspaces.prepareCloud({ sessionId: "s1", repository });
    expect(workspace.repository).toMatchObject({ branch: "feature/x", headCommit: head });
  });

  it("follows a detached HEAD, takes a branch where HEAD names none, and clones an empty repository", async () => {
    const { base, workspaces } = await setUp();
    const first = makeRepository(join(base, "acme/detached"), { "a.txt": "1\n" });
    commitFiles(join(base, "acme/detached"), { "a.txt": "2\n" }, "second");
    gitIn(join(base, "acme/detached"), "checkout", "--quiet", "--detach", first);
    const detached = await workspaces.prepareCloud({
      sessionId: "s1",
      repository: { owner: "acme", name: "detached" },
    });
    expect(detached.repository).toMatchObject({ headCommit: first });
    expect(detached.repository).not.toHaveProperty("branch");

    makeRepository(join(base, "acme/unborn"), { "a.txt": "1\n" });
    gitIn(join(base, "acme/unborn"), "symbolic-ref", "HEAD", "refs/heads/nothing");
    const unborn = await workspaces.prepareCloud({ sessionId: "s2", repository: { owner: "acme", name: "unborn" } });
    expect(unborn.repository).toMatchObject({ branch: "main" });
    expect(existsSync(join(unborn.root, "a.txt"))).toBe(true);

    mkdirSync(join(base, "acme/empty"));
    gitIn(join(base, "acme/empty"), "init", "--quiet", "--initial-branch=main");
    const empty = await workspaces.prepareCloud({ sessionId: "s3", repository: { owner: "acme", name: "empty" } });
    expect(empty.repository).toMatchObject({ owner: "acme", name: "empty" });
    expect(empty.repository).not.toHaveProperty("headCommit");
  });

  it("gives back the same folder for the same session, changes included, and removes only that", async () => {
    const { base, workspaces, left } = await setUp();
    makeRepository(join(base, "acme/web"), { "a.txt": "1\n" });
    const repository = { owner: "acme", name: "web" };
    const [first, other] = await Promise.all([
      workspaces.prepareCloud({ sessionId: "s1", repository }),
      workspaces.prepareCloud({ sessionId: "s1", repository }),
      workspaces.prepareCloud({ sessionId: "s2", repository }),
    ]);
    expect(other.root).toBe(first.root);
    writeFileSync(join(first.root, "new.txt"), "kept");
    const again = await workspaces.prepareCloud({ sessionId: "s1", repository });
    expect(readFileSync(join(again.root, "new.txt"), "utf8")).toBe("kept");
    expect(left()).toEqual(["s1", "s2"]);
    await workspaces.remove("s1");
    await workspaces.remove("s1");
    expect(left()).toEqual(["s2"]);
  });

  it("makes an empty folder without a repository", async () => {
    const { root, workspaces } = await setUp();
    expect(await workspaces.prepareCloud({ sessionId: "s1" })).toEqual({ root: join(root, "s1"), isOwned: true });
  });

  it("takes a mapped folder before the base", async () => {
    const top = await temporaryFolder();
    const head = makeRepository(join(top, "elsewhere"), { "a.txt": "mapped\n" });
    const { workspaces } = await setUp({ map: { "acme/web": join(top, "elsewhere") } });
    const workspace = await workspaces.prepareCloud({ sessionId: "s1", repository: { owner: "acme", name: "web" } });
    expect(workspace.repository?.headCommit).toBe(head);
  });
});

/** Removes an object of the repository's store, so that no clone can be complete. */
function loseObject(repository: string, name: string): void {
  const hash = gitIn(repository, "rev-parse", name);
  rmSync(join(repository, ".git/objects", hash.slice(0, 2), hash.slice(2)));
}

describe("what cannot be prepared", () => {
  it.each([
    [{ owner: "acme", name: ".." }, "REPOSITORY_NAME_INVALID", "is no repository"],
    [{ owner: "a/b", name: "web" }, "REPOSITORY_NAME_INVALID", "is no repository"],
    [{ owner: "acme", name: "web", branch: "--upload-pack=touch x" }, "BRANCH_NOT_FOUND", "cannot be a branch"],
    [{ owner: "acme", name: "nothing" }, "REPOSITORY_NOT_FOUND", "acme/nothing"],
    [{ owner: "acme", name: "plain" }, "NOT_A_GIT_REPOSITORY", "git init"],
    [{ owner: "acme", name: "web", branch: "nope" }, "BRANCH_NOT_FOUND", "its branches are feature, main"],
    [{ owner: "acme", name: "broken" }, "CLONE_FAILED", "could not clone acme/broken"],
  ])("refuses %j with %s and leaves nothing behind", async (repository, code, text) => {
    const { base, workspaces, left } = await setUp();
    makeRepository(join(base, "acme/web"), { "a.txt": "1\n" });
    gitIn(join(base, "acme/web"), "branch", "feature");
    mkdirSync(join(base, "acme/plain"));
    makeRepository(join(base, "acme/broken"), { "a.txt": "1\n" });
    loseObject(join(base, "acme/broken"), "HEAD:a.txt");
    const failure = workspaces.prepareCloud({ sessionId: "s1", repository });
    await expect(failure).rejects.toMatchObject({ code });
    await expect(failure).rejects.toThrow(text);
    expect(left()).toEqual([]);
  });

  it("says when no place is configured and when git is missing", async () => {
    const { workspaces, base, root } = await setUp({});
    const repository = { owner: "acme", name: "web" };
    await expect(workspaces.prepareCloud({ sessionId: "s1", repository })).rejects.toMatchObject({
      code: "REPOSITORY_NOT_FOUND",
    });
    makeRepository(join(base, "acme/web"), { "a.txt": "1\n" });
    const git = createGit({ executable: "/no/such/git" });
    const without = createWorkspaces({ root, bases: { base }, git });
    await expect(without.prepareCloud({ sessionId: "s1", repository })).rejects.toMatchObject({
      code: "GIT_NOT_FOUND",
    });
    await expect(without.prepareCloud({ sessionId: "../x", repository })).rejects.toMatchObject({
      code: "SESSION_ID_INVALID",
    });
  });
});

describe("prepareLocal", () => {
  it("uses an existing folder where it is and never removes it", async () => {
    const { top, workspaces } = await setUp();
    makeRepository(join(top, "mine"), { "src/a.ts": "a\n" });
    const local = await workspaces.prepareLocal({ sessionId: "s1", workingDirectory: join(top, "mine/src") });
    expect(local).toEqual({ root: join(top, "mine/src"), isOwned: false, gitRoot: join(top, "mine") });
    await workspaces.remove("s1");
    expect(existsSync(join(top, "mine/src/a.ts"))).toBe(true);
  });

  it("refuses a missing folder and makes an empty one when none is given", async () => {
    const { root, workspaces } = await setUp();
    const missing = workspaces.prepareLocal({ sessionId: "s1", workingDirectory: join(root, "nope") });
    await expect(missing).rejects.toMatchObject({ code: "WORKSPACE_UNAVAILABLE" });
    expect(await workspaces.prepareLocal({ sessionId: "s1" })).toEqual({ root: join(root, "s1"), isOwned: true });
  });
});

describe("prepareCloud from a URL", () => {
  it("fetches one branch, a bounded history, with credentials that are stored nowhere", async () => {
    const { top, root, base } = await setUp();
    makeRepository(join(top, "source"), { "a.txt": "0\n" });
    for (let i = 1; i < 55; i += 1) gitIn(join(top, "source"), "commit", "--quiet", "--allow-empty", "-m", `c${i}`);
    gitIn(top, "clone", "--quiet", "--bare", "source", join(base, "acme/web.git"));
    const { url } = await serveGit(base, "hunter2");
    const prefix = url.replace("http://", "http://me:hunter2@");
    const workspaces = createWorkspaces({ root, bases: { base: prefix } });
    const progress: string[] = [];
    const repository = { owner: "acme", name: "web" };
    const workspace = await workspaces.prepareCloud({
      sessionId: "s1",
      repository,
      onProgress: (text) => progress.push(text),
    });
    expect(workspace.repository).toMatchObject({ branch: "main", remoteUrl: `${url}acme/web.git` });
    expect(gitIn(workspace.root, "rev-list", "--count", "HEAD")).toBe("50");
    expect(readFileSync(join(workspace.root, ".git/config"), "utf8")).not.toContain("hunter2");
    expect(progress.join("\n")).toMatch(/Resolving deltas: 100%/);
    const denied = createWorkspaces({ root, bases: { base: url.replace("http://", "http://me:wrong-password@") } });
    const failure = await denied.prepareCloud({ sessionId: "s2", repository }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "REPOSITORY_NOT_FOUND" });
    expect(String(failure)).not.toContain("wrong-password");
  });

  it("names the branches there are, finds a branch where HEAD names none, and clones an empty repository", async () => {
    const { top, root, base } = await setUp();
    makeRepository(join(top, "source"), { "a.txt": "1\n" });
    gitIn(top, "clone", "--quiet", "--bare", "source", join(base, "acme/web.git"));
    gitIn(base, "init", "--quiet", "--bare", "--initial-branch=main", "acme/empty.git");
    const { url } = await serveGit(base);
    const workspaces = createWorkspaces({ root, bases: { base: url } });
    const wrong = workspaces.prepareCloud({
      sessionId: "s1",
      repository: { owner: "acme", name: "web", branch: "nope" },
    });
    await expect(wrong).rejects.toThrow('acme/web has no branch "nope"; its branches are main.');
    const missing = workspaces.prepareCloud({ sessionId: "s1", repository: { owner: "acme", name: "nope" } });
    await expect(missing).rejects.toMatchObject({ code: "REPOSITORY_NOT_FOUND" });
    gitIn(join(base, "acme/web.git"), "symbolic-ref", "HEAD", "refs/heads/nothing");
    const unborn = await workspaces.prepareCloud({ sessionId: "s2", repository: { owner: "acme", name: "web" } });
    expect(unborn.repository).toMatchObject({ branch: "main" });
    expect(existsSync(join(unborn.root, "a.txt"))).toBe(true);
    const empty = await workspaces.prepareCloud({ sessionId: "s3", repository: { owner: "acme", name: "empty" } });
    expect(empty.repository).not.toHaveProperty("headCommit");
    expect(readdirSync(root).sort()).toEqual(["s2", "s3"]);
  });

  it("stops a clone that is cancelled and leaves nothing behind", async () => {
    const { root, left } = await setUp();
    const controller = new AbortController();
    // A server that takes the connection and never answers; the clone is cancelled once it is there.
    const server = createServer(() => controller.abort());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const workspaces = createWorkspaces({ root, bases: { base: `http://127.0.0.1:${port}/` } });
    const repository = { owner: "acme", name: "web" };
    const running = workspaces.prepareCloud({ sessionId: "s1", repository, signal: controller.signal });
    await expect(running).rejects.toMatchObject({ code: "ABORTED" });
    server.close();
    expect(left()).toEqual([]);
  });
});
