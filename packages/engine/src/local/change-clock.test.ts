import * as fc from "fast-check";
import { expect, it } from "vitest";

import { ChangeClock, changeToIso } from "./change-clock.ts";

it("moves forward with every change, whatever the system's clock does", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2 ** 41)), fc.nat(2 ** 41), (times, last) => {
      let now = 0;
      const clock = new ChangeClock(() => new Date(now), last * 1000);
      let before = last * 1000;
      for (const time of times) {
        now = time;
        const change = clock.next();
        expect(change).toBeGreaterThan(before);
        expect(change).toBeGreaterThanOrEqual(time * 1000);
        before = change;
      }
    }),
  );
});

it("tells the time of a change in milliseconds", () => {
  const clock = new ChangeClock(() => new Date("2026-11-22T10:00:00.123Z"), 0);
  expect([clock.next(), clock.next()].map(changeToIso)).toEqual(Array(2).fill("2026-11-22T10:00:00.123Z"));
});
