import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { EphemeralLane } from "./ephemeral-lane.ts";

const entry = (seq: number, bytes: number) => ({ seq, bytes, body: "x".repeat(bytes) });

/** The latest entries that fit, the slow way. */
function fitting(entries: { seq: number; bytes: number }[], maxRecords: number, maxBytes: number): number[] {
  const kept: number[] = [];
  let bytes = 0;
  for (const { seq, bytes: own } of entries.toReversed()) {
    bytes += own;
    if (kept.length === maxRecords || bytes > maxBytes) break;
    kept.unshift(seq);
  }
  return kept;
}

describe("EphemeralLane", () => {
  it("holds the latest records that fit, whatever is pushed", () => {
    const sizes = fc.array(fc.nat(40), { maxLength: 80 });
    fc.assert(
      fc.property(
        sizes,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 200 }),
        (all, maxRecords, maxBytes) => {
          const lane = new EphemeralLane({ maxRecords, maxBytes });
          const entries = all.map((bytes, i) => entry(i * 3 + 1, bytes));
          for (const [i, each] of entries.entries()) {
            lane.push(each);
            const expected = fitting(entries.slice(0, i + 1), maxRecords, maxBytes);
            expect(lane.after(0).map(({ seq }) => seq)).toEqual(expected);
            expect(lane.size).toBe(expected.length);
            expect(lane.bytes).toBe(lane.after(0).reduce((sum, { bytes }) => sum + bytes, 0));
          }
        },
      ),
    );
  });

  it("gives the records behind a number, also behind one that it never held", () => {
    const lane = new EphemeralLane({ maxRecords: 10, maxBytes: 1000 });
    for (const seq of [2, 5, 6, 9]) lane.push(entry(seq, 1));
    const after = (seq: number): number[] => lane.after(seq).map((each) => each.seq);
    expect([0, 2, 3, 5, 8, 9, 99].map(after)).toEqual([[2, 5, 6, 9], [5, 6, 9], [5, 6, 9], [6, 9], [9], [], []]);
  });
});
