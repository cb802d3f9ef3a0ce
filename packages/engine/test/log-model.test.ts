import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomUUID } from "node:crypto";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { type Engine, type LogRecord, openLocalEngine } from "../src/index.ts";
import { SessionEvents } from "./session-events.ts";

const SESSIONS = ["a", "b"] as const;
const MAX_EPHEMERAL = 5;

type Step =
  | { kind: "append"; session: number; ephemeral: boolean[]; isExpectingTail: boolean }
  | { kind: "read"; session: number; after: number; limit: number | undefined; includeEphemeral: boolean }
  | { kind: "burst"; sessions: number[] }
  | { kind: "reopen" }
  | { kind: "abandon" };

const session = fc.nat(SESSIONS.length - 1);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      session,
      ephemeral: fc.array(fc.boolean(), { maxLength: 6 }),
      isExpectingTail: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("read" as const),
      session,
      after: fc.oneof(fc.nat(12), fc.nat(3000)),
      limit: fc.option(fc.nat(8), { nil: undefined }),
      includeEphemeral: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("burst" as const), sessions: fc.array(session, { maxLength: 9 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "reopen" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "abandon" as const }) },
);

/** What a session's log ought to hold. */
class ModelLog {
  readonly events: SessionEvents;
  readonly persisted: LogRecord[] = [];
  ephemeral: LogRecord[] = [];
  seq = 0;

  constructor(name: string) {
    this.events = new SessionEvents(name);
  }

  append(records: readonly LogRecord[]): void {
    for (const record of records) {
      expect(record.seq).toBeGreaterThan(this.seq);
      this.seq = record.seq;
      if (record.ephemeral) this.ephemeral = [...this.ephemeral, record].slice(-MAX_EPHEMERAL);
      else this.persisted.push(record);
    }
  }

  read(after: number, limit: number | undefined, includeEphemeral: boolean): LogRecord[] {
    const all = includeEphemeral ? [...this.persisted, ...this.ephemeral] : this.persisted;
    return all
      .filter(({ seq }) => seq > after)
      .sort((a, b) => a.seq - b.seq)
      .slice(0, limit);
  }
}

/** Runs steps on a real engine and on the model beside it. */
class Run {
  readonly #directory = join(tmpdir(), `narthex-engine-${randomUUID()}`);
  readonly #models = SESSIONS.map((name) => new ModelLog(name));
  readonly #abandoned: Engine[] = [];
  #engine: Engine | undefined;

  async start(): Promise<void> {
    await this.#open();
    for (const id of SESSIONS) await this.#current.directory.create({ id, isCloud: true, attributes: {} });
  }

  async step(step: Step): Promise<void> {
    if (step.kind === "append") return this.#append(step.session, step.ephemeral, step.isExpectingTail);
    if (step.kind === "burst") return this.#burst(step.sessions);
    if (step.kind === "read") {
      const { after, limit, includeEphemeral } = step;
      const options = { after, includeEphemeral, ...(limit === undefined ? {} : { limit }) };
      const records = await this.#current.log.read(SESSIONS.at(step.session)!, options);
      expect(records).toEqual(this.#models.at(step.session)!.read(after, limit, includeEphemeral));
      return undefined;
    }
    if (step.kind === "reopen") await this.#current.close();
    else this.#abandoned.push(this.#current);
    for (const model of this.#models) model.ephemeral = [];
    return this.#open();
  }

  async finish(): Promise<void> {
    await this.step({ kind: "reopen" });
    for (const [i, id] of SESSIONS.entries()) {
      const model = this.#models.at(i)!;
      expect(await this.#current.log.read(id, { includeEphemeral: true })).toEqual(model.persisted);
      const tail = await this.#current.log.tail(id);
      expect(tail.seq).toBeGreaterThanOrEqual(model.seq);
      expect(tail.persistedCount).toBe(model.persisted.length);
      expect(tail.lastPersistedId).toBe(model.persisted.at(-1)?.event.id ?? null);
    }
    expect(await this.#current.verify()).toEqual([]);
  }

  async dispose(): Promise<void> {
    for (const engine of [...this.#abandoned, this.#current]) await engine.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #current(): Engine {
    return this.#engine!;
  }

  async #open(): Promise<void> {
    const options = { synchronous: "normal", maxEphemeralRecords: MAX_EPHEMERAL } as const;
    this.#engine = await openLocalEngine({ directory: this.#directory, ...options });
  }

  async #append(index: number, ephemeral: boolean[], isExpectingTail: boolean): Promise<void> {
    const [model, id] = [this.#models.at(index)!, SESSIONS.at(index)!];
    const { seq } = await this.#current.log.tail(id);
    const events = ephemeral.map((is) => (is ? model.events.ephemeral() : model.events.persisted()));
    const records = await this.#current.log.append(id, events, isExpectingTail ? { afterSeq: seq } : {});
    expect(records.map(({ event }) => event)).toEqual(events);
    expect(records.map((record) => record.seq)).toEqual(events.map((_, i) => seq + 1 + i));
    model.append(records);
  }

  /** Appends that do not wait for each other, seen by a subscriber. */
  async #burst(sessions: number[]): Promise<void> {
    const seen: LogRecord[][] = SESSIONS.map(() => []);
    const ends = SESSIONS.map((id, i) => this.#current.log.subscribe(id, (record) => seen.at(i)?.push(record)));
    const appends = sessions.map((index, i) => {
      const { events } = this.#models.at(index)!;
      return this.#current.log.append(SESSIONS.at(index)!, [i % 2 === 0 ? events.persisted() : events.ephemeral()]);
    });
    const appended = await Promise.all(appends);
    for (const end of ends) end();
    for (const [i, model] of this.#models.entries()) {
      const own = appended.filter((_, at) => sessions[at] === i).flat();
      expect(seen[i]).toEqual(own);
      model.append(own);
    }
  }
}

describe("the log", () => {
  it("holds what a simple model holds after any steps, also when it is reopened or taken over", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 40 }), async (steps) => {
        const run = new Run();
        try {
          await run.start();
          for (const step of steps) await run.step(step);
          await run.finish();
        } finally {
          await run.dispose();
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
