import { describe, expect, it } from "vitest";

import { type Engine, type LocalEngineOptions, openLocalEngine } from "../src/index.ts";
import { SessionEvents } from "./session-events.ts";
import { makeTempDirectory } from "./temp-directory.ts";

async function openWithSessions(count: number, options: Partial<LocalEngineOptions>): Promise<Engine> {
  const engine = await openLocalEngine({ directory: makeTempDirectory(), ...options });
  for (let i = 0; i < count; i += 1) {
    await engine.directory.create({ id: `s-${i}`, isCloud: true, attributes: {} });
  }
  return engine;
}

async function ephemeralSeqs(engine: Engine, id: string): Promise<number[]> {
  const records = await engine.log.read(id, { includeEphemeral: true });
  return records.filter(({ ephemeral }) => ephemeral).map(({ seq }) => seq);
}

describe("the memory of an engine", () => {
  it("holds so many bytes of ephemeral records for a session, the latest ones", async () => {
    const engine = await openWithSessions(1, { maxEphemeralBytes: 10_000 });
    const events = new SessionEvents();
    for (let i = 0; i < 20; i += 1) await engine.log.append("s-0", [events.ephemeral("x".repeat(1800))]);
    expect(await ephemeralSeqs(engine, "s-0")).toEqual([16, 17, 18, 19, 20]);
    await engine.log.append("s-0", [events.ephemeral("x".repeat(20_000))]);
    expect(await ephemeralSeqs(engine, "s-0")).toEqual([]);
    await engine.close();
  });

  it("holds so many bytes of ephemeral records for all sessions, those of the latest used sessions", async () => {
    const engine = await openWithSessions(5, { maxEphemeralTotalBytes: 6000 });
    for (let i = 0; i < 5; i += 1) {
      await engine.log.append(`s-${i}`, [new SessionEvents().ephemeral("x".repeat(1800))]);
    }
    const kept = await Promise.all([0, 1, 2, 3, 4].map((i) => ephemeralSeqs(engine, `s-${i}`)));
    expect(kept).toEqual([[], [], [1], [1], [1]]);
    await engine.close();
  });

  it("holds so many sessions, and one that was let go continues behind what it had handed out", async () => {
    const engine = await openWithSessions(3, { maxLiveSessions: 2 });
    const events = [0, 1, 2].map((i) => new SessionEvents(`s${i}`));
    const seen: number[] = [];
    engine.log.subscribe("s-0", ({ seq }) => seen.push(seq));
    for (let turn = 0; turn < 4; turn += 1) {
      for (const [i, own] of events.entries()) await engine.log.append(`s-${i}`, [own.persisted(), own.ephemeral()]);
    }
    expect(seen).toHaveLength(8);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(await ephemeralSeqs(engine, "s-0")).toEqual([]);
    expect(await engine.log.tail("s-0")).toMatchObject({ lastPersistedId: "s0-7", persistedCount: 4 });
    expect(await engine.verify()).toEqual([]);
    await engine.close();
  });

  it("holds so many bytes of what waits, refuses the rest, and takes it when the wait is over", async () => {
    const engine = await openWithSessions(1, { maxPendingBytes: 5000 });
    const events = new SessionEvents();
    const batches = Array.from({ length: 4 }, () => [events.ephemeral("x".repeat(1500))]);
    const outcomes = await Promise.allSettled(batches.map((batch) => engine.log.append("s-0", batch)));
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "rejected"]);
    expect(outcomes[2]).toMatchObject({ reason: { code: "QUEUE_FULL", retry: "safe" } });
    expect(await engine.log.append("s-0", batches.at(2)!)).toMatchObject([{ seq: 3 }]);
    await engine.close();
  });

  it("takes a single append that is larger than everything that may wait", async () => {
    const engine = await openWithSessions(1, { maxPendingBytes: 1000 });
    await engine.log.append("s-0", [new SessionEvents().persisted("a", "x".repeat(5000))]);
    await engine.close();
  });

  it("holds no attributes beyond their limit, neither new nor merged ones", async () => {
    const engine = await openWithSessions(1, { maxAttributesBytes: 100 });
    const create = engine.directory.create({ id: "s-9", isCloud: true, attributes: { a: "x".repeat(100) } });
    await expect(create).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
    const { revision } = await engine.directory.update("s-0", { attributes: { a: "x".repeat(60) } }, 1);
    const merge = engine.directory.update("s-0", { attributes: { b: "x".repeat(60) } }, revision);
    await expect(merge).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
    expect((await engine.directory.get("s-0"))?.attributes).toEqual({ a: "x".repeat(60) });
    await engine.close();
  });
});

describe("the sequence numbers of a session", () => {
  it("have no gap after a clean end, nor in a session without ephemeral events", async () => {
    const directory = makeTempDirectory();
    const first = await openLocalEngine({ directory });
    await first.directory.create({ id: "s-0", isCloud: true, attributes: {} });
    const events = new SessionEvents();
    await first.log.append("s-0", [events.persisted(), events.ephemeral(), events.ephemeral()]);
    await first.close();
    const second = await openLocalEngine({ directory });
    expect(await second.log.append("s-0", events.many(2))).toMatchObject([{ seq: 4 }, { seq: 5 }]);
    await second.close();
    const third = await openLocalEngine({ directory });
    expect((await third.log.tail("s-0")).seq).toBe(5);
    await third.close();
  });
});

describe("a long replay", () => {
  it("shows the log as it was when it was asked for, and a subscription of that moment shows the rest", async () => {
    const engine = await openWithSessions(1, {});
    const events = new SessionEvents();
    await engine.log.append("s-0", events.many(6000));
    const reading = engine.log.read("s-0");
    const live: number[] = [];
    engine.log.subscribe("s-0", ({ seq }) => live.push(seq));
    await engine.log.append("s-0", events.many(2));
    expect(await reading).toHaveLength(6000);
    expect(live).toEqual([6001, 6002]);
    await engine.close();
  });

  it("is refused when the engine closes meanwhile", async () => {
    const engine = await openWithSessions(1, {});
    await engine.log.append("s-0", new SessionEvents().many(6000));
    const reading = engine.log.read("s-0");
    const [outcome] = await Promise.allSettled([reading, engine.close()]);
    expect(outcome).toMatchObject({ reason: { code: "STORE_UNAVAILABLE" } });
  });
});

describe("the clock of an engine", () => {
  it("never runs backwards for a session, even when the system's does", async () => {
    const directory = makeTempDirectory();
    let now = new Date("2026-11-22T10:00:00.000Z");
    const open = (): Promise<Engine> => openLocalEngine({ directory, now: () => now });
    const first = await open();
    const a = await first.directory.create({ id: "a", isCloud: true, attributes: {} });
    expect(a.createdAt).toBe(now.toISOString());
    await first.close();
    now = new Date("2020-01-01T00:00:00.000Z");
    const second = await open();
    await second.directory.create({ id: "b", isCloud: true, attributes: {} });
    expect((await second.directory.list({ onlyWithUserMessage: false })).map(({ id }) => id)).toEqual(["b", "a"]);
    now = new Date("2026-11-22T11:00:00.000Z");
    await second.log.append("a", [new SessionEvents().persisted()]);
    expect((await second.directory.get("a"))?.updatedAt).toBe(now.toISOString());
    await second.close();
  });
});
