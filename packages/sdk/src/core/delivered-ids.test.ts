import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DeliveredIds } from "./delivered-ids.ts";

const event = (id: string, ephemeral = false) => ({
  id,
  timestamp: "",
  parentId: null,
  type: "session.info",
  data: {},
  ...(ephemeral ? { ephemeral } : {}),
});

describe("remembering what was delivered", () => {
  it("knows the last event, and the last one that the log keeps (D3)", () => {
    const ids = new DeliveredIds(2);
    expect([ids.last, ids.lastPersisted]).toEqual([undefined, undefined]);
    for (const e of [event("1"), event("2", true), event("3", true), event("4", true)]) ids.add(e);
    expect([ids.last, ids.lastPersisted]).toEqual(["4", "1"]);
  });

  it("says whether it had to forget", () => {
    const ids = new DeliveredIds(2);
    for (const id of ["1", "2", "3"]) ids.add(event(id));
    expect(ids.hasForgotten).toBe(false);
    ids.add(event("4"));
    expect([ids.hasForgotten, ids.has("1"), ids.has("3")]).toEqual([true, false, true]);
  });

  it("takes events without an id as they come", () => {
    const ids = new DeliveredIds(2);
    ids.add({ ...event("x"), id: undefined as never });
    expect([ids.last, ids.has(undefined as never)]).toEqual([undefined, false]);
  });

  it("remembers at least the last N and at most twice as many (D1, D2)", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(200), (capacity, count) => {
        const ids = new DeliveredIds(capacity);
        for (let n = 0; n < count; n += 1) ids.add(event(String(n)));
        const known = Array.from({ length: count }, (_, n) => n).filter((n) => ids.has(String(n)));
        expect(known.length).toBeGreaterThanOrEqual(Math.min(capacity, count));
        expect(known.length).toBeLessThanOrEqual(2 * capacity);
        expect(known).toEqual(Array.from({ length: known.length }, (_, n) => count - known.length + n));
      }),
    );
  });
});
