import { describe, expect, it } from "vitest";
import { expiryOf, type Expiry } from "./expiry.ts";

const LIMITS = { retentionMs: 1_000, noticeMs: 100, graceMs: 10 };

describe("the expiry of a session", () => {
  it.each<[ageMs: number, announcedMs: number | undefined, expiry: Expiry]>([
    [899, undefined, "keep"],
    [900, undefined, "announce"],
    [1_000, undefined, "announce"],
    [1e9, undefined, "announce"],
    [899, 9, "keep"],
    [900, 9, "keep"],
    [1_000, 9, "keep"],
    [899, 10, "keep"],
    [999, 10, "keep"],
    [1_000, 10, "delete"],
    [1e9, 1e6, "delete"],
  ])("at an age of %i ms, announced %s ms ago: %s", (ageMs, announcedMs, expiry) => {
    expect(expiryOf(ageMs, announcedMs, LIMITS)).toBe(expiry);
  });
});
