import { NarthexError } from "@narthex/protocol";
import { describe, expect, it } from "vitest";

import type { ArchiveEntry, Engine } from "../../src/index.ts";
import type { ContractBench } from "../engine-contract.ts";
import { SessionEvents } from "../session-events.ts";

const KEY = { key: "k-1", request: { a: 1 } };

async function openWithSession(bench: ContractBench): Promise<Engine> {
  const engine = await bench.open();
  await engine.directory.createOnce({ id: "s-1", isCloud: true, attributes: { cwd: "/x" } }, KEY);
  const events = new SessionEvents();
  await engine.log.append("s-1", [events.persisted("user.message"), events.ephemeral(), ...events.many(3)]);
  await engine.mailbox.post("s-1", { commandId: "done", kind: "prompt", payload: 1, receipt: "r-1" });
  await engine.mailbox.post("s-1", { commandId: "waits", kind: "prompt", payload: { text: "go" }, receipt: "r-2" });
  await engine.mailbox.ack("s-1", [1]);
  return engine;
}

async function collect(entries: AsyncIterable<ArchiveEntry>): Promise<ArchiveEntry[]> {
  const all: ArchiveEntry[] = [];
  for await (const entry of entries) all.push(entry);
  return all;
}

async function* from(entries: readonly ArchiveEntry[]): AsyncIterable<ArchiveEntry> {
  yield* entries;
}

export function describeArchives(bench: ContractBench): void {
  describe("archives", () => {
    it("have everything of a session: it goes on under another id as the first would", async () => {
      const engine = await openWithSession(bench);
      const entries = await collect(engine.archives.export("s-1"));
      expect(entries.map(({ kind }) => kind)).toEqual([
        "session",
        ...Array<string>(4).fill("event"),
        ...Array<string>(2).fill("command"),
        "createKey",
      ]);
      const { record, events, commands } = await engine.archives.import(from(entries), { as: "copy" });
      expect({ events, commands }).toEqual({ events: 4, commands: 2 });
      expect(record).toMatchObject({ id: "copy", isCloud: true, hasUserMessage: true, attributes: { cwd: "/x" } });
      expect(await engine.log.read("copy")).toEqual(await engine.log.read("s-1"));
      expect(await engine.mailbox.take("copy")).toEqual(await engine.mailbox.take("s-1"));
      const again = { commandId: "done", kind: "prompt", payload: 1 };
      expect(await engine.mailbox.post("copy", again)).toEqual({ position: 1, receipt: "r-1", isNew: false });
      const reused = engine.mailbox.post("copy", { ...again, payload: 2 });
      await expect(reused).rejects.toMatchObject({ code: "IDEMPOTENCY_KEY_REUSED" });
      expect((await engine.mailbox.post("copy", { ...again, commandId: "new" })).position).toBe(3);
      const [next] = await engine.log.append("copy", [new SessionEvents("more", "e-5").persisted()]);
      expect(next?.seq).toBe(6);
      expect(await engine.verify()).toEqual([]);
      // The key of the create is the first session's here.
      expect((await engine.directory.createdWith(KEY))?.id).toBe("s-1");
    });

    it("bring the keys of creates along where they are free", async () => {
      const engine = await openWithSession(bench);
      const entries = await collect(engine.archives.export("s-1"));
      await engine.directory.remove("s-1");
      await engine.archives.import(from(entries));
      expect((await engine.directory.createdWith(KEY))?.id).toBe("s-1");
    });

    it("do not take a place that is taken", async () => {
      const engine = await openWithSession(bench);
      const entries = await collect(engine.archives.export("s-1"));
      const taken = engine.archives.import(from(entries));
      await expect(taken).rejects.toMatchObject({ code: "SESSION_ID_CONFLICT" });
      await expect(engine.archives.import(from(entries), { as: "../x" })).rejects.toMatchObject({
        code: "SESSION_ID_INVALID",
      });
      expect(await engine.log.read("s-1")).toHaveLength(4);
    });

    it("are as they were at their first step, whatever is written meanwhile", async () => {
      const engine = await openWithSession(bench);
      const entries = engine.archives.export("s-1")[Symbol.asyncIterator]();
      await entries.next();
      await engine.log.append("s-1", [new SessionEvents("late", "e-5").persisted()]);
      await engine.mailbox.ack("s-1", [2]);
      const rest = await collect({ [Symbol.asyncIterator]: () => entries });
      expect(rest.filter(({ kind }) => kind === "event")).toHaveLength(4);
      expect(rest.flatMap((entry) => (entry.kind === "command" && entry.command.waiting ? [entry] : []))).toHaveLength(
        1,
      );
    });

    it("come in whole or not at all, and nobody sees them before", async () => {
      const engine = await openWithSession(bench);
      const entries = await collect(engine.archives.export("s-1"));
      const many = new SessionEvents("many", "e-5").many(3000).map((event, index): ArchiveEntry => {
        return { kind: "event", seq: 10 + index, event };
      });
      const seen: unknown[] = [];
      const other = await bench.open();
      async function* breaking(): AsyncIterable<ArchiveEntry> {
        yield* entries.slice(0, 5);
        yield* many;
        seen.push(await other.directory.get("copy"), await other.directory.list({ onlyWithUserMessage: false }));
        throw new NarthexError("ABORTED", "the file broke off");
      }
      const broken = engine.archives.import(breaking(), { as: "copy" });
      await expect(broken).rejects.toMatchObject({ code: "ABORTED" });
      expect(seen).toMatchObject([undefined, [{ id: "s-1" }]]);
      expect(await engine.directory.get("copy")).toBeUndefined();
      await engine.archives.import(from([...entries.slice(0, 5), ...many]), { as: "copy" });
      expect(await other.log.read("copy")).toHaveLength(3004);
      expect(await other.verify()).toEqual([]);
    });

    const event = (seq: unknown, change: object = {}): ArchiveEntry =>
      ({ kind: "event", seq, event: { ...new SessionEvents("x").persisted(), ...change } }) as ArchiveEntry;
    const session = (change: object = {}): ArchiveEntry =>
      ({
        kind: "session",
        session: { id: "n", createdAt: "2026-11-22T10:00:00.000Z", isCloud: true, attributes: {}, ...change },
      }) as ArchiveEntry;
    const command = (change: object = {}): ArchiveEntry =>
      ({
        kind: "command",
        command: { position: 1, commandId: "c", kind: "prompt", digest: "d", receipt: null, ...change },
      }) as ArchiveEntry;

    const invalids: [name: string, entries: ArchiveEntry[], code?: string][] = [
      ["nothing", []],
      ["an event without a session", [event(1)]],
      ["two sessions", [session(), session()]],
      ["an id that is none", [session({ id: "../n" })]],
      ["a time that is none", [session({ createdAt: "yesterday" })]],
      ["attributes that are none", [session({ attributes: [] })]],
      ["a number twice", [session(), event(1), event(1, { id: "y" })]],
      ["a number that is none", [session(), event("1")]],
      ["an id twice", [session(), event(1), event(2)]],
      ["a parent that is not there", [session(), event(1, { parentId: "gone" })]],
      ["an event without a type", [session(), event(1, { type: 7 })]],
      ["an ephemeral event", [session(), event(1, { ephemeral: true })]],
      ["a command without a kind", [session(), command({ kind: "" })]],
      ["a command twice", [session(), command(), command({ position: 2 })]],
      ["commands out of order", [session(), command(), command({ position: 1, commandId: "d" })]],
      ["a payload that is not the one of its digest", [session(), command({ waiting: { payload: 1 } })]],
      ["a key that is none", [session(), { kind: "createKey", key: "", digest: "d" }]],
    ];
    it.each(invalids)("are refused with %s", async (_name, entries) => {
      const engine = await bench.open();
      await expect(engine.archives.import(from(entries))).rejects.toMatchObject({ code: "ARCHIVE_INVALID" });
      expect(await engine.directory.list({ onlyWithUserMessage: false })).toEqual([]);
      expect(await engine.verify()).toEqual([]);
    });

    it("say how large a session is", async () => {
      const { archives } = await openWithSession(bench);
      const { events, bytes } = await archives.size("s-1");
      expect(events).toBe(4);
      expect(bytes).toBeGreaterThan(400);
      await expect(archives.size("nobody")).rejects.toMatchObject({ code: "SESSION_NOT_FOUND" });
      await expect(collect(archives.export("nobody"))).rejects.toMatchObject({ code: "SESSION_NOT_FOUND" });
    });
  });
}
