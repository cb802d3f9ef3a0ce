import { describe, expect, it } from "vitest";

import type { LogRecord } from "../../src/index.ts";
import type { ContractBench } from "../engine-contract.ts";
import { rejectionCodes } from "../rejection-codes.ts";
import { SessionEvents } from "../session-events.ts";

const seqsOf = (records: readonly LogRecord[]): number[] => records.map(({ seq }) => seq);

export function describeReopening(bench: ContractBench): void {
  describe("store", () => {
    it("has everything persisted when it is opened again", async () => {
      const first = await bench.open();
      const created = await first.directory.create({ id: "s-1", isCloud: true, attributes: { a: 1 } });
      const events = new SessionEvents();
      const appended = await first.log.append("s-1", [events.persisted("user.message"), ...events.many(2)]);
      const updated = await first.directory.update("s-1", { attributes: { b: 2 } }, created.revision);
      await first.close();
      const second = await bench.open();
      expect(await second.log.read("s-1")).toEqual(appended);
      expect(await second.log.tail("s-1")).toEqual({ seq: 3, lastPersistedId: "e-3", persistedCount: 3 });
      expect(await second.directory.list()).toEqual([{ ...updated, hasUserMessage: true }]);
      expect(await second.verify()).toEqual([]);
    });

    it("never hands out the number of an ephemeral record again", async () => {
      const first = await bench.open();
      await first.directory.create({ id: "s-1", isCloud: true, attributes: {} });
      const events = new SessionEvents();
      await first.log.append("s-1", [events.persisted()]);
      const last = seqsOf(await first.log.append("s-1", [events.ephemeral(), events.ephemeral()])).at(-1)!;
      await first.close();
      const second = await bench.open();
      expect(seqsOf(await second.log.read("s-1", { includeEphemeral: true }))).toEqual([1]);
      expect((await second.log.tail("s-1")).seq).toBeGreaterThanOrEqual(last);
      const [next] = await second.log.append("s-1", [events.persisted()]);
      expect(next?.seq).toBeGreaterThan(last);
    });

    it("goes on behind everything that another engine handed out and has not closed", async () => {
      const first = await bench.open();
      await first.directory.create({ id: "s-1", isCloud: true, attributes: {} });
      const events = new SessionEvents();
      const handedOut: number[] = [];
      first.log.subscribe("s-1", ({ seq }) => handedOut.push(seq));
      await first.log.append("s-1", [events.persisted(), events.ephemeral()]);
      const second = await bench.open();
      const own = await second.log.append("s-1", [events.ephemeral(), events.persisted()]);
      for (let i = 0; i < 20; i += 1) await first.log.append("s-1", [events.ephemeral()]).catch(() => []);
      const all = [...handedOut, ...seqsOf(own)];
      expect(new Set(all).size).toBe(all.length);
      expect(own[0]?.seq).toBeGreaterThan(2);
    });

    it("refuses the append of an engine that missed another one's, and takes its next", async () => {
      const [first, second] = [await bench.open(), await bench.open()];
      await first.directory.create({ id: "s-1", isCloud: true, attributes: {} });
      await first.log.append("s-1", new SessionEvents("first").many(2));
      await second.log.append("s-1", new SessionEvents("second", "first-2").many(1));
      const late = new SessionEvents("late", "first-2").many(1);
      await expect(first.log.append("s-1", late)).rejects.toMatchObject({ code: "LOG_CONFLICT" });
      const { seq, lastPersistedId } = await first.log.tail("s-1");
      expect({ seq, lastPersistedId }).toEqual({ seq: 3, lastPersistedId: "second-1" });
      await first.log.append("s-1", new SessionEvents("again", lastPersistedId).many(1), { afterSeq: seq });
      const ids = (await second.log.read("s-1")).map(({ event }) => event.id);
      expect(ids).toEqual(["first-1", "first-2", "second-1", "again-1"]);
      expect(await second.verify()).toEqual([]);
    });

    it("refuses the late persisted append of an engine even when its numbers are free", async () => {
      const [first, second] = [await bench.open(), await bench.open()];
      await first.directory.create({ id: "s-1", isCloud: true, attributes: {} });
      // The ephemeral record makes the first engine reserve numbers, and the second one go on far behind it.
      const events = new SessionEvents("first");
      await first.log.append("s-1", [events.persisted(), events.ephemeral()]);
      const [taken] = await second.log.append("s-1", new SessionEvents("second", "first-1").many(1));
      const late = first.log.append("s-1", [events.persisted()]);
      await expect(late).rejects.toMatchObject({ code: "LOG_CONFLICT" });
      expect(seqsOf(await first.log.read("s-1"))).toEqual([1, taken?.seq]);
      expect(await second.verify()).toEqual([]);
    });

    it("refuses every append that was queued with the one that came too late", async () => {
      const [first, second] = [await bench.open(), await bench.open()];
      await first.directory.create({ id: "s-1", isCloud: true, attributes: {} });
      const events = new SessionEvents("first");
      await first.log.append("s-1", events.many(1));
      await second.log.append("s-1", new SessionEvents("second", "first-1").many(1));
      const appends = [events.many(1), events.many(1)].map((batch) => first.log.append("s-1", batch));
      expect(await rejectionCodes(appends)).toEqual(["LOG_CONFLICT", "LOG_CONFLICT"]);
      expect(await first.log.read("s-1")).toHaveLength(2);
    });

    it("compares the expected position with what other engines handed out, ephemeral records too", async () => {
      const [first, second] = [await bench.open(), await bench.open()];
      await first.directory.create({ id: "s-1", isCloud: true, attributes: {} });
      const [one, two] = [new SessionEvents("first"), new SessionEvents("second")];
      await first.log.append("s-1", [one.ephemeral()]);
      const before = await first.log.tail("s-1");
      const [taken] = await second.log.append("s-1", [two.ephemeral()]);
      const late = first.log.append("s-1", [one.ephemeral()], { afterSeq: before.seq });
      await expect(late).rejects.toMatchObject({ code: "LOG_CONFLICT" });
      const { seq } = await first.log.tail("s-1");
      expect(seq).toBeGreaterThanOrEqual(taken?.seq ?? Infinity);
      const [next] = await first.log.append("s-1", [one.persisted()], { afterSeq: seq });
      expect(next?.seq).toBe(seq + 1);
    });

    it("shows each engine what the other one did", async () => {
      const [first, second] = [await bench.open(), await bench.open()];
      await first.directory.create({ id: "s-1", isCloud: true, attributes: { a: 1 } });
      await first.log.append("s-1", [new SessionEvents("own").persisted()]);
      await second.log.append("s-1", [new SessionEvents().persisted("user.message")]);
      expect(await first.log.tail("s-1")).toMatchObject({ seq: 2, persistedCount: 2 });
      expect(await first.directory.last()).toMatchObject({ id: "s-1", hasUserMessage: true });
      await second.directory.update("s-1", { attributes: { a: 2 } }, 1);
      const stale = first.directory.update("s-1", { attributes: { a: 3 } }, 1);
      await expect(stale).rejects.toMatchObject({ code: "LOG_CONFLICT" });
      await first.log.append("s-1", new SessionEvents("more").many(1), { afterSeq: 2 });
      await second.directory.remove("s-1");
      const append = first.log.append("s-1", new SessionEvents("x").many(1));
      await expect(append).rejects.toMatchObject({ code: "SESSION_NOT_FOUND" });
    });

    it("does not mix up a session with one of the same id that another engine put in its place", async () => {
      const [first, second] = [await bench.open(), await bench.open()];
      await first.directory.create({ id: "s-1", isCloud: true, attributes: {} });
      const events = new SessionEvents("old");
      await first.log.append("s-1", [events.persisted(), events.ephemeral()]);
      await second.directory.remove("s-1");
      await second.directory.create({ id: "s-1", isCloud: true, attributes: {} });
      const missed = first.log.append("s-1", new SessionEvents("missed").many(1));
      await expect(missed).rejects.toMatchObject({ code: "LOG_CONFLICT" });
      await first.log.append("s-1", new SessionEvents("new").many(1));
      const records = await first.log.read("s-1", { includeEphemeral: true });
      expect(records.map(({ event }) => event.id)).toEqual(["new-1"]);
    });

    it("has none of the ephemeral records of a session in the log of its successor", async () => {
      const [first, second] = [await bench.open(), await bench.open()];
      await first.directory.create({ id: "s-1", isCloud: true, attributes: {} });
      await first.log.append("s-1", [new SessionEvents("old").ephemeral()]);
      await second.directory.remove("s-1");
      await second.directory.create({ id: "s-1", isCloud: true, attributes: {} });
      await first.log.append("s-1", [new SessionEvents("new").ephemeral()], { afterSeq: 0 });
      const records = await first.log.read("s-1", { includeEphemeral: true });
      expect(records.map(({ event }) => event.id)).toEqual(["new-1"]);
    });
  });
}
