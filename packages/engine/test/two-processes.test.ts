import { describe, expect, it } from "vitest";

import { openLocalEngine } from "../src/index.ts";
import { startScript } from "./child-process.ts";
import { makeTempDirectory } from "./temp-directory.ts";

interface Report {
  acknowledged: [session: string, seq: number, id: string][];
  conflicts: number;
}

describe("two processes on one directory", () => {
  it("append beside each other, to sessions of their own and to a shared one, and lose nothing", async () => {
    const directory = makeTempDirectory();
    const count = 150;
    const engine = await openLocalEngine({ directory });
    await engine.directory.create({ id: "shared", isCloud: true, attributes: {} });
    const children = ["one", "two"].map((name) => startScript("append-beside", directory, name, String(count)));
    const reports = await Promise.all(children.map(async (child) => JSON.parse(await child.finish()) as Report));

    const acknowledged = reports.flatMap((report) => report.acknowledged);
    expect(acknowledged).toHaveLength(4 * count);
    for (const session of ["own-one", "own-two", "shared"]) {
      const stored = (await engine.log.read(session)).map(({ seq, event }) => [session, seq, event.id]);
      const told = acknowledged.filter(([of]) => of === session).sort((a, b) => a[1] - b[1]);
      expect(stored).toEqual(told);
    }
    expect(await engine.verify()).toEqual([]);
    expect(await engine.directory.list()).toHaveLength(3);
    await engine.close();
  });

  it("know whether another one is there, also when that is killed", async () => {
    const directory = makeTempDirectory();
    const engine = await openLocalEngine({ directory });
    expect(await engine.isAlone()).toBe(true);
    const other = startScript("post-forever", directory, "other");
    await other.untilLines(1);
    expect(await engine.isAlone()).toBe(false);
    await other.kill();
    expect(await engine.isAlone()).toBe(true);
    await engine.directory.create({ id: "after", isCloud: true, attributes: {} });
    expect(await engine.verify()).toEqual([]);
    await engine.close();
  });

  it("create one new store when they open it at the same moment", async () => {
    const directory = makeTempDirectory();
    const children = ["one", "two", "three"].map((name) => startScript("open-and-create", directory, name));
    await Promise.all(children.map((child) => child.finish()));
    const engine = await openLocalEngine({ directory });
    const sessions = await engine.directory.list({ onlyWithUserMessage: false });
    expect(sessions.map(({ id }) => id).sort()).toEqual(["one", "three", "two"]);
    expect(await engine.verify()).toEqual([]);
    await engine.close();
  });
});
