import { describe, expect, it } from "vitest";
import { withoutCredentials } from "./repository-source.ts";

describe("withoutCredentials", () => {
  it.each([
    ["https://token@host.test/a/b.git", "https://host.test/a/b.git"],
    [
      "fatal: unable to access 'https://me:pa%40ss@host.test/a/': 403",
      "fatal: unable to access 'https://host.test/a/': 403",
    ],
    ["https://host.test/a?access_token=abc", "https://host.test/a?…"],
    ["Is it there? Then try again.", "Is it there? Then try again."],
    ["ssh://git@host.test/a", "ssh://host.test/a"],
  ])("turns %s into %s", (text, expected) => {
    expect(withoutCredentials(text)).toBe(expected);
  });
});
