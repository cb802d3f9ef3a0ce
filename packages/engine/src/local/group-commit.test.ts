import { NarthexError } from "@narthex/protocol";
import { describe, expect, it } from "vitest";

import type { SqlDriver } from "./driver.ts";
import { EventRows } from "./event-rows.ts";
import { GroupCommit, type Write } from "./group-commit.ts";
import { LiveSessions } from "./live-sessions.ts";

const DISK_FULL = Object.assign(new Error("disk full"), { errcode: 13 });
const TAKEN = Object.assign(new Error("UNIQUE constraint failed"), { errcode: 1555 });

/** A group commit on a store that notes what it is told and fails on command. */
class Bench {
  readonly told: string[] = [];
  readonly commit: GroupCommit;
  failing: string | undefined;

  constructor(maxPendingBytes = 100_000) {
    const driver: SqlDriver = {
      name: "libsql",
      exec: (sql) => {
        this.told.push(sql);
        if (sql === this.failing) throw DISK_FULL;
      },
      prepare: () => ({ run: () => 0, all: () => [], get: () => undefined }),
      close: () => {},
    };
    const live = new LiveSessions({ maxSessions: 10, maxRecords: 10, maxBytes: 1000, maxTotalBytes: 1000 });
    const context = { driver, events: new EventRows(driver), live, guard: { assertSound: () => {} } };
    this.commit = new GroupCommit(context, maxPendingBytes, () => this.told.push("announce"));
  }

  /** Queues a write and notes when it is announced and how it settles. */
  write(name: string, options: Partial<Write<string>> & { isDurable?: boolean } = {}): Promise<void> {
    const { isDurable = true, ...rest } = options;
    const queued = this.commit.enqueue({
      sessionId: name,
      bytes: 0,
      write: (round) => {
        if (isDurable) round.beginWrite();
        this.told.push(`write ${name}`);
        return name;
      },
      committed: (value) => this.told.push(`announce ${value}`),
      ...rest,
    });
    return queued.then(
      (value) => void this.told.push(`resolved ${value}`),
      (error: NarthexError) => void this.told.push(`rejected ${name} ${error.code}`),
    );
  }
}

const refuse = (): never => {
  throw new NarthexError("SESSION_NOT_FOUND", "no such session");
};

describe("GroupCommit", () => {
  it("writes everything of one turn in one transaction, and announces it before anybody's promise settles", async () => {
    const bench = new Bench();
    await Promise.all([bench.write("a"), bench.write("b", { isDurable: false }), bench.write("c")]);
    expect(bench.told).toEqual([
      "BEGIN IMMEDIATE",
      "write a",
      "write b",
      "write c",
      "COMMIT",
      "announce",
      "announce a",
      "announce b",
      "announce c",
      "resolved a",
      "resolved b",
      "resolved c",
    ]);
  });

  it("does not touch the store for what does not need it", async () => {
    const bench = new Bench();
    await bench.write("a", { isDurable: false });
    expect(bench.told).toEqual(["write a", "announce", "announce a", "resolved a"]);
  });

  it("G2: refuses one write and makes the others", async () => {
    const bench = new Bench();
    await Promise.all([bench.write("a"), bench.write("b", { write: refuse }), bench.write("c")]);
    expect(bench.told).toContain("rejected b SESSION_NOT_FOUND");
    expect(bench.told).toContain("resolved a");
    expect(bench.told).toContain("resolved c");
    expect(bench.told.filter((line) => line === "COMMIT")).toHaveLength(1);
  });

  it.each(["BEGIN IMMEDIATE", "COMMIT"])(
    "G4: rejects what needs the store when %s fails, and nothing else",
    async (sql) => {
      const bench = new Bench();
      bench.failing = sql;
      await Promise.all([bench.write("a"), bench.write("b", { isDurable: false }), bench.write("c")]);
      const outcomes = bench.told.filter((line) => /^(resolved|rejected|announce) /.test(line));
      expect(outcomes.sort()).toEqual([
        "announce b",
        "rejected a STORE_UNAVAILABLE",
        "rejected c STORE_UNAVAILABLE",
        "resolved b",
      ]);
      expect(bench.told.filter((line) => line === sql)).toHaveLength(1);
      bench.failing = undefined;
      await bench.write("a");
      expect(bench.told.at(-1)).toBe("resolved a");
    },
  );

  it("rolls back and leaves out only the write whose key is taken", async () => {
    const bench = new Bench();
    const take: Write<string>["write"] = (round) => {
      round.beginWrite();
      throw TAKEN;
    };
    await Promise.all([bench.write("a"), bench.write("b", { write: take }), bench.write("c")]);
    expect(bench.told).toEqual([
      "BEGIN IMMEDIATE",
      "write a",
      "ROLLBACK",
      "BEGIN IMMEDIATE",
      "write a",
      "write c",
      "COMMIT",
      "announce",
      "announce a",
      "announce c",
      "rejected b LOG_CONFLICT",
      "resolved a",
      "resolved c",
    ]);
  });

  it("rejects a write that keeps failing, however many there are", async () => {
    const bench = new Bench();
    const fail = (): never => {
      throw new TypeError("defect");
    };
    await Promise.all([
      bench.write("a", { write: fail }),
      bench.write("b", { isDurable: false }),
      bench.write("c", { write: fail }),
    ]);
    expect(bench.told.filter((line) => line.startsWith("rejected"))).toEqual([
      "rejected a STORE_UNAVAILABLE",
      "rejected c STORE_UNAVAILABLE",
    ]);
    expect(bench.told).toContain("resolved b");
  });

  it("G5: refuses what would wait beyond the bound and forgets nothing of what waits", async () => {
    const bench = new Bench(2000);
    await Promise.all(["a", "b", "c"].map((name) => bench.write(name, { bytes: 400 })));
    expect(bench.told.filter((line) => /^(resolved|rejected)/.test(line)).sort()).toEqual([
      "rejected c QUEUE_FULL",
      "resolved a",
      "resolved b",
    ]);
  });

  it("writes out what waits when it is closed, and takes nothing afterwards", async () => {
    const bench = new Bench();
    const waiting = bench.write("a");
    await bench.commit.close();
    await Promise.all([waiting, bench.write("b")]);
    expect(bench.told.slice(-2)).toEqual(["resolved a", "rejected b STORE_UNAVAILABLE"]);
  });
});
