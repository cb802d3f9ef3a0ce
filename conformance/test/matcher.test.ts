import { describe, expect, it } from "vitest";
import { KitError } from "../runner/src/kit-error.ts";
import { mismatchOf } from "../runner/src/matcher.ts";
import { fillIn } from "../runner/src/values.ts";

describe("the matcher", () => {
  it.each<[unknown, unknown, boolean]>([
    [{ a: 1, more: 2 }, { a: 1 }, true],
    [{ a: 1 }, { a: 2 }, false],
    [{}, { a: 1 }, false],
    [[1, 2], [1, 2], true],
    [[1, 2, 3], [1, 2], false],
    [[1], [1, 2], false],
    [null, null, true],
    [undefined, null, false],
    [null, {}, false],
    ["hello world", { $match: "^hello" }, true],
    [7, { $match: "7" }, false],
    [{}, { a: { $absent: true } }, true],
    [{ a: null }, { a: { $absent: true } }, false],
    [{ b: 2, a: 1 }, { $exact: { a: 1, b: 2 } }, true],
    [{ a: 1, b: 2 }, { $exact: { a: 1 } }, false],
    [1, { $not: 2 }, true],
    [2, { $anyOf: [1, 2] }, true],
    [3, { $anyOf: [1, 2] }, false],
    ["ab", { $allOf: [{ $match: "a" }, { $match: "c" }] }, false],
    [[{ a: 1 }, { a: 2 }], { $contains: { a: 2 } }, true],
    [[{ a: 1 }], { $contains: { a: 2 } }, false],
    [[2, 1], { $unordered: [1, 2] }, true],
    [[2, 2], { $unordered: [1, 2] }, false],
    [[1, 1, 2], { $containsTimes: { times: 2, match: 1 } }, true],
    [[1, 1, 1], { $containsTimes: { times: 2, match: 1 } }, false],
    [3, { $atMost: "3" }, true],
    ["3", { $atMost: 4 }, false],
    [undefined, { $atLeast: 0 }, false],
    [5, { $type: "integer" }, true],
    [5.5, { $type: "integer" }, false],
    [null, { $type: "object" }, false],
    [{ a: 1, b: 2 }, { $keys: ["b", "a"] }, true],
  ])("%j against %j: %j", (seen, wanted, isMatch) => {
    expect(mismatchOf(seen, wanted) === undefined).toBe(isMatch);
  });

  it("refuses an operator that does not exist, instead of matching anything", () => {
    expect(() => mismatchOf(1, { $typo: 1 })).toThrow(KitError);
    expect(() => mismatchOf(1, { $match: "1", other: 1 })).toThrow(KitError);
  });

  it("says where it does not match", () => {
    expect(mismatchOf({ a: [{ b: 1 }] }, { a: [{ b: 2 }] })).toBe("$.a[0].b: 1 is not 2");
  });
});

describe("variables", () => {
  const variables = new Map<string, unknown>([
    ["n", 7],
    ["list", [1]],
  ]);

  it("are values as a whole and text inside of a longer one, also in keys and with a sum", () => {
    expect(fillIn({ a: "$list", "k${n}": "q${n-1}", b: ["${n+1}"] }, variables)).toEqual({
      a: [1],
      k7: "q6",
      b: ["8"],
    });
  });

  it("that nothing has set are an error of the scenario", () => {
    expect(() => fillIn("$nobody", variables)).toThrow(/\$nobody/);
  });
});
