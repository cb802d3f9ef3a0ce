// Real files, really damaged: what is found, where, and that other sessions go on.
import { copyFileSync, existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { type Engine, openLocalEngine } from "../src/index.ts";
import { startScript } from "./child-process.ts";
import { SessionEvents } from "./session-events.ts";
import { makeTempDirectory } from "./temp-directory.ts";

const CORRUPT = { code: "STORE_CORRUPT" };

/** A store with two sessions, of which the events of "hurt" carry a text that can be found in the file. */
async function makeStore(): Promise<string> {
  const directory = makeTempDirectory();
  const engine = await openLocalEngine({ directory });
  for (const id of ["hurt", "sound"]) await engine.directory.create({ id, isCloud: true, attributes: {} });
  const events = new SessionEvents();
  for (let n = 1; n <= 8; n += 1) {
    await engine.log.append("hurt", [events.persisted("assistant.message", { content: `needle-${n}-of-hay` })]);
  }
  await engine.log.append("sound", new SessionEvents("ok").many(3));
  await engine.close();
  return directory;
}

async function runSql(directory: string, sql: string): Promise<void> {
  const child = startScript("run-sql", join(directory, "narthex.db"), sql);
  await child.untilLines(1);
  child.stdin.write("\n");
  await child.finish();
}

/** Changes bytes of the database file, as a failing disk does. */
function overwrite(directory: string, text: string, other: string): void {
  const path = join(directory, "narthex.db");
  const bytes = readFileSync(path);
  const at = bytes.indexOf(text);
  expect(at).toBeGreaterThan(0);
  bytes.write(other, at);
  writeFileSync(path, bytes);
}

async function expectSoundSession(engine: Engine): Promise<void> {
  expect(await engine.log.read("sound")).toHaveLength(3);
  expect(await engine.verify("sound")).toEqual([]);
  await engine.log.append("sound", [new SessionEvents("more", "ok-3").persisted()]);
}

describe("a damaged log", () => {
  const damages: [name: string, damage: (directory: string) => unknown, record: RegExp][] = [
    ["bytes of an event changed", (d) => overwrite(d, "needle-4", "noodle-4"), /record 4/],
    ["a row missing in the middle", (d) => runSql(d, "DELETE FROM events WHERE session = 1 AND seq = 4"), /record 5/],
    ["the first row missing", (d) => runSql(d, "DELETE FROM events WHERE session = 1 AND seq = 1"), /record 2/],
    ["two rows exchanged", (d) => runSql(d, SWAP), /record 3/],
    ["the number of a row changed", (d) => runSql(d, "UPDATE events SET seq = 99 WHERE seq = 8"), /record 7/],
    ["the last row missing", (d) => runSql(d, "DELETE FROM events WHERE session = 1 AND seq = 8"), /record 7/],
    ["the last row changed", (d) => overwrite(d, "needle-8", "noodle-8"), /record 8/],
  ];
  const SWAP = `UPDATE events SET body = (SELECT body FROM events e WHERE e.session = 1 AND e.seq = 7 - events.seq)
    WHERE session = 1 AND seq IN (3, 4)`;

  it.each(damages)("is refused where it is read: %s", async (_name, damage, record) => {
    const directory = await makeStore();
    await damage(directory);
    const engine = await openLocalEngine({ directory });
    for (const options of [{}, { isBackward: true }]) {
      await expect(engine.log.read("hurt", options)).rejects.toMatchObject(CORRUPT);
    }
    await expect(engine.log.read("hurt")).rejects.toThrow(record);
    expect((await engine.verify("hurt")).join()).toMatch(/record/);
    await expectSoundSession(engine);
    await engine.close();
  });

  it("does not stop the reading of what stands before the damage", async () => {
    const directory = await makeStore();
    overwrite(directory, "needle-6", "noodle-6");
    const engine = await openLocalEngine({ directory });
    expect(await engine.log.read("hurt", { limit: 5 })).toHaveLength(5);
    await expect(engine.log.read("hurt", { after: 5, limit: 1 })).rejects.toMatchObject(CORRUPT);
    await engine.close();
  });

  it.each([
    ["missing", (d: string) => runSql(d, "DELETE FROM events WHERE session = 1 AND seq = 8")],
    ["without its checksum", (d: string) => runSql(d, "UPDATE events SET sum = 7 WHERE session = 1 AND seq = 8")],
  ])("gets nothing appended when its last row is %s", async (_name, damage) => {
    const directory = await makeStore();
    await damage(directory);
    const engine = await openLocalEngine({ directory });
    const append = engine.log.append("hurt", [new SessionEvents("late", "e-8").persisted()]);
    await expect(append).rejects.toMatchObject(CORRUPT);
    await expectSoundSession(engine);
    await engine.close();
  });
});

/** A process that was killed, with everything it wrote still in the write-ahead log. */
async function killedStore(): Promise<{ directory: string; wal: string }> {
  const directory = makeTempDirectory();
  const engine = await openLocalEngine({ directory });
  for (const id of ["hurt", "sound"]) await engine.directory.create({ id, isCloud: true, attributes: {} });
  await engine.log.append("sound", new SessionEvents("ok").many(3));
  const events = new SessionEvents();
  for (let n = 0; n < 8; n += 1) await engine.log.append("hurt", [events.persisted()]);
  await engine.mailbox.post("hurt", { commandId: "c-1", kind: "prompt", payload: "go" });
  await engine.directory.create({ id: "late", isCloud: true, attributes: {} });
  await engine.log.append("late", new SessionEvents("late").many(1));
  // The files as they are now: what a kill would leave.
  const copy = makeTempDirectory();
  for (const file of ["narthex.db", "narthex.db-wal", "narthex.marks"]) {
    copyFileSync(join(directory, file), join(copy, file));
  }
  await engine.close();
  return { directory: copy, wal: join(copy, "narthex.db-wal") };
}

describe("a write-ahead log that was cut", () => {
  it("is whole when nothing was cut", async () => {
    const { directory } = await killedStore();
    const engine = await openLocalEngine({ directory });
    expect(await engine.verify()).toEqual([]);
    await engine.log.append("hurt", [new SessionEvents("more", "e-8").persisted()]);
    await engine.close();
  });

  it("does not pass for an older log: what was acknowledged is missed, and other sessions go on", async () => {
    const { directory, wal } = await killedStore();
    truncateSync(wal, Math.floor(statSync(wal).size * 0.7));
    const engine = await openLocalEngine({ directory });
    const findings = (await engine.verify()).join("\n");
    expect(findings).toMatch(/Session hurt: it was written up to record 8, and the store ends with \d/);
    expect(findings).toMatch(/Session hurt: its mailbox had 1 commands, and the store ends with 0/);
    expect(findings).toMatch(/Session number 3 was created and written to, and is not in the store/);
    await expect(engine.log.read("hurt")).rejects.toMatchObject(CORRUPT);
    const append = engine.log.append("hurt", [new SessionEvents("late").persisted()]);
    await expect(append).rejects.toMatchObject(CORRUPT);
    await expectSoundSession(engine);
    // The place of the lost session is given to another one, which has nothing to do with it.
    await engine.directory.create({ id: "late", isCloud: true, attributes: {} });
    await engine.log.append("late", new SessionEvents("late").many(1));
    await engine.close();
  });

  it("is taken as it is once the marks are deleted, as after going back to a backup", async () => {
    const { directory, wal } = await killedStore();
    truncateSync(wal, Math.floor(statSync(wal).size * 0.7));
    rmSync(join(directory, "narthex.marks"));
    const engine = await openLocalEngine({ directory });
    expect(await engine.verify()).toEqual([]);
    const { seq } = await engine.log.tail("hurt");
    await engine.log.append("hurt", [{ ...new SessionEvents("more").persisted(), parentId: `e-${seq}` }]);
    await engine.close();
  });

  it("is not touched by a look at it", async () => {
    const { directory, wal } = await killedStore();
    truncateSync(wal, Math.floor(statSync(wal).size * 0.7));
    const files = ["narthex.db", "narthex.db-wal", "narthex.marks"].map((name) => join(directory, name));
    const before = files.map((file) => readFileSync(file));
    const engine = await openLocalEngine({ directory, readOnly: true });
    expect(await engine.verify()).not.toEqual([]);
    await engine.close();
    expect(files.map((file) => readFileSync(file))).toEqual(before);
  });
});

describe("marks", () => {
  it("that are torn or of another session say nothing", async () => {
    const directory = await makeStore();
    const path = join(directory, "narthex.marks");
    const bytes = readFileSync(path);
    bytes.fill(0x5a, 32, 48);
    writeFileSync(path, bytes);
    const engine = await openLocalEngine({ directory });
    expect(await engine.verify()).toEqual([]);
    await engine.close();
  });
});

describe("an engine that is opened for reading only", () => {
  it("reads, refuses to write, and makes nothing where nothing is", async () => {
    const directory = await makeStore();
    const engine = await openLocalEngine({ directory, readOnly: true });
    expect(await engine.log.read("hurt")).toHaveLength(8);
    const append = engine.log.append("hurt", [new SessionEvents("x").persisted()]);
    await expect(append).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await engine.close();
    const nowhere = join(makeTempDirectory(), "none");
    await expect(openLocalEngine({ directory: nowhere, readOnly: true })).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
    });
    expect(existsSync(nowhere)).toBe(false);
  });
});
