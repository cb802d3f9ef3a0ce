import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Command, Engine } from "../../src/index.ts";
import type { ContractBench, ContractOptions } from "../engine-contract.ts";
import { rejectionCodes } from "../rejection-codes.ts";

const command = (commandId: string, payload: unknown = { text: commandId }): Command => ({
  commandId,
  kind: "prompt",
  payload,
  receipt: { told: commandId },
});

const idsOf = (commands: { commandId: string }[]): string[] => commands.map(({ commandId }) => commandId);

export function describeMailbox(bench: ContractBench): void {
  async function openWithSession(options?: ContractOptions): Promise<Engine> {
    const engine = await bench.open(options);
    if (!(await engine.directory.get("s-1"))) {
      await engine.directory.create({ id: "s-1", isCloud: true, attributes: {} });
    }
    return engine;
  }

  describe("mailbox", () => {
    it("keeps what is posted, in order, until it is acknowledged (B1, B2)", async () => {
      const { mailbox } = await openWithSession();
      const posted = await Promise.all(["a", "b", "c"].map((id) => mailbox.post("s-1", command(id))));
      expect(posted.map(({ position }) => position)).toEqual([1, 2, 3]);
      expect(await mailbox.take("s-1")).toMatchObject([
        { position: 1, commandId: "a", kind: "prompt", payload: { text: "a" }, receipt: { told: "a" } },
        { position: 2, commandId: "b" },
        { position: 3, commandId: "c" },
      ]);
      await mailbox.ack("s-1", [1, 3]);
      expect(idsOf(await mailbox.take("s-1"))).toEqual(["b"]);
      await mailbox.ack("s-1", [1, 2, 99]);
      expect(await mailbox.take("s-1")).toEqual([]);
      expect(await mailbox.post("s-1", command("d"))).toMatchObject({ position: 4, isNew: true });
    });

    it("gives the same answer to the same command, before, while and after it waits (B3)", async () => {
      const { mailbox } = await openWithSession();
      const both = await Promise.all([mailbox.post("s-1", command("a")), mailbox.post("s-1", command("a"))]);
      expect(both).toEqual([
        { position: 1, receipt: { told: "a" }, isNew: true },
        { position: 1, receipt: { told: "a" }, isNew: false },
      ]);
      const later = { ...command("a"), receipt: { told: "something else" } };
      expect(await mailbox.post("s-1", later)).toEqual(both[1]);
      await mailbox.ack("s-1", [1]);
      expect(await mailbox.post("s-1", later)).toEqual(both[1]);
      expect(await mailbox.find("s-1", "a")).toEqual(both[1]);
      expect(await mailbox.find("s-1", "b")).toBeUndefined();
      expect(await mailbox.take("s-1")).toEqual([]);
    });

    it("finds the sessions in which commands wait, in pages, and no others", async () => {
      const { directory, mailbox } = await openWithSession();
      for (const id of ["s-2", "s-3", "s-4"]) await directory.create({ id, isCloud: true, attributes: {} });
      expect(await mailbox.sessionsWaiting()).toEqual([]);
      for (const id of ["s-1", "s-2", "s-4"]) {
        await mailbox.post(id, command("a"));
        await mailbox.post(id, command("b"));
      }
      await mailbox.ack("s-2", [1, 2]);
      await mailbox.ack("s-4", [1]);
      const [first, ...none] = await mailbox.sessionsWaiting({ limit: 1 });
      expect([first!.id, none]).toEqual(["s-1", []]);
      expect((await mailbox.sessionsWaiting({ after: first!.place })).map(({ id }) => id)).toEqual(["s-4"]);
      await directory.remove("s-1");
      expect((await mailbox.sessionsWaiting()).map(({ id }) => id)).toEqual(["s-4"]);
      expect(await rejectionCodes([mailbox.sessionsWaiting({ limit: 0 })])).toEqual(["INVALID_PARAMS"]);
    });

    it("refuses a command id that comes with something else, whatever the order of the fields", async () => {
      const { mailbox } = await openWithSession();
      await mailbox.post("s-1", command("a", { x: 1, y: { p: [1, 2], q: null } }));
      expect(await mailbox.post("s-1", command("a", { y: { q: null, p: [1, 2] }, x: 1 }))).toMatchObject({
        isNew: false,
      });
      const others = [
        mailbox.post("s-1", command("a", { x: 1, y: { p: [2, 1], q: null } })),
        mailbox.post("s-1", { ...command("a", { x: 1, y: { p: [1, 2], q: null } }), kind: "answer" }),
      ];
      expect(await rejectionCodes(others)).toEqual(["IDEMPOTENCY_KEY_REUSED", "IDEMPOTENCY_KEY_REUSED"]);
    });

    it("keeps the mailboxes of sessions apart, and a session's goes with it", async () => {
      const { directory, mailbox } = await openWithSession();
      await directory.create({ id: "s-2", isCloud: true, attributes: {} });
      await mailbox.post("s-1", command("a", 1));
      expect(await mailbox.post("s-2", command("a", 2))).toMatchObject({ position: 1, isNew: true });
      await directory.remove("s-1");
      await directory.create({ id: "s-1", isCloud: true, attributes: {} });
      expect(await mailbox.take("s-1")).toEqual([]);
      expect(await mailbox.find("s-1", "a")).toBeUndefined();
      expect(await mailbox.take("s-2")).toMatchObject([{ payload: 2 }]);
    });

    it("refuses what cannot be kept, and what no session is there for", async () => {
      const { mailbox } = await openWithSession({ maxCommandBytes: 1_000 });
      const loop: Record<string, unknown> = {};
      loop["self"] = loop;
      const calls = [
        mailbox.post("nobody", command("a")),
        mailbox.post("a/b", command("a")),
        mailbox.post("s-1", command("")),
        mailbox.post("s-1", command("x".repeat(513))),
        mailbox.post("s-1", { ...command("a"), kind: "" }),
        mailbox.post("s-1", command("a", loop)),
        mailbox.post("s-1", command("a", "x".repeat(1_001))),
        mailbox.take("nobody"),
        mailbox.ack("nobody", [1]),
      ];
      expect(await rejectionCodes(calls)).toEqual([
        "SESSION_NOT_FOUND",
        "SESSION_ID_INVALID",
        "INVALID_PARAMS",
        "INVALID_PARAMS",
        "INVALID_PARAMS",
        "INVALID_PARAMS",
        "LIMIT_EXCEEDED",
        "SESSION_NOT_FOUND",
        "SESSION_NOT_FOUND",
      ]);
      expect(await mailbox.take("s-1")).toEqual([]);
    });

    it("bounds what waits: one more is refused, a known one is answered (B4)", async () => {
      const { mailbox } = await openWithSession({ maxWaitingCommands: 2 });
      const calls = ["a", "b", "c", "a"].map((id) => mailbox.post("s-1", command(id)));
      expect(await rejectionCodes(calls)).toEqual(["fulfilled", "fulfilled", "QUEUE_FULL", "fulfilled"]);
      await mailbox.ack("s-1", [1]);
      expect(await mailbox.post("s-1", command("c"))).toMatchObject({ position: 3, isNew: true });
    });

    it("forgets acknowledged commands when enough newer ones came, and never one that waits (B4)", async () => {
      const { mailbox } = await openWithSession({ maxRememberedCommands: 2 });
      for (const id of ["waits", "a", "b", "c"]) await mailbox.post("s-1", command(id));
      await mailbox.ack("s-1", [2, 3, 4]);
      const known = await Promise.all(["waits", "a", "b", "c"].map((id) => mailbox.find("s-1", id)));
      expect(known.map((found) => found?.position)).toEqual([1, undefined, 3, 4]);
      expect(await mailbox.post("s-1", command("a"))).toMatchObject({ position: 5, isNew: true });
    });

    it("has everything after it is opened again, and goes on behind it (B1, B2, B3)", async () => {
      const first = await openWithSession();
      await first.mailbox.post("s-1", command("done"));
      await first.mailbox.post("s-1", command("waits"));
      await first.mailbox.ack("s-1", [1]);
      await first.close();
      const { mailbox } = await bench.open();
      expect(await mailbox.take("s-1")).toMatchObject([
        { position: 2, commandId: "waits", payload: { text: "waits" } },
      ]);
      expect(await mailbox.post("s-1", command("done"))).toEqual({
        position: 1,
        receipt: { told: "done" },
        isNew: false,
      });
      expect(await mailbox.post("s-1", command("next"))).toMatchObject({ position: 3 });
    });

    it("does what a plain list would, whatever is done with it", async () => {
      const engine = await openWithSession({ maxWaitingCommands: 5 });
      let session = 0;
      const step = fc.oneof(
        { weight: 3, arbitrary: fc.record({ post: fc.constantFrom("a", "b", "c", "d", "e", "f", "g") }) },
        { weight: 2, arbitrary: fc.record({ ack: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 3 }) }) },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          session += 1;
          const id = `model-${session}`;
          await engine.directory.create({ id, isCloud: true, attributes: {} });
          const all: { commandId: string; isDone: boolean }[] = [];
          for (const each of steps) {
            if ("ack" in each) {
              await engine.mailbox.ack(id, each.ack);
              for (const position of each.ack) if (all[position - 1]) all[position - 1]!.isDone = true;
              continue;
            }
            const known = all.findIndex(({ commandId }) => commandId === each.post);
            const isFull = known < 0 && all.filter(({ isDone }) => !isDone).length >= 5;
            const outcome = await engine.mailbox.post(id, command(each.post)).catch((error) => error.code as string);
            if (isFull) expect(outcome).toBe("QUEUE_FULL");
            else expect(outcome).toMatchObject({ position: known < 0 ? all.length + 1 : known + 1, isNew: known < 0 });
            if (known < 0 && !isFull) all.push({ commandId: each.post, isDone: false });
          }
          const waiting = all.filter(({ isDone }) => !isDone).map(({ commandId }) => commandId);
          expect(idsOf(await engine.mailbox.take(id))).toEqual(waiting);
        }),
        { numRuns: 40 },
      );
    });
  });
}
