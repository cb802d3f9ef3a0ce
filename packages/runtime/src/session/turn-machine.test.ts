import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  INITIAL_TURN_STATE,
  stepTurn,
  type Prompt,
  type TurnEffect,
  type TurnInput,
  type TurnState,
} from "./turn-machine.ts";
import type { Stage } from "./turn-standing.ts";

const limits = { maxQueuedPrompts: 3, maxModelCallsPerPrompt: 5 };
const prompt = (messageId: string, mode: Prompt["mode"] = "enqueue"): Prompt => ({ messageId, text: messageId, mode });

const states: Record<TurnState["kind"], TurnState> = {
  idle: { kind: "idle" },
  calling: { kind: "calling", turn: 0, calls: 1, queue: [], steering: [] },
  tools: { kind: "tools", turn: 0, calls: 1, queue: [], steering: [] },
  stopping: { kind: "stopping", queue: [] },
};
const inputs: Record<string, TurnInput> = {
  prompt: { kind: "prompt", prompt: prompt("p") },
  "called with tools": { kind: "called", wantsTools: true },
  "called without tools": { kind: "called", wantsTools: false },
  failed: { kind: "failed", error: "boom" },
  "tools-done": { kind: "tools-done" },
  abort: { kind: "abort", reason: "user_initiated" },
  settled: { kind: "settled" },
  recover: recover("calling"),
};

function recover(stage: Stage, rest: Partial<Extract<TurnInput, { kind: "recover" }>> = {}): TurnInput {
  return {
    kind: "recover",
    standing: { stage, turn: 3, calls: 2, wasAborted: false },
    waiting: [],
    owesIdle: true,
    ...rest,
  };
}
const none: [TurnState["kind"], string[]] | undefined = undefined;

// The table of the module's header. `none`: the input changes nothing.
const TABLE: Record<TurnState["kind"], Record<keyof typeof inputs, [TurnState["kind"], string[]] | undefined>> = {
  idle: {
    prompt: ["calling", ["begin", "start-turn", "call-model"]],
    "called with tools": none,
    "called without tools": none,
    failed: none,
    "tools-done": none,
    abort: none,
    settled: none,
    recover: ["calling", ["prepare", "call-model"]],
  },
  calling: {
    prompt: ["calling", ["queue-changed"]],
    "called with tools": ["tools", ["run-tools"]],
    "called without tools": ["idle", ["end-turn", "go-idle"]],
    failed: ["idle", ["end-turn", "report", "go-idle"]],
    "tools-done": none,
    abort: ["stopping", ["cancel"]],
    settled: none,
    recover: none,
  },
  tools: {
    prompt: ["tools", ["queue-changed"]],
    "called with tools": none,
    "called without tools": none,
    failed: ["idle", ["end-turn", "report", "go-idle"]],
    "tools-done": ["calling", ["end-turn", "start-turn", "call-model"]],
    abort: ["stopping", ["cancel"]],
    settled: none,
    recover: none,
  },
  stopping: {
    prompt: ["stopping", ["queue-changed"]],
    "called with tools": none,
    "called without tools": none,
    failed: none,
    "tools-done": none,
    abort: none,
    settled: ["idle", ["go-idle"]],
    recover: none,
  },
};

const waiting = [prompt("later"), prompt("now", "immediate")];
const aborted = { standing: { stage: "aborting", turn: 3, calls: 1, wasAborted: true } } as const;

// The second table of the header: alone, and with a queued and a steering prompt.
const RECOVERY: Record<Stage, [alone: string[], withPrompts: string[]]> = {
  idle: [["go-idle"], ["begin now", "start-turn", "call-model"]],
  prompted: [
    ["prepare", "start-turn", "call-model"],
    ["prepare", "start-turn", "call-model"],
  ],
  calling: [
    ["prepare", "call-model"],
    ["prepare", "call-model"],
  ],
  tools: [["resume-tools"], ["resume-tools"]],
  answered: [
    ["end-turn", "go-idle"],
    ["end-turn", "begin now", "start-turn", "call-model"],
  ],
  between: [
    ["start-turn", "call-model"],
    ["begin now", "start-turn", "call-model"],
  ],
  aborting: [
    ["end-turn", "go-idle"],
    ["end-turn", "go-idle", "begin now", "start-turn", "call-model"],
  ],
};

describe("the course of turns, cell by cell", () => {
  for (const [from, row] of Object.entries(TABLE) as [TurnState["kind"], (typeof TABLE)["idle"]][]) {
    for (const [name, expected] of Object.entries(row)) {
      it(`${from} × ${name} → ${expected?.[0] ?? "no change"}`, () => {
        const step = stepTurn(states[from], inputs[name]!, limits);
        expect(step.state.kind).toBe(expected?.[0] ?? from);
        expect(step.effects.map((effect) => effect.kind)).toEqual(expected?.[1] ?? []);
      });
    }
  }

  for (const [stage, [alone, withPrompts]] of Object.entries(RECOVERY) as [Stage, [string[], string[]]][]) {
    it(`takes up the work of a process that ended when it was ${stage}`, () => {
      const named = (effects: readonly TurnEffect[]) =>
        effects.map((effect) => (effect.kind === "begin" ? `begin ${effect.prompt.messageId}` : effect.kind));
      const standing = { stage, turn: 3, calls: 1, wasAborted: stage === "aborting" };
      expect(named(stepTurn(states.idle, recover(stage, { standing }), limits).effects)).toEqual(alone);
      expect(named(stepTurn(states.idle, recover(stage, { standing, waiting }), limits).effects)).toEqual(withPrompts);
    });
  }

  it("takes up nothing where nothing is left, and tells of an abort that nobody heard of", () => {
    expect(stepTurn(states.idle, recover("idle", { owesIdle: false }), limits)).toEqual({
      state: { kind: "idle" },
      effects: [],
    });
    expect(stepTurn(states.idle, recover("aborting", aborted), limits).effects.at(-1)).toEqual({
      kind: "go-idle",
      isAborted: true,
    });
  });

  it("does not give a prompt more model calls because its process ended", () => {
    const standing = { stage: "between", turn: 5, calls: limits.maxModelCallsPerPrompt, wasAborted: false } as const;
    const { effects } = stepTurn(states.idle, recover("between", { standing }), limits);
    expect(effects.map(({ kind }) => kind)).toEqual(["out-of-calls", "go-idle"]);
  });

  it("runs queued prompts in order and goes idle once, at the end", () => {
    const seen = run([
      { kind: "prompt", prompt: prompt("a") },
      { kind: "prompt", prompt: prompt("b") },
      { kind: "prompt", prompt: prompt("c") },
      { kind: "called", wantsTools: false },
      { kind: "called", wantsTools: false },
      { kind: "called", wantsTools: false },
    ]);
    expect(begun(seen)).toEqual(["a", "b", "c"]);
    expect(seen.filter((effect) => effect.kind === "go-idle")).toHaveLength(1);
    expect(seen.at(-1)).toEqual({ kind: "go-idle", isAborted: false });
  });

  it("puts a steering message before the next model call and before the queue", () => {
    const seen = run([
      { kind: "prompt", prompt: prompt("a") },
      { kind: "prompt", prompt: prompt("queued") },
      { kind: "prompt", prompt: prompt("steer", "immediate") },
      { kind: "called", wantsTools: true },
      { kind: "tools-done" },
    ]);
    expect(begun(seen)).toEqual(["a", "steer"]);
  });

  it("refuses a prompt too many", () => {
    const seen = run(["a", "b", "c", "d", "e"].map((id): TurnInput => ({ kind: "prompt", prompt: prompt(id) })));
    expect(seen.filter((effect) => effect.kind === "refuse")).toMatchObject([{ prompt: { messageId: "e" } }]);
  });

  it("stops a prompt that leads to too many model calls", () => {
    const rounds = Array.from({ length: 5 }, (): TurnInput[] => [
      { kind: "called", wantsTools: true },
      { kind: "tools-done" },
    ]);
    const seen = run([{ kind: "prompt", prompt: prompt("a") }, ...rounds.flat()]);
    expect(seen.slice(-2).map((effect) => effect.kind)).toEqual(["out-of-calls", "go-idle"]);
  });
});

function run(given: readonly TurnInput[]): TurnEffect[] {
  let state = INITIAL_TURN_STATE;
  return given.flatMap((input) => {
    const step = stepTurn(state, input, limits);
    state = step.state;
    return step.effects;
  });
}

function begun(effects: readonly TurnEffect[]): string[] {
  return effects.flatMap((effect) => (effect.kind === "begin" ? [effect.prompt.messageId] : []));
}

describe("the course of turns under any input", () => {
  const anyInput = fc.oneof(
    {
      weight: 3,
      arbitrary: fc
        .constantFrom<Prompt["mode"]>("enqueue", "immediate")
        .map((mode) => ({ kind: "prompt" as const, mode })),
    },
    {
      weight: 5,
      arbitrary: fc
        .constantFrom(...Object.keys(inputs).filter((name) => name !== "recover"))
        .map((name) => ({ kind: "other" as const, name })),
    },
  );

  it("begins, drops or refuses every prompt once, and is idle exactly when it said so last", () => {
    fc.assert(
      fc.property(fc.array(anyInput, { maxLength: 80 }), (script) => {
        let state = INITIAL_TURN_STATE;
        const fates = new Map<string, number>();
        const count = (id: string): unknown => fates.set(id, (fates.get(id) ?? 0) + 1);
        let isRunning = false;
        let prompts = 0;
        const feed = (input: TurnInput): void => {
          const step = stepTurn(state, input, limits);
          state = step.state;
          for (const effect of step.effects) {
            if (effect.kind === "begin") count(effect.prompt.messageId);
            if (effect.kind === "refuse") count(effect.prompt.messageId);
            if (effect.kind === "cancel") for (const dropped of effect.dropped) count(dropped.messageId);
            if (effect.kind === "begin") isRunning = true;
            if (effect.kind !== "go-idle") continue;
            expect(isRunning).toBe(true); // one idle for each run of work
            isRunning = false;
          }
          expect(state.kind === "idle").toBe(!isRunning);
        };
        for (const [index, entry] of script.entries()) {
          if (entry.kind === "other" && entry.name !== "prompt") feed(inputs[entry.name]!);
          else {
            prompts += 1;
            feed({ kind: "prompt", prompt: prompt(`m${index}`, entry.kind === "prompt" ? entry.mode : "enqueue") });
          }
        }
        for (let guard = 0; state.kind !== "idle" && guard < 100; guard += 1) {
          feed(state.kind === "stopping" ? { kind: "settled" } : { kind: "failed", error: "end" });
        }
        expect(state.kind).toBe("idle");
        expect(fates.size).toBe(prompts);
        expect([...fates.values()].every((times) => times === 1)).toBe(true);
      }),
    );
  });
});
