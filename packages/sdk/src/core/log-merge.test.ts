import type { RawSessionEvent } from "@narthex/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LogMerge, MAX_HELD_ITEMS, type HeldItem } from "./log-merge.ts";

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

/** Merges held items with a log that is read in pages. */
function merge(pages: string[][], ...items: HeldItem<string>[]) {
  return mergeWith({ isGapFirst: false }, pages, items);
}

function mergeWith(options: { isGapFirst: boolean }, pages: string[][], items: HeldItem<string>[]) {
  const all = new LogMerge<string>(options);
  for (const item of items) all.hold(item);
  const merged = pages.map((page, index) =>
    all.absorb(
      page.map((id) => event(id)),
      index === pages.length - 1,
    ),
  );
  return {
    items: merged.flatMap((traffic) => traffic.items),
    fromLog: merged.flatMap((traffic) => traffic.fromLog),
    byPage: merged.map((traffic) => shown(traffic.items)),
  };
}

describe("putting lost events back", () => {
  it("puts them before what is behind them in the log", () => {
    const { items, fromLog } = merge([["1", "2", "3", "4"]], held("2"), held("delta", true), held("4"));
    expect(shown(items)).toEqual(["1", "2", "delta", "3", "4"]);
    expect(fromLog.map(({ id }) => id)).toEqual(["1", "3"]);
  });

  it("keeps requests in their place among the events", () => {
    expect(shown(merge([["1", "2"]], request("r1"), held("2"), request("r2")).items)).toEqual(["r1", "1", "2", "r2"]);
  });

  it("delivers what is held when there is no log", () => {
    expect(shown(merge([[]], held("2"), request("r")).items)).toEqual(["2", "r"]);
  });

  it("keeps what is behind a page for the next one (P5)", () => {
    const { byPage } = merge([["1", "2"], ["3", "4"], ["5"]], held("2"), held("delta", true), request("r"), held("4"));
    expect(byPage).toEqual([["1", "2"], ["delta", "r", "3", "4"], ["5"]]);
  });

  it("puts a gap before everything that is held, where it can only be there (P6)", () => {
    const gapFirst = (pages: string[][], ...items: HeldItem<string>[]) =>
      mergeWith({ isGapFirst: true }, pages, items).byPage;
    expect(gapFirst([["1", "2"]], held("delta", true), request("r"))).toEqual([["1", "2", "delta", "r"]]);
    expect(gapFirst([["1"], ["2", "3"]], held("delta", true), held("3"), request("r"))).toEqual([
      ["1"],
      ["2", "delta", "3", "r"],
    ]);
  });

  it("says when there is no more room", () => {
    const full = new LogMerge<string>({ isGapFirst: false });
    full.hold(request("r"));
    const answers = Array.from({ length: MAX_HELD_ITEMS - 1 }, (_, n) => full.hold(held(String(n))));
    expect(answers.slice(0, -1).every(Boolean)).toBe(true);
    expect(answers.at(-1)).toBe(false);
    expect(full.forgetEvents()).toHaveLength(MAX_HELD_ITEMS - 1);
    expect(shown(full.absorb([], true).items)).toEqual(["r"]);
  });

  it("delivers every event of the log once and in order, and what was held in its own order", () => {
    const sent = fc.array(fc.record({ isEphemeral: fc.boolean(), isLost: fc.boolean(), isRequest: fc.boolean() }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(
        sent,
        fc.nat(5),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        (traffic, later, pageSize, isGapFirst) => {
          const log: string[] = [];
          const items: HeldItem<string>[] = [];
          for (const [index, { isEphemeral, isLost, isRequest }] of traffic.entries()) {
            if (!isRequest && !isEphemeral) log.push(String(index));
            if (isRequest) items.push(request(`r${index}`));
            else if (!isLost) items.push(held(String(index), isEphemeral));
          }
          for (let n = 0; n < later; n += 1) log.push(`later${n}`);
          const pages = [log.slice(0, pageSize)];
          for (let at = pageSize; at < log.length; at += pageSize) pages.push(log.slice(at, at + pageSize));
          const result = shown(mergeWith({ isGapFirst }, pages, items).items);
          expect(result.filter((id) => log.includes(id))).toEqual(log);
          const own = new Set(shown(items));
          expect(result.filter((id) => own.has(id))).toEqual(shown(items));
        },
      ),
    );
  });
});
