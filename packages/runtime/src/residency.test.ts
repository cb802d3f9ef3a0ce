import { describe, expect, it } from "vitest";
import { fateOf, type Fate } from "./residency.ts";

const LIMITS = { unattachedIdleMs: 10, attachedIdleMs: 100 };

describe("the residency of a session", () => {
  it.each<[isAtRest: boolean, clients: number, restingMs: number, fate: Fate]>([
    [false, 0, 1e9, "stays"],
    [false, 1, 1e9, "stays"],
    [true, 0, 9, "stays"],
    [true, 0, 10, "unloads"],
    [true, 1, 10, "stays"],
    [true, 1, 99, "stays"],
    [true, 2, 100, "hibernates"],
  ])("at rest: %s, clients: %i, for %i ms: %s", (isAtRest, clients, restingMs, fate) => {
    expect(fateOf({ isAtRest, clients, restingMs }, LIMITS)).toBe(fate);
  });

  it("ends at once for nobody, and never for clients, when told so", () => {
    const limits = { unattachedIdleMs: 0, attachedIdleMs: Infinity };
    expect(fateOf({ isAtRest: true, clients: 0, restingMs: 0 }, limits)).toBe("unloads");
    expect(fateOf({ isAtRest: true, clients: 1, restingMs: 1e15 }, limits)).toBe("stays");
  });
});
