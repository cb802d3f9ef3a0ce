import type { RawSessionEvent } from "@narthex/protocol";
import { describe, expect, it } from "vitest";
import { DeliveredIds } from "./delivered-ids.ts";
import { missedOf } from "./missed-events.ts";

const event = (id: string): RawSessionEvent => ({ id, timestamp: "", parentId: null, type: "session.info", data: {} });
const log = (...ids: string[]): RawSessionEvent[] => ids.map(event);

function deliveredOf(ids: string[], capacity?: number): DeliveredIds {
  const delivered = new DeliveredIds(capacity);
  for (const id of ids) delivered.add(event(id));
  return delivered;
}

describe("what of a whole log was missed", () => {
  it.each<[string, string[], string[], boolean, string[] | undefined]>([
    ["what comes after the last known event", ["1", "2", "3", "4"], ["1", "2"], true, ["3", "4"]],
    ["what had not arrived yet when a later event had", ["1", "2", "3", "4"], ["1", "3"], true, ["2", "4"]],
    ["all, when nothing arrived of a session created here", ["1", "2"], [], true, ["1", "2"]],
    ["nobody knows, when nothing arrived of a session that is older", ["1", "2"], [], false, undefined],
    ["not what was there before a session was resumed here", ["old", "1", "2"], ["1"], false, ["2"]],
    ["nothing, when all is known", ["1"], ["1"], true, []],
  ])("%s", (_what, all, known, isCreatedHere, expected) => {
    expect(missedOf(log(...all), deliveredOf(known), isCreatedHere)?.map(({ id }) => id)).toEqual(expected);
  });

  it("nobody knows, when all that is remembered is not in the log", () => {
    expect(missedOf(log("1", "2"), deliveredOf(["a", "b", "c", "d"], 2), true)).toBeUndefined();
  });

  it("does not take events for missed that were delivered too long ago to be remembered", () => {
    const ids = Array.from({ length: 300 }, (_, n) => String(n));
    const delivered = deliveredOf(ids.slice(0, 299), 100);
    expect(missedOf(log(...ids), delivered, true)?.map(({ id }) => id)).toEqual(["299"]);
  });
});
