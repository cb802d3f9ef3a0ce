import { describe, expect, it } from "vitest";

import type { Engine } from "../../src/index.ts";
import type { ContractBench } from "../engine-contract.ts";
import { rejectionCodes } from "../rejection-codes.ts";
import { SessionEvents } from "../session-events.ts";

const TTL_MS = 10_000;

/** A clock that stands until it is moved. */
class Clock {
  #ms = Date.parse("2026-11-22T10:00:00.000Z");
  readonly now = (): Date => new Date(this.#ms);
  pass(ms: number): void {
    this.#ms += ms;
  }
}

async function openWithSession(bench: ContractBench): Promise<{ engine: Engine; clock: Clock }> {
  const clock = new Clock();
  const engine = await bench.open({ now: clock.now });
  await engine.directory.create({ id: "s-1", isCloud: true, attributes: {} });
  return { engine, clock };
}

const event = () => new SessionEvents("e").persisted();

export function describeLeases(bench: ContractBench): void {
  describe("leases", () => {
    it("let one host have a session, until it lets go (L1)", async () => {
      const { leases } = (await openWithSession(bench)).engine;
      const first = await leases.claim("s-1", "a", TTL_MS);
      expect(first).toEqual({ epoch: 1 });
      expect(await leases.claim("s-1", "b", TTL_MS)).toBeUndefined();
      expect(await leases.holder("s-1")).toMatchObject({ epoch: 1, host: "a", expiresAt: "2026-11-22T10:00:10.000Z" });
      await leases.release("s-1", 1);
      expect(await leases.holder("s-1")).toBeUndefined();
      expect(await leases.claim("s-1", "b", TTL_MS)).toEqual({ epoch: 2 });
    });

    it("let one of two hosts that claim at the same moment have it", async () => {
      const { engine } = await openWithSession(bench);
      const other = await bench.open({ now: () => new Date("2026-11-22T10:00:00.000Z") });
      const claims = await Promise.all([
        engine.leases.claim("s-1", "a", TTL_MS),
        other.leases.claim("s-1", "b", TTL_MS),
        engine.leases.claim("s-1", "c", TTL_MS),
      ]);
      expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1);
    });

    it("end by themselves when they are not renewed", async () => {
      const { engine, clock } = await openWithSession(bench);
      const { leases } = engine;
      await leases.claim("s-1", "a", TTL_MS);
      clock.pass(TTL_MS - 1);
      expect(await leases.renew("s-1", 1, TTL_MS)).toBe(true);
      clock.pass(TTL_MS - 1);
      expect(await leases.claim("s-1", "b", TTL_MS)).toBeUndefined();
      expect(await leases.expired()).toEqual([]);
      clock.pass(1);
      expect(await leases.expired()).toEqual(["s-1"]);
      expect(await leases.expired(0)).toEqual([]);
      expect(await leases.claim("s-1", "b", TTL_MS)).toEqual({ epoch: 2 });
      expect(await leases.expired()).toEqual([]);
      expect(await leases.renew("s-1", 1, TTL_MS)).toBe(false);
    });

    it("give a host that claims again a new epoch, and never one twice (L2)", async () => {
      const { leases } = (await openWithSession(bench)).engine;
      const epochs = [];
      for (const host of ["a", "a", "a"]) epochs.push((await leases.claim("s-1", host, TTL_MS))?.epoch);
      await leases.release("s-1", 3);
      epochs.push((await leases.claim("s-1", "b", TTL_MS))?.epoch);
      expect(epochs).toEqual([1, 2, 3, 4]);
    });

    it("are ended by their own epoch only", async () => {
      const { leases } = (await openWithSession(bench)).engine;
      await leases.claim("s-1", "a", TTL_MS);
      await leases.claim("s-1", "a", TTL_MS);
      await leases.release("s-1", 1);
      expect(await leases.holder("s-1")).toMatchObject({ epoch: 2 });
      await leases.release("s-1", 2);
      await leases.release("s-1", 2);
      expect(await leases.renew("s-1", 2, TTL_MS)).toBe(false);
    });

    it("refuse what a host writes that was taken over, whatever its numbers (L3)", async () => {
      const { engine, clock } = await openWithSession(bench);
      const { leases, log, mailbox } = engine;
      const { position } = await mailbox.post("s-1", { commandId: "c", kind: "prompt", payload: 1 });
      await leases.claim("s-1", "a", TTL_MS);
      await log.append("s-1", [event()], { epoch: 1 });
      clock.pass(TTL_MS + 1);
      const next = new SessionEvents("f", "e-1");
      await log.append("s-1", [next.persisted()], { epoch: 1 }); // nobody has claimed it meanwhile
      await leases.claim("s-1", "b", TTL_MS);
      const stale = [
        log.append("s-1", [next.persisted()], { epoch: 1 }),
        log.append("s-1", [next.persisted()], { epoch: 1, afterSeq: 2 }),
        mailbox.ack("s-1", [position], { epoch: 1 }),
      ];
      expect(await rejectionCodes(stale)).toEqual(["LEASE_LOST", "LEASE_LOST", "LEASE_LOST"]);
      expect(await mailbox.take("s-1")).toHaveLength(1);
      const own = new SessionEvents("g", "f-1");
      expect(await log.append("s-1", [own.persisted()], { epoch: 2, afterSeq: 2 })).toMatchObject([{ seq: 3 }]);
      await mailbox.ack("s-1", [position], { epoch: 2 });
      expect(await mailbox.take("s-1")).toEqual([]);
      expect(await engine.verify()).toEqual([]);
    });

    it("fence across engines on one store", async () => {
      const { engine, clock } = await openWithSession(bench);
      const other = await bench.open({ now: clock.now });
      await engine.leases.claim("s-1", "a", TTL_MS);
      await engine.log.append("s-1", [event()], { epoch: 1 });
      expect(await other.leases.claim("s-1", "b", TTL_MS)).toBeUndefined();
      clock.pass(TTL_MS);
      expect(await other.leases.claim("s-1", "b", TTL_MS)).toEqual({ epoch: 2 });
      const late = engine.log.append("s-1", [new SessionEvents("late", "e-1").persisted()], { epoch: 1 });
      await expect(late).rejects.toMatchObject({ code: "LEASE_LOST", retry: "never" });
      expect(await other.log.read("s-1")).toHaveLength(1);
      // Back again: what the other one has written meanwhile is no conflict for whoever holds the lease.
      const theirs = new SessionEvents("their", "e-1");
      await other.log.append("s-1", [theirs.persisted(), theirs.ephemeral()], { epoch: 2 });
      await other.leases.release("s-1", 2);
      expect(await engine.leases.claim("s-1", "a", TTL_MS)).toEqual({ epoch: 3 });
      await engine.log.append("s-1", [new SessionEvents("back", "their-1").persisted()], { epoch: 3 });
      expect(await engine.verify()).toEqual([]);
    });

    it("are kept over a restart", async () => {
      const { engine, clock } = await openWithSession(bench);
      await engine.leases.claim("s-1", "a", TTL_MS);
      await engine.close();
      const { leases } = await bench.open({ now: clock.now });
      expect(await leases.claim("s-1", "b", TTL_MS)).toBeUndefined();
      expect(await leases.claim("s-1", "a", TTL_MS)).toEqual({ epoch: 2 });
    });

    it("are of sessions that there are, and of hosts with a name, for a time", async () => {
      const { leases, directory } = (await openWithSession(bench)).engine;
      await expect(leases.claim("nobody", "a", TTL_MS)).rejects.toMatchObject({ code: "SESSION_NOT_FOUND" });
      const bad = [
        leases.claim("s-1", "", TTL_MS),
        leases.claim("s-1", "a", 0),
        leases.claim("s-1", "a", 0.5),
        leases.claim("s-1", "x".repeat(257), TTL_MS),
      ];
      expect(await rejectionCodes(bad)).toEqual(Array(4).fill("INVALID_PARAMS"));
      await leases.claim("s-1", "a", TTL_MS);
      await directory.remove("s-1");
      expect(await leases.renew("s-1", 1, TTL_MS)).toBe(false);
      await leases.release("s-1", 1);
      expect(await leases.expired()).toEqual([]);
    });
  });
}
