import { NarthexError } from "@narthex/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRetryAfter, retryDelay } from "./retry-policy.ts";

const LIMITS = { maxRetries: 3, firstDelayMs: 100, maxDelayMs: 1_000 };

describe("retryDelay", () => {
  it("stays within its bounds and ends", () => {
    const error = new NarthexError("MODEL_SERVER_ERROR", "x", { data: {} });
    fc.assert(
      fc.property(fc.nat(10), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
        const delay = retryDelay(error, attempt, LIMITS, random);
        if (attempt >= LIMITS.maxRetries) expect(delay).toBeUndefined();
        else expect(delay).toBeGreaterThanOrEqual(50);
        expect(delay ?? 0).toBeLessThanOrEqual(Math.min(100 * 2 ** attempt, 1_000));
      }),
    );
  });

  it.each([
    ["MODEL_AUTHENTICATION", {}],
    ["MODEL_BAD_REQUEST", {}],
    ["MODEL_STREAM_BROKEN", {}],
    ["ABORTED", {}],
    ["MODEL_UNREACHABLE", { networkCode: "TIMEOUT" }],
  ] as const)("does not repeat %s %j", (code, data) => {
    expect(retryDelay(new NarthexError(code, "x", { data }), 0, LIMITS, 0)).toBeUndefined();
  });
});

describe("readRetryAfter", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  it.each([
    [{ "retry-after": "2" }, 2_000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after": "Thu, 01 Jan 2026 00:00:09 GMT" }, 9_000],
    [{ "retry-after": "Thu, 01 Jan 2025 00:00:09 GMT" }, 0],
    [{ "retry-after-ms": "250", "retry-after": "9" }, 250],
    [{ "retry-after": "soon" }, undefined],
    [{}, undefined],
  ])("reads %j as %s", (headers, expected) => {
    expect(readRetryAfter(new Headers(headers as Record<string, string>), now)).toBe(expected);
  });
});
