import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { REPOSITORY_PART_PATTERN, isSessionId, parseSessionId } from "./ids.ts";
import { PROTOCOL_METHODS } from "./protocol-methods.ts";
import { SUPPORTED_METHODS, profileStatus } from "./profile.ts";

describe("session ids", () => {
  it("are safe as a file name and in a URL", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        if (isSessionId(text)) expect(encodeURIComponent(text)).toBe(text);
      }),
    );
  });

  it.each(["", "a/b", "..", "a b", "x".repeat(129), "ä", "a\n"])("are refused: %j", (text) => {
    expect(() => parseSessionId(text)).toThrow(expect.objectContaining({ code: "SESSION_ID_INVALID" }));
  });

  it.each([undefined, null, 7, {}])("must be text: %j", (value) => {
    expect(() => parseSessionId(value)).toThrow(expect.objectContaining({ code: "SESSION_ID_INVALID" }));
  });
});

it("parts of a repository's name cannot leave a folder", () => {
  for (const part of [".", "..", "a/b", "", "a b"]) expect(REPOSITORY_PART_PATTERN.test(part)).toBe(false);
  for (const part of ["octo", "my.repo", "-x", ".github"]) expect(REPOSITORY_PART_PATTERN.test(part)).toBe(true);
});

it("the profile is a part of the protocol", () => {
  for (const method of SUPPORTED_METHODS) {
    expect(PROTOCOL_METHODS).toContain(method);
    expect(profileStatus(method)).toBe("supported");
  }
  expect(profileStatus("session.fleet.start") === "supported").toBe(false);
  expect(profileStatus("no.such.method")).toBe("unknown");
});
