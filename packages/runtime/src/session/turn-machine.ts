/**
 * The course of a session's turns: a pure machine. The shell (`turn-runner.ts`) does the effects, one after the other, and
 * feeds back what comes of the long ones.
 *
 * | state \ input | prompt                    | called (tools)  | called (no tools)           | failed                      | tools-done             | abort                    | settled        | recover           |
 * | ------------- | ------------------------- | --------------- | --------------------------- | --------------------------- | ---------------------- | ------------------------ | -------------- | ----------------- |
 * | idle          | → calling: begin, call    | –               | –                           | –                           | –                      | –                        | –              | see `recover`     |
 * | calling       | queue or steer            | → tools: run    | next prompt, or → idle      | report; next, or → idle     | –                      | → stopping: cancel, drop | –              | –                 |
 * | tools         | queue or steer            | –               | –                           | report; next, or → idle     | → calling: steer, call | → stopping: cancel, drop | –              | –                 |
 * | stopping      | queue                     | –               | –                           | –                           | –                      | –                        | idle, or begin | –                 |
 *
 * `recover` takes up the work of a process that ended, where its log says it stood (`turn-standing.ts`):
 *
 * | stage    | goes on with                                                                                         |
 * | -------- | ---------------------------------------------------------------------------------------------------- |
 * | prompted | the model call of the prompt                                                                         |
 * | calling  | the same model call once more                                                                        |
 * | tools    | the tool calls that have no result, then the next model call                                         |
 * | answered | the end of the turn, then the next prompt, or idle                                                   |
 * | between  | the next model call, with what was said meanwhile                                                    |
 * | aborting | the end of the turn, idle (aborted), then the next prompt                                            |
 * | idle     | idle, if nobody was told; then the next prompt                                                       |
 *
 * M1. Exactly one `go-idle` ends every run of work, whatever happened in it.
 * M2. A prompt is begun once, or dropped by an abort; its message id is in the log or in the list of the dropped.
 * M3. The queue is bounded; a prompt too many is refused and changes nothing.
 * M4. A prompt leads to a bounded number of model calls.
 */
import type { Standing } from "./turn-standing.ts";

/** A prompt that was accepted. */
export interface Prompt {
  readonly messageId: string;
  readonly text: string;
  /** `immediate` joins the running turn at its next model call; `enqueue` waits for its own turn. */
  readonly mode: "enqueue" | "immediate";
  readonly displayText?: string;
  readonly attachments?: readonly unknown[];
  readonly source?: string;
  readonly agentMode?: "interactive" | "plan" | "autopilot" | "shell";
  /** Where it stands in the session's mailbox. */
  readonly position?: number;
}

export interface TurnLimits {
  readonly maxQueuedPrompts: number;
  readonly maxModelCallsPerPrompt: number;
}

interface Waiting {
  readonly queue: readonly Prompt[];
  readonly steering: readonly Prompt[];
}

export type TurnState =
  | { readonly kind: "idle" }
  | ({ readonly kind: "calling"; readonly turn: number; readonly calls: number } & Waiting)
  | ({ readonly kind: "tools"; readonly turn: number; readonly calls: number } & Waiting)
  | { readonly kind: "stopping"; readonly queue: readonly Prompt[] };

export type TurnInput =
  | { readonly kind: "prompt"; readonly prompt: Prompt }
  /** The model has answered; `wantsTools` says whether it asks for tools. */
  | { readonly kind: "called"; readonly wantsTools: boolean }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "tools-done" }
  | { readonly kind: "abort"; readonly reason: string }
  /** After an abort: everything that was running has ended. */
  | { readonly kind: "settled" }
  | ({ readonly kind: "recover" } & Recovery);

/** What a process that ended left behind. */
export interface Recovery {
  readonly standing: Pick<Standing, "stage" | "turn" | "calls" | "wasAborted">;
  /** The prompts that were accepted and not begun, in order. */
  readonly waiting: readonly Prompt[];
  /** Work was done for a prompt whose idle nobody was told. */
  readonly owesIdle: boolean;
}

export type TurnEffect =
  | { readonly kind: "begin"; readonly prompt: Prompt; readonly delivery: "idle" | "queued" | "steering" }
  | { readonly kind: "start-turn"; readonly turn: number }
  | { readonly kind: "call-model"; readonly turn: number }
  | { readonly kind: "run-tools"; readonly turn: number }
  /** Settles the tool calls that an ended process left without a result. */
  | { readonly kind: "resume-tools"; readonly turn: number }
  /** Makes sure that there is a system message. */
  | { readonly kind: "prepare" }
  | { readonly kind: "end-turn"; readonly turn: number }
  | { readonly kind: "queue-changed" }
  | { readonly kind: "refuse"; readonly prompt: Prompt }
  | { readonly kind: "report"; readonly error: unknown }
  | { readonly kind: "out-of-calls"; readonly limit: number }
  | { readonly kind: "cancel"; readonly turn: number; readonly reason: string; readonly dropped: readonly Prompt[] }
  | { readonly kind: "go-idle"; readonly isAborted: boolean };

export interface TurnStep {
  readonly state: TurnState;
  readonly effects: readonly TurnEffect[];
}

const IDLE: TurnState = { kind: "idle" };
const stay = (state: TurnState): TurnStep => ({ state, effects: [] });

type Busy = Extract<TurnState, { kind: "calling" | "tools" }>;
type Handler<S extends TurnState["kind"], I extends TurnInput["kind"]> = (
  state: Extract<TurnState, { kind: S }>,
  input: Extract<TurnInput, { kind: I }>,
  limits: TurnLimits,
) => TurnStep;
type Table = { readonly [S in TurnState["kind"]]: { readonly [I in TurnInput["kind"]]: Handler<S, I> } };

const TABLE: Table = {
  idle: {
    prompt: (_state, input) => begin(input.prompt, "idle", 0, { queue: [], steering: [] }, []),
    called: stay,
    failed: stay,
    "tools-done": stay,
    abort: stay,
    settled: stay,
    recover: (_state, input, limits) => recover(input, limits),
  },
  calling: {
    prompt: enqueue,
    called: (state, input) =>
      input.wantsTools
        ? { state: { ...state, kind: "tools" }, effects: [{ kind: "run-tools", turn: state.turn }] }
        : proceed(state, [{ kind: "end-turn", turn: state.turn }]),
    failed: fail,
    "tools-done": stay,
    abort: stop,
    settled: stay,
    recover: stay,
  },
  tools: {
    prompt: enqueue,
    called: stay,
    failed: fail,
    "tools-done": (state, _input, limits) => callAgain(state, limits, [{ kind: "end-turn", turn: state.turn }]),
    abort: stop,
    settled: stay,
    recover: stay,
  },
  stopping: {
    prompt: (state, input, limits) =>
      state.queue.length >= limits.maxQueuedPrompts
        ? { state, effects: [{ kind: "refuse", prompt: input.prompt }] } // M3
        : { state: { ...state, queue: [...state.queue, input.prompt] }, effects: [{ kind: "queue-changed" }] },
    called: stay,
    failed: stay,
    "tools-done": stay,
    abort: stay,
    settled: (state) => {
      const idle: TurnEffect = { kind: "go-idle", isAborted: true }; // M1
      const [next, ...queue] = state.queue;
      return next === undefined
        ? { state: IDLE, effects: [idle] }
        : begin(next, "queued", 0, { queue, steering: [] }, [idle]);
    },
    recover: stay,
  },
};

export const INITIAL_TURN_STATE: TurnState = IDLE;

/** What an input leads to. */
export function stepTurn(state: TurnState, input: TurnInput, limits: TurnLimits): TurnStep {
  const handler = TABLE[state.kind][input.kind] as (s: TurnState, i: TurnInput, l: TurnLimits) => TurnStep;
  return handler(state, input, limits);
}

function begin(
  prompt: Prompt,
  delivery: "idle" | "queued" | "steering",
  turn: number,
  waiting: Waiting,
  before: readonly TurnEffect[],
): TurnStep {
  return {
    state: { kind: "calling", turn, calls: 1, ...waiting },
    effects: [
      ...before,
      { kind: "begin", prompt, delivery },
      { kind: "start-turn", turn },
      { kind: "call-model", turn },
    ],
  };
}

function enqueue(state: Busy, input: { readonly prompt: Prompt }, limits: TurnLimits): TurnStep {
  const { prompt } = input;
  if (state.queue.length + state.steering.length >= limits.maxQueuedPrompts) {
    return { state, effects: [{ kind: "refuse", prompt }] }; // M3
  }
  const next =
    prompt.mode === "immediate"
      ? { ...state, steering: [...state.steering, prompt] }
      : { ...state, queue: [...state.queue, prompt] };
  return { state: next, effects: [{ kind: "queue-changed" }] };
}

/** The turn is over: what was said meanwhile comes first, then the queue, then idle. */
function proceed(state: Busy, before: readonly TurnEffect[]): TurnStep {
  const [next, ...rest] = [...state.steering, ...state.queue];
  if (next === undefined) return { state: IDLE, effects: [...before, { kind: "go-idle", isAborted: false }] }; // M1
  const delivery = state.steering.length > 0 ? "steering" : "queued";
  const steering = state.steering.slice(1);
  const queue = state.steering.length > 0 ? state.queue : rest;
  return begin(next, delivery, state.turn + 1, { queue, steering }, before);
}

function fail(state: Busy, input: { readonly error: unknown }): TurnStep {
  return proceed(state, [
    { kind: "end-turn", turn: state.turn },
    { kind: "report", error: input.error },
  ]);
}

/** The tools have run: the model sees their results, and what was said meanwhile. */
function callAgain(state: Busy, limits: TurnLimits, before: readonly TurnEffect[]): TurnStep {
  if (state.calls >= limits.maxModelCallsPerPrompt) {
    return proceed(state, [...before, { kind: "out-of-calls", limit: limits.maxModelCallsPerPrompt }]); // M4
  }
  const turn = state.turn + 1;
  const steer = state.steering.map((prompt): TurnEffect => ({ kind: "begin", prompt, delivery: "steering" }));
  return {
    state: { ...state, kind: "calling", turn, calls: state.calls + 1, steering: [] },
    effects: [...before, ...steer, { kind: "start-turn", turn }, { kind: "call-model", turn }],
  };
}

/** Takes up what a process that ended left behind. */
function recover({ standing, waiting, owesIdle }: Recovery, limits: TurnLimits): TurnStep {
  const { stage, turn, wasAborted } = standing;
  const steering = waiting.filter((prompt) => prompt.mode === "immediate");
  const queue = waiting.filter((prompt) => prompt.mode !== "immediate");
  const busy: Busy = { kind: "calling", turn, calls: Math.max(1, standing.calls), steering, queue };
  const end: TurnEffect = { kind: "end-turn", turn };
  switch (stage) {
    case "prompted":
      return {
        state: { ...busy, calls: standing.calls + 1 },
        effects: [{ kind: "prepare" }, { kind: "start-turn", turn }, { kind: "call-model", turn }],
      };
    case "calling":
      return { state: busy, effects: [{ kind: "prepare" }, { kind: "call-model", turn }] };
    case "tools":
      return { state: { ...busy, kind: "tools" }, effects: [{ kind: "resume-tools", turn }] };
    case "answered":
      return proceed(busy, [end]);
    case "between":
      return callAgain(busy, limits, []);
    case "aborting":
      return afresh(steering, queue, [end, { kind: "go-idle", isAborted: true }]);
    case "idle": {
      // One idle is enough (M1): when more is to be done, it comes at the end of that.
      const isOwed = owesIdle && (wasAborted || waiting.length === 0);
      return afresh(steering, queue, isOwed ? [{ kind: "go-idle", isAborted: wasAborted }] : []);
    }
  }
}

/** Nothing runs: the first prompt that waits begins. */
function afresh(steering: readonly Prompt[], waiting: readonly Prompt[], before: readonly TurnEffect[]): TurnStep {
  const [next, ...queue] = [...steering, ...waiting];
  if (next === undefined) return { state: IDLE, effects: before };
  return begin(next, "queued", 0, { queue, steering: [] }, before);
}

function stop(state: Busy, input: { readonly reason: string }): TurnStep {
  const dropped = [...state.steering, ...state.queue]; // M2
  return {
    state: { kind: "stopping", queue: [] },
    effects: [{ kind: "cancel", turn: state.turn, reason: input.reason, dropped }],
  };
}
