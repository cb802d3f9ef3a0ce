import type { Leases } from "@narthex/engine";
import { describe, expect, it } from "vitest";
import type { RuntimeLogger } from "../src/ports.ts";
import { SessionLeases } from "../src/session-leases.ts";

const silent: RuntimeLogger = { debug() {}, info() {}, warn() {}, error() {} };

/** Leases in memory, of which another host takes one when it is told to. */
class OtherLeases implements Leases {
  readonly told: string[] = [];
  readonly epochs = new Map<string, number>();
  readonly held = new Set<string>();
  failing = false;

  async claim(id: string): Promise<{ epoch: number } | undefined> {
    if (this.held.has(id)) return undefined;
    const epoch = (this.epochs.get(id) ?? 0) + 1;
    this.epochs.set(id, epoch);
    return { epoch };
  }
  async renew(id: string, epoch: number): Promise<boolean> {
    this.told.push(`renew ${id} ${epoch}`);
    if (this.failing) throw new Error("the disk is full");
    return this.epochs.get(id) === epoch;
  }
  async release(id: string, epoch: number): Promise<void> {
    this.told.push(`release ${id} ${epoch}`);
  }
  async holder() {
    return { epoch: 1, host: "other", expiresAt: "2026-11-22T10:00:00.000Z" };
  }
  async expired(): Promise<string[]> {
    return [];
  }
}

function setUp() {
  const leases = new OtherLeases();
  const lost: string[] = [];
  const own = new SessionLeases({ leases, logger: silent, host: "own", onLost: (id) => lost.push(id) });
  return { leases, lost, own };
}

describe("the leases of a runtime", () => {
  it("are renewed while they are held, and released once", async () => {
    const { leases, own, lost } = setUp();
    expect(await own.under("a", async (epoch) => epoch)).toBe(1);
    await own.renew();
    own.release("a");
    own.release("a");
    await own.renew();
    await own.close();
    expect(leases.told).toEqual(["renew a 1", "release a 1"]);
    expect(lost).toEqual([]);
  });

  it("tell of a session that another host has taken, once, and let it be", async () => {
    const { leases, own, lost } = setUp();
    await own.under("a", async () => {});
    await own.under("b", async () => {});
    leases.epochs.set("a", 7);
    await own.renew();
    await own.renew();
    await own.close();
    expect(lost).toEqual(["a"]);
    expect(leases.told).toEqual(["renew a 1", "renew b 1", "renew b 1", "release b 1"]);
  });

  it("are kept when they cannot be renewed for once", async () => {
    const { leases, own, lost } = setUp();
    await own.under("a", async () => {});
    leases.failing = true;
    await own.renew();
    leases.failing = false;
    await own.renew();
    expect(lost).toEqual([]);
    await own.close();
  });

  it("are released when what they were for fails", async () => {
    const { leases, own } = setUp();
    const failed = own.under("a", () => Promise.reject(new Error("no workspace")));
    await expect(failed).rejects.toThrow("no workspace");
    await own.close();
    expect(leases.told).toEqual(["release a 1"]);
  });

  it("say who has a session that is not to be had", async () => {
    const { leases, own } = setUp();
    leases.held.add("a");
    const refused = own.under("a", async () => {});
    await expect(refused).rejects.toMatchObject({ code: "SESSION_LEASED", retry: "safe" });
    await expect(refused).rejects.toThrow(/other, at least until 2026/);
  });
});
