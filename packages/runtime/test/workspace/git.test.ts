import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createGit } from "../../src/workspace/git.ts";
import { makeRepository } from "./git-repository.ts";
import { temporaryFolder } from "./temporary-folder.ts";

describe("createGit", () => {
  it("gives back exit code and output of both kinds", async () => {
    const folder = await temporaryFolder();
    const head = makeRepository(folder, { "a.txt": "a\n" });
    const git = createGit();
    expect(await git.run(["rev-parse", "HEAD"], { cwd: folder })).toMatchObject({ exitCode: 0, stdout: `${head}\n` });
    const failed = await git.run(["rev-parse", "--verify", "nothing"], { cwd: folder });
    expect(failed.exitCode).toBe(128);
    expect(failed.stderr).toContain("fatal");
  });

  it("keeps no more output than it may and says that it was cut", async () => {
    const folder = await temporaryFolder();
    makeRepository(folder, { "a.txt": "a\n".repeat(100_000) });
    const result = await createGit().run(["show", "HEAD:a.txt"], { cwd: folder, maxOutputBytes: 1_000 });
    expect(result).toMatchObject({ exitCode: 0, isCut: true });
    expect(result.stdout).toHaveLength(1_000);
  });

  it("tells a missing git from a missing folder", async () => {
    const folder = await temporaryFolder();
    const missing = createGit({ executable: join(folder, "no-git") });
    await expect(missing.run(["version"], { cwd: folder })).rejects.toMatchObject({ code: "GIT_NOT_FOUND" });
    const git = createGit();
    await expect(git.run(["version"], { cwd: join(folder, "no") })).rejects.toMatchObject({
      code: "WORKSPACE_UNAVAILABLE",
    });
  });

  it("ends a call at its time limit and on abort", async () => {
    const folder = await temporaryFolder();
    // An alias that waits for ever stands for a hanging git.
    const hang = ["-c", "alias.hang=!sleep 100", "hang"];
    const git = createGit({ timeoutMs: 50 });
    await expect(git.run(hang, { cwd: folder })).rejects.toMatchObject({ code: "REQUEST_TIMEOUT" });
    const controller = new AbortController();
    const running = createGit().run(hang, { cwd: folder, signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: "ABORTED" });
    await expect(createGit().run(hang, { signal: controller.signal })).rejects.toMatchObject({ code: "ABORTED" });
  });
});
