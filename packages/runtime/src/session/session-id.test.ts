import fc from "fast-check";
import { expect, it } from "vitest";
import { isSessionId } from "@narthex/protocol";
import { newSessionId } from "./session-id.ts";

it("makes well-formed version 7 ids that carry their time", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 47 - 1), (now) => {
      const id = newSessionId(now);
      expect(isSessionId(id)).toBe(true);
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16)).toBe(now);
    }),
  );
});

it("sorts by time, and never repeats within one millisecond", () => {
  const ids = [1, 2, 3, 1_000_000].map((now) => newSessionId(now));
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(Array.from({ length: 1_000 }, () => newSessionId(5))).size).toBe(1_000);
});
