import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileGlob } from "./glob-pattern.ts";

describe("compileGlob", () => {
  it.each([
    ["*.ts", ["a.ts", ".ts"], ["src/a.ts", "a.tsx"]],
    ["**/*.ts", ["a.ts", "src/a.ts", "a/b/c.ts"], ["a.js", "a.ts/b"]],
    ["src/**", ["src/a", "src/a/b"], ["lib/a"]],
    ["src/**/test/*.ts", ["src/test/a.ts", "src/a/b/test/a.ts"], ["src/a/test/b/a.ts"]],
    ["./a?c", ["abc", "a😀c"], ["ac", "abbc"]],
    ["[a-c]x", ["ax", "cx"], ["dx", "-x"]],
    ["[!a-c]x", ["dx"], ["ax"]],
    ["[]]x", ["]x"], ["ax"]],
    ["a[b", ["a[b"], ["ab"]],
    ["{a,b}/{c,d*}", ["a/c", "b/dx"], ["a/e", "c/c"]],
    ["{a}", ["{a}"], ["a"]],
    ["\\*", ["*"], ["a"]],
    ["a.c", ["a.c"], ["abc"]],
    ["(a+)+$", ["(a+)+$"], ["aaa"]],
  ])("%s", (pattern, matching, other) => {
    const matches = compileGlob(pattern);
    for (const path of matching) expect([path, matches(path)]).toEqual([path, true]);
    for (const path of other) expect([path, matches(path)]).toEqual([path, false]);
  });

  it.each(["/etc/*", "../*", "a/../../b", "x".repeat(1_001), "{a,b}".repeat(7)])("refuses %s", (pattern) => {
    expect(() => compileGlob(pattern)).toThrow();
  });

  it("agrees with a regular expression for stars and question marks", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "*", "?", "/"), maxLength: 8 });
    fc.assert(
      fc.property(text, fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 8 }), (pattern, path) => {
        fc.pre(!pattern.includes("**") && !pattern.startsWith("/"));
        const source = pattern.replaceAll("*", "[^/]*").replaceAll("?", "[^/]");
        expect(compileGlob(pattern)(path)).toBe(new RegExp(`^${source}$`).test(path));
      }),
      { numRuns: 500 },
    );
  });

  it("does not stall on many stars", () => {
    expect(compileGlob(`${"a*".repeat(200)}b`)("a".repeat(2_000))).toBe(false);
  });
});
