import type { RawSessionEvent } from "@narthex/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EarlyRepair, MAX_HELD_ITEMS, type HeldItem } from "./early-repair.ts";

const event = (id: string, ephemeral = false): RawSessionEvent => ({
  id,
  timestamp: "",
  parentId: null,
  type: "session.info",
  data: {},
  ...(ephemeral ? { ephemeral } : {}),
});
const held = (id: string, ephemeral = false): HeldItem<string> => ({ kind: "event", event: event(id, ephemeral) });
const request = (value: string): HeldItem<string> => ({ kind: "other", value });
const shown = (items: readonly HeldItem<string>[]) =>
  items.map((item) => (item.kind === "event" ? item.event.id : item.value));

function repair(log: string[] | undefined, ...items: HeldItem<string>[]) {
  const early = new EarlyRepair<string>();
  for (const item of items) early.hold(item);
  return early.finish(log?.map((id) => event(id)));
}

describe("putting lost events back", () => {
  it("puts them before what is behind them in the log", () => {
    const { items, repaired } = repair(["1", "2", "3", "4"], held("2"), held("delta", true), held("4"));
    expect(shown(items)).toEqual(["1", "2", "delta", "3", "4"]);
    expect(repaired.map(({ id }) => id)).toEqual(["1", "3"]);
  });

  it("keeps requests in their place among the events", () => {
    expect(shown(repair(["1", "2"], request("r1"), held("2"), request("r2")).items)).toEqual(["r1", "1", "2", "r2"]);
  });

  it("passes over what the log had already when it arrives once more", () => {
    const { items, passOver } = repair(["1", "2", "3"], held("2"));
    expect(shown(items)).toEqual(["1", "2", "3"]);
    expect([...passOver]).toEqual(["1", "3"]);
  });

  it("delivers what is held when there is no log", () => {
    expect(shown(repair(undefined, held("2"), request("r")).items)).toEqual(["2", "r"]);
  });

  it("says when there is no more room", () => {
    const early = new EarlyRepair<string>();
    const answers = Array.from({ length: MAX_HELD_ITEMS }, (_, n) => early.hold(held(String(n))));
    expect(answers.slice(0, -1).every(Boolean)).toBe(true);
    expect(answers.at(-1)).toBe(false);
  });

  it("delivers every event of the log once and in order, and what was held in its own order", () => {
    const sent = fc.array(fc.record({ isEphemeral: fc.boolean(), isLost: fc.boolean(), isRequest: fc.boolean() }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(sent, fc.nat(5), (traffic, later) => {
        const log: string[] = [];
        const items: HeldItem<string>[] = [];
        for (const [index, { isEphemeral, isLost, isRequest }] of traffic.entries()) {
          if (!isRequest && !isEphemeral) log.push(String(index));
          if (isRequest) items.push(request(`r${index}`));
          else if (!isLost) items.push(held(String(index), isEphemeral));
        }
        for (let n = 0; n < later; n += 1) log.push(`later${n}`);
        const result = shown(repair(log, ...items).items);
        expect(result.filter((id) => log.includes(id))).toEqual(log);
        const own = new Set(shown(items));
        expect(result.filter((id) => own.has(id))).toEqual(shown(items));
      }),
    );
  });
});
