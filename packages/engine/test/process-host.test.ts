import { describe, expect, it } from "vitest";

import { isProcessGone, nameOfThisHost, openLocalEngine } from "../src/index.ts";
import { startScript } from "./child-process.ts";
import { makeTempDirectory } from "./temp-directory.ts";

describe("the name of a host", () => {
  it("is another one each time, and of a process that is there", () => {
    const names = [nameOfThisHost(), nameOfThisHost()];
    expect(new Set(names).size).toBe(2);
    expect(names.map(isProcessGone)).toEqual([false, false]);
  });

  it.each(["somebody", "elsewhere/999999999/abc", "a/b/c/1/0f", ""])("says nothing when it is %s", (name) => {
    expect(isProcessGone(name)).toBe(false);
  });
});

describe("a lease of a process that was killed", () => {
  it("counts for nothing at once", async () => {
    const directory = makeTempDirectory();
    const child = startScript("claim-and-hold", directory);
    await child.untilLines(1);
    const engine = await openLocalEngine({ directory });
    expect(await engine.leases.claim("s", nameOfThisHost(), 60_000)).toBeUndefined();
    expect(await engine.leases.expired()).toEqual([]);
    await child.kill();
    expect(await engine.leases.expired()).toEqual(["s"]);
    expect(await engine.leases.holder("s")).toBeUndefined();
    expect(await engine.leases.claim("s", nameOfThisHost(), 60_000)).toEqual({ epoch: 2 });
    await engine.close();
  });
});
