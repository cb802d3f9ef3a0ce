import type { NarthexError } from "@narthex/protocol";
import { describe, expect, it } from "vitest";

import type { Engine, LogRecord } from "../../src/index.ts";
import type { ContractBench, ContractOptions } from "../engine-contract.ts";
import { SessionEvents } from "../session-events.ts";

async function openWithSession(bench: ContractBench, options?: ContractOptions): Promise<Engine> {
  const engine = await bench.open(options);
  await engine.directory.create({ id: "s-1", isCloud: true, attributes: {} });
  return engine;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

export function describeSubscriptions(bench: ContractBench): void {
  describe("subscription", () => {
    it("sees every record in order before the append resolves", async () => {
      const { log } = await openWithSession(bench);
      const events = new SessionEvents();
      const seen: LogRecord[] = [];
      log.subscribe("s-1", (record) => seen.push(record));
      const first = await log.append("s-1", [events.persisted(), events.ephemeral()]);
      expect(seen).toEqual(first);
      const second = await log.append("s-1", [events.ephemeral()]);
      expect(seen).toEqual([...first, ...second]);
    });

    it("never sees an ephemeral record ahead of an earlier persisted one", async () => {
      const { log } = await openWithSession(bench);
      const events = new SessionEvents();
      const seen: number[] = [];
      log.subscribe("s-1", ({ seq }) => seen.push(seq));
      const batches = upTo(50).map((i) => (i % 2 === 0 ? [events.ephemeral()] : [events.persisted()]));
      await Promise.all(batches.map((batch) => log.append("s-1", batch)));
      expect(seen).toEqual(upTo(50));
    });

    it("sees a record only when it can be read", async () => {
      const { log } = await openWithSession(bench);
      const reads: Promise<LogRecord[]>[] = [];
      log.subscribe("s-1", () => reads.push(log.read("s-1")));
      await log.append("s-1", new SessionEvents().many(2));
      for (const records of await Promise.all(reads)) expect(records).toHaveLength(2);
      expect(reads).toHaveLength(2);
    });

    it("sees its own session only, and nothing of what was refused", async () => {
      const engine = await openWithSession(bench);
      await engine.directory.create({ id: "s-2", isCloud: true, attributes: {} });
      const seen: string[] = [];
      engine.log.subscribe("s-1", ({ event }) => seen.push(event.id));
      await Promise.allSettled([
        engine.log.append("s-2", new SessionEvents("other").many(1)),
        engine.log.append("s-1", new SessionEvents("refused").many(1), { afterSeq: 7 }),
        engine.log.append("s-1", new SessionEvents("own").many(1)),
      ]);
      expect(seen).toEqual(["own-1"]);
    });

    it("ends with its function, also from within the listener", async () => {
      const { log } = await openWithSession(bench);
      const seen: Record<"one" | "two", number[]> = { one: [], two: [] };
      const end = log.subscribe("s-1", ({ seq }) => {
        seen.one.push(seq);
        end();
        end();
      });
      const endTwo = log.subscribe("s-1", ({ seq }) => seen.two.push(seq));
      await log.append("s-1", new SessionEvents("a").many(2));
      endTwo();
      await log.append("s-1", new SessionEvents("b").many(1));
      expect(seen).toEqual({ one: [1], two: [1, 2] });
    });

    it("that begins in a listener continues a read of that moment without gap or repetition", async () => {
      const { log } = await openWithSession(bench);
      const events = new SessionEvents();
      let read: Promise<LogRecord[]> | undefined;
      const live: number[] = [];
      log.subscribe("s-1", () => {
        if (read) return;
        log.subscribe("s-1", ({ seq }) => live.push(seq));
        read = log.read("s-1");
      });
      await Promise.all([log.append("s-1", events.many(2)), log.append("s-1", events.many(1))]);
      await log.append("s-1", events.many(1));
      const replayed = ((await read) ?? []).map(({ seq }) => seq);
      expect([...replayed, ...live]).toEqual([1, 2, 3, 4]);
    });

    it("that begins with a read in the same turn sees what the read does not", async () => {
      const { log } = await openWithSession(bench);
      const events = new SessionEvents();
      await log.append("s-1", events.many(3));
      const pending = log.append("s-1", events.many(3));
      const live: number[] = [];
      log.subscribe("s-1", ({ seq }) => live.push(seq));
      const replayed = await log.read("s-1");
      await pending;
      expect([...new Set([...replayed.map(({ seq }) => seq), ...live])]).toEqual(upTo(6));
    });

    it("of a listener that appends keeps the order for everybody", async () => {
      const { log } = await openWithSession(bench);
      const events = new SessionEvents();
      const seen: Record<"first" | "second", number[]> = { first: [], second: [] };
      const answers: Promise<unknown>[] = [];
      log.subscribe("s-1", ({ seq }) => {
        seen.first.push(seq);
        if (seq < 5) answers.push(log.append("s-1", [events.ephemeral()]));
      });
      log.subscribe("s-1", ({ seq }) => seen.second.push(seq));
      await log.append("s-1", [events.persisted()]);
      for (let done = 0; done < answers.length; done += 1) await answers[done];
      expect(seen).toEqual({ first: upTo(5), second: upTo(5) });
    });

    it("whose listener throws is reported and stops nothing", async () => {
      const problems: NarthexError[] = [];
      const { log } = await openWithSession(bench, { onProblem: (error) => problems.push(error) });
      const seen: number[] = [];
      log.subscribe("s-1", () => {
        throw new TypeError("listener is broken");
      });
      log.subscribe("s-1", ({ seq }) => seen.push(seq));
      await log.append("s-1", new SessionEvents().many(2));
      expect(seen).toEqual([1, 2]);
      expect(problems).toMatchObject([{ code: "HANDLER_FAILED" }, { code: "HANDLER_FAILED" }]);
      expect(problems[0]?.message).toContain("listener is broken");
    });

    it("may close the engine from its listener", async () => {
      const engine = await openWithSession(bench);
      const closing: Promise<void>[] = [];
      engine.log.subscribe("s-1", () => closing.push(engine.close()));
      const appended = await Promise.all([
        engine.log.append("s-1", new SessionEvents("a").many(1)),
        engine.log.append("s-1", new SessionEvents("b").many(1)),
      ]);
      await Promise.all(closing);
      expect(appended.flat().map(({ seq }) => seq)).toEqual([1, 2]);
      await expect(engine.log.tail("s-1")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    });
  });
}
