import type { RawSessionEvent } from "@narthex/protocol";
import { describe, expect, it } from "vitest";

import type { Engine, LogRecord } from "../../src/index.ts";
import type { ContractBench } from "../engine-contract.ts";
import { rejectionCodes } from "../rejection-codes.ts";
import { SessionEvents } from "../session-events.ts";

async function openWithSession(bench: ContractBench): Promise<Engine> {
  const engine = await bench.open();
  await engine.directory.create({ id: "s-1", isCloud: true, attributes: {} });
  return engine;
}

const seqsOf = (records: readonly LogRecord[]): number[] => records.map(({ seq }) => seq);

export function describeLog(bench: ContractBench): void {
  describe("log", () => {
    it("reads a range, and backwards from its end", async () => {
      const { directory, log } = await bench.open();
      await directory.create({ id: "range", isCloud: true, attributes: {} });
      const events = new SessionEvents("r");
      await log.append("range", [events.persisted(), events.ephemeral(), events.persisted(), ...events.many(3)]);
      const read = async (options: Parameters<typeof log.read>[1]) =>
        (await log.read("range", options)).map(({ seq }) => seq);
      expect(await read({ after: 1, upTo: 4 })).toEqual([3, 4]);
      expect(await read({ isBackward: true, limit: 2 })).toEqual([6, 5]);
      expect(await read({ isBackward: true, upTo: 3, includeEphemeral: true })).toEqual([3, 2, 1]);
      expect(await read({ isBackward: true, upTo: 2, limit: 1 })).toEqual([1]);
      expect(await read({ isBackward: true, upTo: 0 })).toEqual([]);
    });

    it("finds an event by its id, also a long way back and in the ephemeral lane", async () => {
      const { directory, log } = await bench.open();
      await directory.create({ id: "long", isCloud: true, attributes: {} });
      const events = new SessionEvents("l");
      await log.append("long", events.many(5_000));
      await log.append("long", [events.ephemeral()]);
      const found = await Promise.all(["l-1", "l-2500", "l-5000", "l-5001", "l"].map((id) => log.locate("long", id)));
      expect(found).toEqual([1, 2500, 5000, 5001, undefined]);
      await expect(log.locate("nobody", "l-1")).rejects.toMatchObject({ code: "SESSION_NOT_FOUND" });
    });

    it("numbers the first event 1 and the following ones upwards", async () => {
      const { log } = await openWithSession(bench);
      const events = new SessionEvents();
      expect(seqsOf(await log.append("s-1", events.many(3)))).toEqual([1, 2, 3]);
      expect(seqsOf(await log.append("s-1", events.many(1)))).toEqual([4]);
    });

    it("reads back exactly what was appended", async () => {
      const { log } = await openWithSession(bench);
      const data = {
        text: 'quotes " \\ and \u0000 \u2028 \ud800 🙂',
        deep: [[[{ n: -0.5e-7, no: null }]]],
        big: 2 ** 53,
      };
      const event = { ...new SessionEvents().persisted("some.unknown_type", data), agentId: "a", extra: [true] };
      const before = structuredClone(event);
      const [appended] = await log.append("s-1", [event]);
      expect(event).toEqual(before);
      expect(appended).toEqual({ seq: 1, ephemeral: false, event: before });
      expect(await log.read("s-1")).toEqual([appended]);
    });

    it("keeps an event as it was when it was appended, whatever becomes of the object", async () => {
      const { log } = await openWithSession(bench);
      const events = new SessionEvents();
      const [persisted, ephemeral] = [events.persisted("a", { n: 1 }), events.ephemeral({ n: 1 })];
      const appending = log.append("s-1", [persisted, ephemeral]);
      persisted.data = { n: 2 };
      persisted.type = "b";
      ephemeral.data = { n: 2 };
      await appending;
      const records = await log.read("s-1", { includeEphemeral: true });
      expect(records.map(({ event }) => [event.type, event.data])).toEqual([
        ["a", { n: 1 }],
        ["assistant.message_delta", { n: 1 }],
      ]);
    });

    it("reads from a position on, as many as wanted", async () => {
      const { log } = await openWithSession(bench);
      await log.append("s-1", new SessionEvents().many(5));
      expect(seqsOf(await log.read("s-1", { after: 2 }))).toEqual([3, 4, 5]);
      expect(seqsOf(await log.read("s-1", { after: 1, limit: 2 }))).toEqual([2, 3]);
      expect(await log.read("s-1", { limit: 0 })).toEqual([]);
      expect(await log.read("s-1", { after: 99 })).toEqual([]);
      for (const bad of [{ after: -1 }, { after: 0.5 }, { limit: -1 }, { limit: Number.NaN }]) {
        await expect(log.read("s-1", bad)).rejects.toMatchObject({ code: "INVALID_PARAMS" });
      }
    });

    it("reads a long log whole and in order", async () => {
      const { log } = await openWithSession(bench);
      const events = new SessionEvents();
      for (let i = 0; i < 5; i += 1) await log.append("s-1", events.many(1000));
      const all = await log.read("s-1");
      expect(seqsOf(all)).toEqual(Array.from({ length: 5000 }, (_, i) => i + 1));
      expect(seqsOf(await log.read("s-1", { after: 2047, limit: 2049 }))).toEqual(seqsOf(all.slice(2047, 4096)));
    });

    it("gives ephemeral events their place in the order and leaves them out unless asked", async () => {
      const { log } = await openWithSession(bench);
      const events = new SessionEvents();
      await log.append("s-1", [events.persisted(), events.ephemeral(), events.ephemeral(), events.persisted()]);
      await log.append("s-1", [events.ephemeral()]);
      expect(seqsOf(await log.read("s-1"))).toEqual([1, 4]);
      const all = await log.read("s-1", { includeEphemeral: true });
      expect(all.map(({ seq, ephemeral }) => [seq, ephemeral])).toEqual([
        [1, false],
        [2, true],
        [3, true],
        [4, false],
        [5, true],
      ]);
      expect(seqsOf(await log.read("s-1", { includeEphemeral: true, after: 1, limit: 3 }))).toEqual([2, 3, 4]);
    });

    it("keeps the latest ephemeral records only", async () => {
      const engine = await bench.open({ maxEphemeralRecords: 3 });
      await engine.directory.create({ id: "s-1", isCloud: true, attributes: {} });
      const events = new SessionEvents();
      for (let i = 0; i < 10; i += 1) await engine.log.append("s-1", [events.ephemeral()]);
      await engine.log.append("s-1", [events.persisted()]);
      expect(seqsOf(await engine.log.read("s-1", { includeEphemeral: true }))).toEqual([8, 9, 10, 11]);
    });

    it("tells where the log stands", async () => {
      const { log } = await openWithSession(bench);
      const events = new SessionEvents();
      expect(await log.tail("s-1")).toEqual({ seq: 0, lastPersistedId: null, persistedCount: 0 });
      await log.append("s-1", [events.persisted(), events.persisted(), events.ephemeral()]);
      expect(await log.tail("s-1")).toEqual({ seq: 3, lastPersistedId: "e-2", persistedCount: 2 });
    });

    it("knows no log of a session that does not exist", async () => {
      const { log } = await openWithSession(bench);
      const calls = [log.append("nobody", new SessionEvents().many(1)), log.read("nobody"), log.tail("nobody")];
      expect(await rejectionCodes(calls)).toEqual(calls.map(() => "SESSION_NOT_FOUND"));
    });

    it("appends nothing when nothing is given", async () => {
      const { log } = await openWithSession(bench);
      expect(await log.append("s-1", [])).toEqual([]);
      expect((await log.tail("s-1")).seq).toBe(0);
    });

    it("keeps the order of appends that do not wait for each other", async () => {
      const engine = await openWithSession(bench);
      await engine.directory.create({ id: "s-2", isCloud: true, attributes: {} });
      const events = { "s-1": new SessionEvents("a"), "s-2": new SessionEvents("b") };
      const appends = Array.from({ length: 100 }, (_, i) => {
        const id = i % 3 === 0 ? "s-2" : "s-1";
        return engine.log.append(id, [i % 5 === 0 ? events[id].ephemeral() : events[id].persisted()]);
      });
      await Promise.all(appends);
      for (const id of ["s-1", "s-2"] as const) {
        const records = await engine.log.read(id, { includeEphemeral: true });
        const made = records.map(({ event }) => Number(event.id.slice(2)));
        expect(made).toEqual(made.map((_, i) => i + 1));
      }
      expect(await engine.verify()).toEqual([]);
    });

    it("appends behind the expected position and nowhere else", async () => {
      const { log } = await openWithSession(bench);
      const events = new SessionEvents();
      await log.append("s-1", [events.persisted(), events.ephemeral()], { afterSeq: 0 });
      for (const afterSeq of [0, 1, 3]) {
        const late = log.append("s-1", [events.persisted()], { afterSeq });
        await expect(late).rejects.toMatchObject({ code: "LOG_CONFLICT" });
      }
      expect((await log.tail("s-1")).seq).toBe(2);
      expect(seqsOf(await log.append("s-1", [events.persisted()], { afterSeq: 2 }))).toEqual([3]);
    });

    it("lets one of two appends behind the same position through", async () => {
      const { log } = await openWithSession(bench);
      const outcomes = await Promise.allSettled([
        log.append("s-1", new SessionEvents("a").many(2), { afterSeq: 0 }),
        log.append("s-1", new SessionEvents("b").many(2), { afterSeq: 0 }),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
      expect((await log.read("s-1")).map(({ event }) => event.id)).toEqual(["a-1", "a-2"]);
    });

    it("refuses events that it could not give back, and appends nothing of their batch", async () => {
      const engine = await bench.open({ maxEventBytes: 1000 });
      await engine.directory.create({ id: "s-1", isCloud: true, attributes: {} });
      const events = new SessionEvents();
      const circular: Record<string, unknown> = {};
      circular["self"] = circular;
      const bad: [unknown, string][] = [
        [{ ...events.persisted(), id: "" }, "INVALID_PARAMS"],
        [{ ...events.persisted(), type: undefined }, "INVALID_PARAMS"],
        [null, "INVALID_PARAMS"],
        [events.persisted("a", circular), "INVALID_PARAMS"],
        [events.persisted("a", 1n), "INVALID_PARAMS"],
        [events.persisted("a", "ü".repeat(500)), "LIMIT_EXCEEDED"],
        [events.ephemeral("x".repeat(1000)), "LIMIT_EXCEEDED"],
      ];
      for (const [event, code] of bad) {
        const append = engine.log.append("s-1", [events.persisted(), event as RawSessionEvent]);
        await expect(append).rejects.toMatchObject({ code });
      }
      expect(await engine.log.tail("s-1")).toMatchObject({ seq: 0, persistedCount: 0 });
    });

    it("refuses everything once it is closed, and closes twice without harm", async () => {
      const engine = await openWithSession(bench);
      const { directory, log } = engine;
      const pending = log.append("s-1", new SessionEvents().many(2));
      await Promise.all([engine.close(), engine.close()]);
      expect(seqsOf(await pending)).toEqual([1, 2]);
      const calls = [
        log.append("s-1", []),
        log.read("s-1"),
        log.tail("s-1"),
        directory.create({ id: "s-2", isCloud: true, attributes: {} }),
        directory.get("s-1"),
        directory.list(),
        directory.last(),
        directory.update("s-1", { attributes: {} }, 1),
        directory.remove("s-1"),
        engine.verify(),
      ];
      expect(await rejectionCodes(calls)).toEqual(calls.map(() => "STORE_UNAVAILABLE"));
      expect(() => log.subscribe("s-1", () => {})).toThrow(expect.objectContaining({ code: "STORE_UNAVAILABLE" }));
      await engine.close();
    });
  });
}
