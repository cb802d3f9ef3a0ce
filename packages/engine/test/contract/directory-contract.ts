import { describe, expect, it } from "vitest";

import type { Engine } from "../../src/index.ts";
import type { ContractBench } from "../engine-contract.ts";
import { rejectionCodes } from "../rejection-codes.ts";
import { SessionEvents } from "../session-events.ts";

async function addSession(engine: Engine, id: string, attributes: Record<string, unknown> = {}): Promise<void> {
  await engine.directory.create({ id, isCloud: true, attributes });
  await engine.log.append(id, [new SessionEvents(id).persisted("user.message")]);
}

const idsOf = (records: { id: string }[]): string[] => records.map(({ id }) => id);

export function describeDirectory(bench: ContractBench): void {
  describe("directory", () => {
    it("gives back what a session was created with", async () => {
      const { directory } = await bench.open();
      const attributes = { owner: "ada", nested: { list: [1, null, "ü"] } };
      const created = await directory.create({ id: "s-1", isCloud: true, attributes });
      expect(created).toMatchObject({ id: "s-1", isCloud: true, hasUserMessage: false, revision: 1, attributes });
      expect(created.updatedAt).toBe(created.createdAt);
      expect(Number.isNaN(Date.parse(created.createdAt))).toBe(false);
      expect(await directory.get("s-1")).toEqual(created);
    });

    it("knows nothing of a session that was never created", async () => {
      const { directory } = await bench.open();
      expect(await directory.get("nobody")).toBeUndefined();
      expect(await directory.last()).toBeUndefined();
      expect(await directory.list()).toEqual([]);
    });

    it("refuses a second session with the same id and keeps the first", async () => {
      const { directory } = await bench.open();
      await directory.create({ id: "s-1", isCloud: false, attributes: { first: true } });
      const again = directory.create({ id: "s-1", isCloud: true, attributes: {} });
      await expect(again).rejects.toMatchObject({ code: "SESSION_ID_CONFLICT" });
      expect(await directory.get("s-1")).toMatchObject({ isCloud: false, attributes: { first: true } });
    });

    it("finds the sessions that rest, the longest unchanged first, and none in whose mailbox something waits", async () => {
      const { directory, mailbox } = await bench.open();
      for (const id of ["s-1", "s-2", "s-3"]) await directory.create({ id, isCloud: true, attributes: {} });
      await mailbox.post("s-2", { commandId: "c", kind: "prompt", payload: {} });
      const later = new Date(Date.now() + 60_000);
      expect(idsOf(await directory.restingSince(later))).toEqual(["s-1", "s-3"]);
      expect(idsOf(await directory.restingSince(later, { limit: 1, skip: 1 }))).toEqual(["s-3"]);
      expect(await directory.restingSince(new Date(0))).toEqual([]);
      await directory.update("s-1", { attributes: { changed: true } }, 1);
      await mailbox.ack("s-2", [1]);
      expect(idsOf(await directory.restingSince(later))).toEqual(["s-2", "s-3", "s-1"]);
      expect(await rejectionCodes([directory.restingSince(later, { limit: 0 })])).toEqual(["INVALID_PARAMS"]);
    });

    it("creates once for one key: at once, later, and after it is opened again", async () => {
      const engine = await bench.open();
      const make = (id: string, request: unknown = { a: 1, b: 2 }) =>
        engine.directory.createOnce({ id, isCloud: true, attributes: { id } }, { key: "k", request });
      const [first, second] = await Promise.all([make("s-1"), make("s-2", { b: 2, a: 1 })]);
      expect([first?.isNew, second?.isNew]).toEqual([true, false]);
      expect(second?.record).toEqual(first?.record);
      expect(idsOf(await engine.directory.list({ onlyWithUserMessage: false }))).toEqual(["s-1"]);
      await expect(make("s-3", { a: 2 })).rejects.toMatchObject({ code: "IDEMPOTENCY_KEY_REUSED" });
      await engine.close();
      const { directory } = await bench.open();
      const again = { key: "k", request: { a: 1, b: 2 } };
      expect(await directory.createdWith(again)).toEqual(first?.record);
      await expect(directory.createdWith({ ...again, request: 7 })).rejects.toMatchObject({
        code: "IDEMPOTENCY_KEY_REUSED",
      });
      expect(await directory.createdWith({ ...again, key: "other" })).toBeUndefined();
      await directory.remove("s-1");
      expect(await directory.createdWith(again)).toBeUndefined();
    });

    it("forgets the oldest keys of creates above its bound", async () => {
      const { directory } = await bench.open({ maxCreateKeys: 2 });
      for (const id of ["a", "b", "c"]) {
        await directory.createOnce({ id, isCloud: true, attributes: {} }, { key: id, request: id });
      }
      const known = await Promise.all(["a", "b", "c"].map((key) => directory.createdWith({ key, request: key })));
      expect(known.map((record) => record?.id)).toEqual([undefined, "b", "c"]);
    });

    it("lists cloud sessions without a prompt where it is asked to", async () => {
      const { directory } = await bench.open();
      await directory.create({ id: "cloud", isCloud: true, attributes: {} });
      await directory.create({ id: "local", isCloud: false, attributes: {} });
      expect(await directory.list()).toEqual([]);
      expect(idsOf(await directory.list({ orCloud: true }))).toEqual(["cloud"]);
      expect(idsOf(await directory.list({ orCloud: true, attributes: { x: "y" } }))).toEqual([]);
      expect(idsOf(await directory.list({ onlyWithUserMessage: false }))).toEqual(["local", "cloud"]);
    });

    it("refuses malformed session ids everywhere", async () => {
      const { directory, log } = await bench.open();
      for (const id of ["", "a/b", "a.b", "ü", "x".repeat(129)]) {
        const calls = [
          directory.create({ id, isCloud: true, attributes: {} }),
          directory.get(id),
          directory.update(id, { attributes: {} }, 1),
          directory.remove(id),
          log.append(id, []),
          log.read(id),
          log.tail(id),
        ];
        expect(await rejectionCodes(calls)).toEqual(calls.map(() => "SESSION_ID_INVALID"));
      }
    });

    it("merges attributes at the top level and counts the revision up", async () => {
      const { directory } = await bench.open();
      const created = await directory.create({ id: "s-1", isCloud: true, attributes: { a: { x: 1 }, b: 1 } });
      const updated = await directory.update("s-1", { attributes: { a: { y: 2 }, c: 3 } }, created.revision);
      expect(updated.attributes).toEqual({ a: { y: 2 }, b: 1, c: 3 });
      expect(updated.revision).toBe(created.revision + 1);
      expect(await directory.get("s-1")).toEqual(updated);
    });

    it("lets one of two updates of the same revision through", async () => {
      const { directory } = await bench.open();
      const { revision } = await directory.create({ id: "s-1", isCloud: true, attributes: {} });
      const outcomes = await Promise.allSettled([
        directory.update("s-1", { attributes: { winner: "first" } }, revision),
        directory.update("s-1", { attributes: { winner: "second" } }, revision),
      ]);
      const failed = outcomes.filter((outcome) => outcome.status === "rejected");
      expect(failed).toMatchObject([{ reason: { code: "LOG_CONFLICT" } }]);
      expect((await directory.get("s-1"))?.revision).toBe(revision + 1);
    });

    it("refuses to update a session that does not exist", async () => {
      const { directory } = await bench.open();
      await expect(directory.update("s-1", { attributes: {} }, 1)).rejects.toMatchObject({ code: "SESSION_NOT_FOUND" });
    });

    it("lists only sessions with a user message unless asked for all", async () => {
      const engine = await bench.open();
      await engine.directory.create({ id: "silent", isCloud: true, attributes: {} });
      await addSession(engine, "spoken");
      expect(idsOf(await engine.directory.list())).toEqual(["spoken"]);
      expect(idsOf(await engine.directory.list({ onlyWithUserMessage: false }))).toEqual(["spoken", "silent"]);
      expect(await engine.directory.last()).toMatchObject({ id: "spoken", hasUserMessage: true });
    });

    it("takes no ephemeral user message and no other event for a user message", async () => {
      const engine = await bench.open();
      await engine.directory.create({ id: "s-1", isCloud: true, attributes: {} });
      const events = new SessionEvents();
      await engine.log.append("s-1", [events.persisted(), { ...events.ephemeral(), type: "user.message" }]);
      expect(await engine.directory.get("s-1")).toMatchObject({ hasUserMessage: false });
    });

    it("lists the newest change first, be it an append or an update", async () => {
      const engine = await bench.open();
      for (const id of ["a", "b", "c"]) await addSession(engine, id);
      expect(idsOf(await engine.directory.list())).toEqual(["c", "b", "a"]);
      await engine.directory.update("b", { attributes: { x: 1 } }, 1);
      await engine.log.append("a", [new SessionEvents("more").persisted()]);
      expect(idsOf(await engine.directory.list())).toEqual(["a", "b", "c"]);
      expect((await engine.directory.last())?.id).toBe("a");
    });

    it("does not count an ephemeral event as a change", async () => {
      const engine = await bench.open();
      for (const id of ["a", "b"]) await addSession(engine, id);
      await engine.log.append("a", [new SessionEvents("more").ephemeral()]);
      expect(idsOf(await engine.directory.list())).toEqual(["b", "a"]);
    });

    it("pages through all sessions without gap or repetition", async () => {
      const engine = await bench.open();
      const ids = Array.from({ length: 7 }, (_, i) => `s-${i}`);
      for (const id of ids) await addSession(engine, id);
      const seen: string[] = [];
      for (let after: string | undefined; ;) {
        const page = await engine.directory.list({}, after === undefined ? { limit: 3 } : { limit: 3, after });
        if (page.length === 0) break;
        seen.push(...idsOf(page));
        after = page.at(-1)?.id;
      }
      expect(seen).toEqual(ids.toReversed());
    });

    it("refuses a page size or a position that makes no sense", async () => {
      const { directory } = await bench.open();
      for (const limit of [0, 1001, 1.5, -1]) {
        await expect(directory.list({}, { limit })).rejects.toMatchObject({ code: "INVALID_PARAMS" });
      }
      await expect(directory.list({}, { after: "nobody" })).rejects.toMatchObject({ code: "SESSION_NOT_FOUND" });
    });

    it("filters by attributes whatever characters are in them", async () => {
      const engine = await bench.open();
      const odd = { 'quo"te': "back\\slash", "new\nline": "tab\t", "ü%_": "'; DROP TABLE events; --", "": "empty" };
      await addSession(engine, "plain", { owner: "ada", tenant: "t-1" });
      await addSession(engine, "odd", { ...odd, owner: "ada" });
      await addSession(engine, "number", { owner: 1, nested: { owner: "ada" }, flag: true, none: null });
      const list = async (attributes: Record<string, string>): Promise<string[]> =>
        idsOf(await engine.directory.list({ attributes }));
      expect(await list({ owner: "ada" })).toEqual(["odd", "plain"]);
      expect(await list({ owner: "ada", tenant: "t-1" })).toEqual(["plain"]);
      for (const [key, value] of [
        ["owner", "1"],
        ["nested", '{"owner":"ada"}'],
        ["flag", "true"],
        ["none", "null"],
      ] as const) {
        expect(await list({ [key]: value })).toEqual([]);
      }
      for (const [key, value] of Object.entries(odd)) expect(await list({ [key]: value })).toEqual(["odd"]);
      expect(await list(odd)).toEqual(["odd"]);
    });

    it("removes a session with its log, and its id can be used anew", async () => {
      const engine = await bench.open();
      await addSession(engine, "s-1");
      expect(await engine.directory.remove("s-1")).toBe(true);
      expect(await engine.directory.remove("s-1")).toBe(false);
      expect(await engine.directory.get("s-1")).toBeUndefined();
      await expect(engine.log.read("s-1")).rejects.toMatchObject({ code: "SESSION_NOT_FOUND" });
      await engine.directory.create({ id: "s-1", isCloud: true, attributes: {} });
      expect(await engine.log.read("s-1", { includeEphemeral: true })).toEqual([]);
      await engine.log.append("s-1", new SessionEvents("new").many(1));
      expect(await engine.verify()).toEqual([]);
    });

    it("removes, creates and appends in the order in which it was asked to", async () => {
      const engine = await bench.open();
      await addSession(engine, "s-1");
      const record = { id: "s-1", isCloud: false, attributes: {} };
      const [before, removed, between, created, after] = await Promise.allSettled([
        engine.log.append("s-1", new SessionEvents("before").many(1)),
        engine.directory.remove("s-1"),
        engine.log.append("s-1", new SessionEvents("between").many(1)),
        engine.directory.create(record),
        engine.log.append("s-1", new SessionEvents("after").many(1)),
      ]);
      expect(before).toMatchObject({ status: "fulfilled", value: [{ seq: 2 }] });
      expect(removed).toMatchObject({ value: true });
      expect(between).toMatchObject({ reason: { code: "SESSION_NOT_FOUND" } });
      expect(created).toMatchObject({ status: "fulfilled", value: record });
      expect(after).toMatchObject({ status: "fulfilled", value: [{ seq: 1 }] });
    });
  });
}
