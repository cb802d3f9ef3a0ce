import fc from "fast-check";
import { expect, it } from "vitest";
import { formatCursor, parseCursor } from "./event-cursor.ts";

it("reads what it wrote, whatever the id", () => {
  const id = fc.string({ minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(fc.option(id), fc.nat(), (eventId, position) => {
      expect(parseCursor(formatCursor(eventId, position))).toEqual({ kind: "place", eventId, position });
    }),
  );
});

it("takes a bare event id for the place behind that event", () => {
  expect(parseCursor("6f1e-7")).toEqual({ kind: "event", eventId: "6f1e-7" });
  expect(parseCursor("a|b")).toEqual({ kind: "event", eventId: "a|b" });
});

it("refuses what cannot be a cursor", () => {
  expect(parseCursor("")).toBeUndefined();
  expect(parseCursor("x".repeat(513))).toBeUndefined();
});
