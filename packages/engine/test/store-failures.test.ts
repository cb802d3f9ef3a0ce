import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { type Engine, type LocalEngineOptions, openLocalEngine } from "../src/index.ts";
import { type Child, scriptPath, startChild, startScript } from "./child-process.ts";
import { SessionEvents } from "./session-events.ts";
import { makeTempDirectory } from "./temp-directory.ts";

interface FullDisk {
  acknowledged: number;
  refusal: { code: string; message: string; hasCause: boolean };
  seq: number;
  readsBeyond: boolean;
}

async function openWithSession(directory: string, options: Partial<LocalEngineOptions> = {}): Promise<Engine> {
  const engine = await openLocalEngine({ directory, ...options });
  await engine.directory.create({ id: "s-1", isCloud: true, attributes: {} });
  return engine;
}

/** Runs SQL from another process and waits until it has; with `end`, only after a line on stdin. */
async function runSql(path: string, sql: string, end = ""): Promise<Child> {
  const child = startScript("run-sql", path, sql, end);
  await child.untilLines(1);
  return child;
}

async function letGo(child: Child): Promise<void> {
  child.stdin.write("\n");
  await child.finish();
}

describe("opening a store", () => {
  it("makes the directory and its files for the owner only", async () => {
    const directory = join(makeTempDirectory(), "deep", "data");
    const engine = await openWithSession(directory);
    const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
    expect(mode(directory)).toBe("700");
    for (const file of ["narthex.db", "narthex.db-wal", "narthex.db-shm"])
      expect(mode(join(directory, file))).toBe("600");
    await engine.close();
  });

  it("waits for another process that has the new file for itself, and lets other work go on", async () => {
    const directory = makeTempDirectory();
    const locker = await runSql(join(directory, "narthex.db"), "BEGIN EXCLUSIVE", "ROLLBACK");
    const opening = openLocalEngine({ directory, lockTimeoutMs: 20_000 });
    // The first attempt fails within these turns; the lock is only given up after them.
    for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await letGo(locker);
    const engine = await opening;
    expect(await engine.verify()).toEqual([]);
    await engine.close();
  });

  it("gives up when another process keeps the file for itself", async () => {
    const directory = makeTempDirectory();
    const locker = await runSql(join(directory, "narthex.db"), "BEGIN EXCLUSIVE", "ROLLBACK");
    const opening = openLocalEngine({ directory, lockTimeoutMs: 100 });
    await expect(opening).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await expect(opening).rejects.toThrow(/Another process holds/);
    await letGo(locker);
  });

  it("leaves everything in the one file when it is closed", async () => {
    const directory = makeTempDirectory();
    const engine = await openWithSession(directory);
    await engine.log.append("s-1", new SessionEvents().many(3));
    await engine.close();
    const copy = makeTempDirectory();
    writeFileSync(join(copy, "narthex.db"), readFileSync(join(directory, "narthex.db")));
    const restored = await openLocalEngine({ directory: copy });
    expect(await restored.log.tail("s-1")).toMatchObject({ persistedCount: 3 });
    await restored.close();
  });

  it("says what is wrong when a file stands where the directory should be", async () => {
    const file = join(makeTempDirectory(), "data");
    writeFileSync(file, "");
    for (const directory of [file, join(file, "below")]) {
      const opening = openLocalEngine({ directory });
      await expect(opening).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      await expect(opening).rejects.toThrow(/Choose a directory/);
    }
  });

  it("says what is wrong when a directory stands where the file should be", async () => {
    const directory = makeTempDirectory();
    mkdirSync(join(directory, "narthex.db"));
    const opening = openLocalEngine({ directory });
    await expect(opening).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await expect(opening).rejects.toThrow(/cannot be opened/);
  });

  it("refuses a file that is no database and leaves it as it is", async () => {
    const directory = makeTempDirectory();
    const path = join(directory, "narthex.db");
    const garbage = "this is no database. ".repeat(500);
    writeFileSync(path, garbage);
    const opening = openLocalEngine({ directory });
    await expect(opening).rejects.toMatchObject({ code: "STORE_CORRUPT" });
    await expect(opening).rejects.toThrow(/narthex\.db.*restore it from a backup/s);
    expect(readFileSync(path, "utf8")).toBe(garbage);
  });

  it("refuses the file of a newer version", async () => {
    const directory = makeTempDirectory();
    await (await openWithSession(directory)).close();
    await letGo(await runSql(join(directory, "narthex.db"), "PRAGMA user_version = 1000"));
    const opening = openLocalEngine({ directory });
    await expect(opening).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await expect(opening).rejects.toThrow(/newer version/);
  });

  it("refuses the database of another program", async () => {
    const directory = makeTempDirectory();
    await letGo(await runSql(join(directory, "narthex.db"), "CREATE TABLE theirs (x)"));
    const opening = openLocalEngine({ directory });
    await expect(opening).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await expect(opening).rejects.toThrow(/another program/);
  });

  it("refuses limits that are no limits", async () => {
    const directory = makeTempDirectory();
    const bad: Partial<LocalEngineOptions>[] = [
      { maxEphemeralRecords: 0 },
      { maxEventBytes: Number.POSITIVE_INFINITY },
      { lockTimeoutMs: 1.5 },
      { directory: "" },
      { synchronous: "off" as "full" },
    ];
    for (const options of bad) {
      await expect(openLocalEngine({ directory, ...options })).rejects.toMatchObject({ code: "INVALID_PARAMS" });
    }
  });
});

describe("a store that another process keeps locked", () => {
  it("refuses writes, lets ephemeral appends through, and takes the same writes when the lock is gone", async () => {
    const directory = makeTempDirectory();
    const engine = await openWithSession(directory, { lockTimeoutMs: 50 });
    await engine.directory.create({ id: "s-2", isCloud: true, attributes: {} });
    const [events, others] = [new SessionEvents("one"), new SessionEvents("two")];
    await engine.log.append("s-1", [events.persisted()]);
    await engine.log.append("s-2", [others.ephemeral()]);
    const seen: number[] = [];
    engine.log.subscribe("s-1", ({ seq }) => seen.push(seq));

    const locker = await runSql(join(directory, "narthex.db"), "BEGIN IMMEDIATE", "ROLLBACK");
    const blocked = events.many(2);
    const [refused, ephemeral, directoryWrite] = await Promise.allSettled([
      engine.log.append("s-1", blocked),
      engine.log.append("s-2", [others.ephemeral()]),
      engine.directory.create({ id: "s-3", isCloud: true, attributes: {} }),
    ]);
    expect(refused).toMatchObject({ status: "rejected", reason: { code: "STORE_UNAVAILABLE", retry: "safe" } });
    expect(refused).toMatchObject({ reason: { message: expect.stringContaining("Another process holds") as string } });
    expect((refused as PromiseRejectedResult).reason).toHaveProperty("cause");
    expect(directoryWrite).toMatchObject({ status: "rejected", reason: { code: "STORE_UNAVAILABLE" } });
    expect(ephemeral).toMatchObject({ status: "fulfilled", value: [{ seq: 2 }] });
    expect(seen).toEqual([]);
    expect(await engine.log.tail("s-1")).toMatchObject({ seq: 1, persistedCount: 1 });

    await letGo(locker);
    const records = await engine.log.append("s-1", blocked, { afterSeq: 1 });
    expect(records.map(({ seq }) => seq)).toEqual([2, 3]);
    expect(seen).toEqual([2, 3]);
    expect(await engine.verify()).toEqual([]);
    await engine.close();
  });

  it("is waited for", async () => {
    const directory = makeTempDirectory();
    await (await openWithSession(directory)).close();
    const locker = await runSql(join(directory, "narthex.db"), "BEGIN IMMEDIATE", "COMMIT");
    const writer = startScript("open-and-create", directory, "s-2");
    await writer.untilLines(1);
    await letGo(locker);
    await writer.finish();
    const engine = await openLocalEngine({ directory });
    expect(await engine.directory.get("s-2")).toBeDefined();
    await engine.close();
  });
});

describe("a store on a full disk", () => {
  it.skipIf(process.platform === "win32")(
    "refuses what it cannot write and keeps what it acknowledged (skipped on Windows: no ulimit)",
    async () => {
      const directory = makeTempDirectory();
      const limited = `trap '' XFSZ; ulimit -f 600; exec "$0" --no-warnings "$1" "$2"`;
      const child = startChild("bash", ["-c", limited, process.execPath, scriptPath("fill-disk"), directory]);
      const told = JSON.parse(await child.finish()) as FullDisk;
      expect(told.acknowledged).toBeGreaterThan(5);
      expect(told.refusal).toMatchObject({ code: "STORE_UNAVAILABLE", hasCause: true });
      expect(told.refusal.message).toMatch(/disk/);
      expect(told).toMatchObject({ seq: told.acknowledged, readsBeyond: false });

      const engine = await openLocalEngine({ directory });
      expect(await engine.log.read("s-1")).toHaveLength(told.acknowledged);
      expect(await engine.verify()).toEqual([]);
      await engine.log.append("s-1", [new SessionEvents("more", `e-${told.acknowledged}`).persisted()]);
      await engine.close();
    },
  );
});
