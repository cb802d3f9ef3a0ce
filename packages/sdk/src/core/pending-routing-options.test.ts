import { describe, expect, it } from "vitest";
import { resolvePendingRoutingLimits } from "./pending-routing-options.ts";
import { DEFAULT_PENDING_ROUTING_LIMITS } from "./routing-types.ts";

describe("the bounds of pending routing", () => {
  it("have defaults, also where undefined is given", () => {
    expect(resolvePendingRoutingLimits(undefined)).toEqual(DEFAULT_PENDING_ROUTING_LIMITS);
    expect(resolvePendingRoutingLimits({ maxParkedBytes: undefined as never })).toEqual(DEFAULT_PENDING_ROUTING_LIMITS);
  });

  it("take what is given, 0 of a count too", () => {
    expect(resolvePendingRoutingLimits({ maxParkedEventsPerSession: 0, parkTimeoutMs: 5 })).toMatchObject({
      maxParkedEventsPerSession: 0,
      parkTimeoutMs: 5,
      maxParkedRequestsPerSession: 128,
    });
  });

  it.each([
    [{ maxParkedEventsPerSession: -1 }, /maxParkedEventsPerSession is -1/],
    [{ maxParkedRequestsPerSession: 1.5 }, /whole number/],
    [{ maxUnknownSessions: Number.NaN }, /NaN/],
    [{ maxParkedBytes: "64" }, /64/],
    [{ parkTimeoutMs: 0 }, /from 1/],
    [{ ambiguousTimeoutMs: 3e9 }, /2147483647/],
    [{ maxParkedEvents: 3 }, /no option.*maxParkedEventsPerSession/],
  ])("refuse %j", (given, text) => {
    expect(() => resolvePendingRoutingLimits(given as never)).toThrow(
      expect.objectContaining({ code: "CLIENT_OPTIONS_INVALID", message: expect.stringMatching(text) as string }),
    );
  });
});
