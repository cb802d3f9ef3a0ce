import { describe, expect, it } from "vitest";

import { FIRST_SUM, type SummedRow, firstDamaged, rowSum } from "./row-sum.ts";

function chain(bodies: readonly string[], previous = FIRST_SUM): SummedRow[] {
  let sum = previous;
  return bodies.map((body, index) => {
    sum = rowSum(sum, index + 1, body);
    return { seq: index + 1, body, sum };
  });
}

const rows = chain(["a", "b", "ü 🙂", "d"]);
const changed = (seq: number, change: Partial<SummedRow>): SummedRow[] =>
  rows.map((row) => (row.seq === seq ? { ...row, ...change } : row));

describe("firstDamaged", () => {
  it.each([
    ["nothing in a sound log", rows, undefined],
    ["a changed text", changed(2, { body: "B" }), 2],
    ["a changed sum", changed(2, { sum: 1 }), 2],
    ["a changed number", changed(4, { seq: 5 }), 5],
    ["a row that is missing in the middle, at the next one", rows.filter(({ seq }) => seq !== 2), 3],
    ["a row that is missing at the start", rows.slice(1), 2],
    ["a sum that was taken away, at the next one", changed(3, { sum: null }), 4],
    ["nothing in rows without sums", rows.map((row) => ({ ...row, sum: null })), undefined],
  ])("finds %s", (_name, given, expected) => {
    expect(firstDamaged(FIRST_SUM, given)?.seq).toBe(expected);
  });

  it("goes on behind rows of an older version", () => {
    const old = { seq: 0, body: "old", sum: null };
    expect(firstDamaged(null, [old, ...rows])).toBeUndefined();
    expect(firstDamaged(null, [old, ...changed(1, { body: "x" })])?.seq).toBe(1);
  });

  it("reads from the middle with the sum of the row before", () => {
    expect(firstDamaged(rows[1]!.sum, rows.slice(2))).toBeUndefined();
    expect(firstDamaged(rows[0]!.sum, rows.slice(2))?.seq).toBe(3);
  });
});
