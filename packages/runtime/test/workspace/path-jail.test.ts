import { constants } from "node:fs";
import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isInside, openInWorkspace, resolveInWorkspace } from "../../src/workspace/path-jail.ts";
import { temporaryFolder } from "./temporary-folder.ts";

async function makeJail(): Promise<{ root: string; secret: string }> {
  const top = await temporaryFolder();
  const root = join(top, "work");
  const secret = join(top, "secret");
  await mkdir(join(root, "src"), { recursive: true });
  await mkdir(secret);
  await writeFile(join(root, "src", "a.ts"), "a");
  await writeFile(join(secret, "key"), "k");
  await symlink(secret, join(root, "out"));
  await symlink(join(secret, "key"), join(root, "key"));
  await symlink("src", join(root, "inner"));
  await symlink(join(secret, "new"), join(root, "dangling"));
  await symlink("loop", join(root, "loop"));
  return { root, secret };
}

describe("resolveInWorkspace", () => {
  it("resolves relative, absolute, missing and linked paths inside the workspace", async () => {
    const { root } = await makeJail();
    expect(await resolveInWorkspace(root, "src/a.ts")).toEqual({
      absolute: join(root, "src/a.ts"),
      relative: "src/a.ts",
      exists: true,
    });
    expect((await resolveInWorkspace(root, join(root, "src"))).relative).toBe("src");
    expect((await resolveInWorkspace(root, "inner/a.ts")).relative).toBe("src/a.ts");
    expect(await resolveInWorkspace(root, "new/deep/b.ts")).toMatchObject({ relative: "new/deep/b.ts", exists: false });
    expect((await resolveInWorkspace(root, ".")).relative).toBe(".");
    expect((await resolveInWorkspace(root, "..a")).relative).toBe("..a");
  });

  it.each([
    "..",
    "../secret/key",
    "/etc/passwd",
    "out/key",
    "out",
    "out/new",
    "key",
    "dangling",
    "loop",
    "loop/x",
    "a\0b",
  ])("refuses %j", async (path) => {
    const { root } = await makeJail();
    await expect(resolveInWorkspace(root, path)).rejects.toMatchObject({ code: "PATH_OUTSIDE_WORKSPACE" });
  });

  it("gives back nothing outside of the root for any path", async () => {
    const { root } = await makeJail();
    const step = fc.constantFrom("..", ".", "src", "out", "inner", "key", "x", "", "loop", "a.ts");
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 6 }), fc.boolean(), async (steps, isAbsolute) => {
        const path = (isAbsolute ? `${root}/` : "") + steps.join("/");
        const resolved = await resolveInWorkspace(root, path).catch(() => undefined);
        if (resolved !== undefined) expect(isInside(root, resolved.absolute)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

describe("openInWorkspace", () => {
  it("refuses a file whose folder became a link after it was resolved", async () => {
    const { root, secret } = await makeJail();
    await writeFile(join(root, "src", "key"), "inside");
    const resolved = await resolveInWorkspace(root, "src/key");
    await rename(join(root, "src"), join(root, "moved"));
    await symlink(secret, join(root, "src"));
    await expect(openInWorkspace(root, resolved.absolute, constants.O_RDONLY)).rejects.toMatchObject({
      code: "PATH_OUTSIDE_WORKSPACE",
    });
  });

  it("does not follow a last link", async () => {
    const { root } = await makeJail();
    await expect(openInWorkspace(root, join(root, "key"), constants.O_RDONLY)).rejects.toMatchObject({ code: "ELOOP" });
  });
});
