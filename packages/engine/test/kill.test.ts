import { randomInt } from "node:crypto";

import { describe, expect, it } from "vitest";

import { type Engine, openLocalEngine } from "../src/index.ts";
import { startScript } from "./child-process.ts";
import { SessionEvents } from "./session-events.ts";
import { makeTempDirectory } from "./temp-directory.ts";

const ROUNDS = 15;
const SESSIONS = ["a", "b", "c"] as const;

/** What the killed processes told, over all rounds. */
class Told {
  readonly acknowledged = new Map<string, Map<number, string>>(SESSIONS.map((id) => [id, new Map()]));
  /** Every number that a subscriber saw, in the order in which it did. */
  readonly seen = new Map<string, number[]>(SESSIONS.map((id) => [id, []]));

  note(line: string): void {
    const [word, session = "", seq, id = ""] = line.split(" ");
    if (word === "seen") this.seen.get(session)?.push(Number(seq));
    if (word === "acknowledged") this.acknowledged.get(session)?.set(Number(seq), id);
  }

  highest(session: string): number {
    return this.seen.get(session)?.at(-1) ?? 0;
  }
}

/** A small generator of pseudo-random numbers, so that a failing run can be repeated. */
function seededRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

async function checkStore(engine: Engine, told: Told): Promise<void> {
  expect(await engine.verify()).toEqual([]);
  for (const session of SESSIONS) {
    const stored = new Map((await engine.log.read(session)).map(({ seq, event }) => [seq, event.id]));
    const lost = [...told.acknowledged.get(session)!].filter(([seq, id]) => stored.get(seq) !== id);
    expect(lost).toEqual([]);
    const seen = told.seen.get(session)!;
    const disordered = seen.filter((seq, i) => i > 0 && seq <= (seen[i - 1] ?? 0));
    expect(disordered).toEqual([]);
    expect((await engine.log.tail(session)).seq).toBeGreaterThanOrEqual(told.highest(session));
  }
}

/** The opener of the store takes part as well, so that its numbers are in the same order. */
async function appendOne(engine: Engine, session: string, round: number, told: Told): Promise<void> {
  const { lastPersistedId } = await engine.log.tail(session);
  const event = new SessionEvents(`own-${round}`, lastPersistedId).persisted();
  for (const { seq } of await engine.log.append(session, [event])) {
    told.note(`seen ${session} ${seq}`);
    told.note(`acknowledged ${session} ${seq} ${event.id}`);
  }
}

describe("an engine whose process is killed", () => {
  const seed = Number(process.env["NARTHEX_TEST_SEED"] ?? randomInt(2 ** 31));

  it(`loses nothing acknowledged and reuses no number, in ${ROUNDS} rounds (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const directory = makeTempDirectory();
    const told = new Told();
    for (let round = 0; round < ROUNDS; round += 1) {
      const child = startScript("append-forever", directory, `r${round}`);
      await child.untilLines(20 + random(600));
      for (const line of await child.kill()) told.note(line);
      const engine = await openLocalEngine({ directory });
      await checkStore(engine, told);
      if (random(2) === 0) await appendOne(engine, SESSIONS[random(3)] ?? "a", round, told);
      await engine.close();
    }
    for (const session of SESSIONS) expect(told.acknowledged.get(session)!.size).toBeGreaterThan(ROUNDS);
  }, 60_000);
});

describe("a mailbox whose process is killed", () => {
  const seed = Number(process.env["NARTHEX_TEST_SEED"] ?? randomInt(2 ** 31));

  it(`has every command that was answered, once and in order, unless it was acknowledged (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const directory = makeTempDirectory();
    const posted = new Map<string, number>();
    const acknowledged = new Set<string>();
    for (let round = 0; round < 6; round += 1) {
      const child = startScript("post-forever", directory, `r${round}`);
      await child.untilLines(20 + random(400));
      for (const line of await child.kill()) {
        const [word, id = "", position] = line.split(" ");
        if (word === "posted") posted.set(id, Number(position));
        if (word === "acknowledged") acknowledged.add(id);
      }
      const engine = await openLocalEngine({ directory });
      const waiting = await engine.mailbox.take("s");
      const ids = waiting.map(({ commandId }) => commandId);
      expect(new Set(ids).size).toBe(ids.length);
      expect(waiting.map(({ position }) => position)).toEqual(
        waiting.map(({ position }) => position).toSorted((a, b) => a - b),
      );
      for (const id of acknowledged) expect(ids).not.toContain(id);
      for (const { commandId, position } of waiting) {
        if (posted.has(commandId)) expect(position).toBe(posted.get(commandId));
      }
      // What was answered and not acknowledged waits; the last one may be on its way out.
      const lost = [...posted.keys()].filter((id) => !acknowledged.has(id) && !ids.includes(id));
      expect(lost.length).toBeLessThanOrEqual(1);
      for (const id of lost) acknowledged.add(id);
      expect(await engine.verify()).toEqual([]);
      await engine.close();
    }
    expect(posted.size).toBeGreaterThan(30);
  }, 60_000);
});
