import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isBranchName, parseRepositoryName } from "./repository-name.ts";

const BAD_PARTS = ["", ".", "..", "-x", "a/b", "a\\b", "a b", "a\0", "a\n", "--upload-pack=x", "ä", "x".repeat(101)];
const BAD_BRANCHES = [
  "",
  "-x",
  "--upload-pack=x",
  "/a",
  "a/",
  "a//b",
  "a..b",
  "a b",
  "a\n",
  "a~1",
  "a^",
  "a:b",
  "a?",
  "a*",
];
const MORE_BAD_BRANCHES = [
  "a[",
  "a\\b",
  "@",
  "a@{1}",
  ".a",
  "a/.b",
  "a.lock",
  "a.lock/b",
  "a.",
  "x".repeat(251),
  "a\u007f",
];

describe("parseRepositoryName", () => {
  it.each(BAD_PARTS)("refuses %j as owner and as name", (part) => {
    expect(() => parseRepositoryName({ owner: part, name: "web" })).toThrow(/is no repository/);
    expect(() => parseRepositoryName({ owner: "acme", name: part })).toThrow(/is no repository/);
  });

  it("takes ordinary names", () => {
    const repository = { owner: "acme-1", name: "web.site_2", branch: "feature/login" };
    expect(parseRepositoryName(repository)).toEqual(repository);
  });

  it("never lets a part through that could be an option or a path step", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), (part) => {
        try {
          parseRepositoryName({ owner: part, name: "web" });
        } catch {
          return;
        }
        expect(part).toMatch(/^[A-Za-z0-9._][A-Za-z0-9._-]*$/);
        expect([".", ".."]).not.toContain(part);
      }),
    );
  });
});

describe("isBranchName", () => {
  it.each([...BAD_BRANCHES, ...MORE_BAD_BRANCHES])("refuses %j", (branch) => {
    expect(isBranchName(branch)).toBe(false);
  });

  it.each(["main", "feature/login", "v1.2", "ä", "a-b", "user/x.y"])("takes %j", (branch) => {
    expect(isBranchName(branch)).toBe(true);
  });
});
