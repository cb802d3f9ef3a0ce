/**
 * Random interleavings on the wire, held against the model. A failure names the seed and what was done, so that it can be
 * run again: `npm run conformance -- ts --id fail/any --seed N`.
 */
import { FuzzModel } from "./fuzz-model.ts";
import { Mismatch } from "./kit-error.ts";
import { mismatchOf, show } from "./matcher.ts";
import type { SimpleStep } from "./scenario-schema.ts";
import type { Stage } from "./stage.ts";
import { awaitOutcome, cancel, start } from "./steps-sdk.ts";
import { expect, fenceOf, send } from "./steps-wire.ts";

type FuzzStep = Extract<SimpleStep, { fuzz: unknown }>;

interface Create {
  readonly name: string;
  readonly id: string;
  state: "in flight" | "live" | "over" | "cancelled";
}

export async function fuzz(stage: Stage, step: FuzzStep): Promise<void> {
  const first = Number(stage.variables.get("seed"));
  for (let seed = first; seed < first + step.fuzz.runs; seed += 1) {
    const run = new FuzzRun(stage, seed, step.fuzz.creates);
    try {
      for (let count = 0; count < step.fuzz.steps; count += 1) await run.act();
      await run.settle();
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      throw new Mismatch(`seed ${seed}: ${error.message}; what was done: ${run.trace.join(" · ")}`);
    }
  }
}

class FuzzRun {
  readonly trace: string[] = [];
  readonly #stage: Stage;
  readonly #prefix: string;
  readonly #random: () => number;
  readonly #maxCreates: number;
  readonly #creates: Create[] = [];
  readonly #model = new FuzzModel();
  readonly #requests = new Map<number, string>();
  #number = 0;

  constructor(stage: Stage, seed: number, maxCreates: number) {
    this.#stage = stage;
    this.#prefix = `f${seed}`;
    this.#random = randomFrom(seed);
    this.#maxCreates = maxCreates;
  }

  /** Does one thing, whatever is possible just now. */
  async act(): Promise<void> {
    const inFlight = this.#in("in flight");
    const choices: (() => Promise<void>)[] = [
      () => this.#arrive("event"),
      () => this.#arrive("event"),
      () => this.#arrive("request"),
      () => this.#arrive("request"),
    ];
    if (this.#creates.length < this.#maxCreates)
      choices.push(
        () => this.#begin(),
        () => this.#begin(),
      );
    const create = this.#pick(inFlight);
    if (create !== undefined) {
      choices.push(
        () => this.#succeed(create),
        () => this.#fail(create),
        () => this.#cancel(create),
      );
    }
    const cancelled = this.#pick(this.#in("cancelled"));
    if (cancelled !== undefined) choices.push(() => this.#succeedLate(cancelled));
    const live = this.#pick(this.#in("live"));
    if (live !== undefined) choices.push(() => this.#disconnect(live));
    await this.#pick(choices)?.();
  }

  /** Ends what is open, and compares. */
  async settle(): Promise<void> {
    for (const create of this.#in("in flight")) await this.#succeed(create);
    for (const create of this.#in("cancelled")) await this.#succeedLate(create);
    await fenceOf(this.#stage, "main");
    const { journals, served } = this.#model.expectation;
    for (const [name, items] of journals) {
      const wanted = items.map(({ kind, number }) =>
        kind === "event"
          ? { event: { data: { message: String(number) } } }
          : { call: "userInput", request: { question: String(number) } },
      );
      const seen = await this.#stage.driver.ask({
        verb: "events",
        of: name,
        stream: "journal",
        count: items.length + 1,
        withinMs: 0,
      });
      const problem = mismatchOf(seen, wanted);
      if (problem !== undefined) throw new Mismatch(`the journal of ${name}: ${problem}`);
    }
    for (const [number, request] of this.#requests) {
      const reply = await this.#stage.connection().reply(request, this.#stage.deadlineMs);
      const wanted = served.has(number) ? { result: { answer: String(number) } } : { error: {} };
      if (mismatchOf(reply, wanted) !== undefined)
        throw new Mismatch(`${request} was answered with ${show(reply)}, not ${show(wanted)}`);
    }
    for (const create of this.#in("live")) await this.#disconnect(create);
  }

  async #arrive(kind: "event" | "request"): Promise<void> {
    const ids = [
      ...this.#creates.map((create) => create.id),
      `${this.#prefix}-s${this.#creates.length}`,
      `${this.#prefix}-ghost`,
    ];
    const id = this.#pick(ids) ?? "";
    const number = ++this.#number;
    this.#note(`${kind} ${number} for ${id}`);
    if (kind === "event") {
      await send(this.#stage, {
        send: { event: "session.info", session: id, data: { infoType: "fuzz", message: String(number) } },
      });
    } else {
      const name = `${this.#prefix}-r${number}`;
      this.#requests.set(number, name);
      await send(this.#stage, {
        send: { request: "userInput.request", params: { sessionId: id, question: String(number) }, as: name },
      });
    }
    this.#model.arrived(id, { kind, number });
  }

  async #begin(): Promise<void> {
    const name = `${this.#prefix}-c${this.#creates.length}`;
    this.#note(`create ${name}`);
    await fenceOf(this.#stage, "main"); // what came before the create is read before it
    const config = { cloud: {}, model: name, handlers: { userInput: { echo: true } } };
    await start(this.#stage, { start: "createCloudSession", as: name, args: { config } });
    await expect(this.#stage, { expect: { method: "session.create", params: { model: name } }, as: name });
    this.#creates.push({ name, id: name.replace("-c", "-s"), state: "in flight" });
    this.#model.began(name);
  }

  async #succeed(create: Create): Promise<void> {
    this.#note(`${create.name} is ${create.id}`);
    await send(this.#stage, { send: { respond: create.name, result: { sessionId: create.id } } });
    create.state = "live";
    this.#model.succeeded(create.name, create.id);
    if (this.#random() < 0.5) await awaitOutcome(this.#stage, { await: create.name });
  }

  async #fail(create: Create): Promise<void> {
    this.#note(`${create.name} fails`);
    await send(this.#stage, { send: { respond: create.name, error: { code: -32603, message: "no" } } });
    create.state = "over";
    this.#model.ended(create.name);
  }

  async #cancel(create: Create): Promise<void> {
    this.#note(`${create.name} is cancelled`);
    await fenceOf(this.#stage, "main");
    await cancel(this.#stage, { cancel: create.name });
    await awaitOutcome(this.#stage, { await: create.name, see: { error: {} } });
    create.state = "cancelled";
    this.#model.ended(create.name);
  }

  async #succeedLate(create: Create): Promise<void> {
    this.#note(`${create.name} is ${create.id} after all`);
    await send(this.#stage, { send: { respond: create.name, result: { sessionId: create.id } } });
    await expect(this.#stage, { expect: { method: "session.destroy", params: { sessionId: create.id } } });
    create.state = "over";
    this.#model.succeededLate(create.id);
  }

  async #disconnect(create: Create): Promise<void> {
    this.#note(`${create.id} is disconnected`);
    await fenceOf(this.#stage, "main");
    await awaitOutcome(this.#stage, { await: create.name });
    const name = `${create.name}-gone`;
    await start(this.#stage, { start: "disconnect", as: name, args: { session: create.name } });
    await awaitOutcome(this.#stage, { await: name });
    create.state = "over";
    this.#model.disconnected(create.id);
  }

  #in(state: Create["state"]): Create[] {
    return this.#creates.filter((create) => create.state === state);
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.#random() * items.length)];
  }

  #note(text: string): void {
    this.trace.push(text);
  }
}

/** Numbers from 0 to 1 that a seed brings about, the same every time (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
