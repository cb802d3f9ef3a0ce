import type { RawSessionEvent } from "@narthex/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planRecovery } from "./session-recovery.ts";
import { INITIAL_TURN_STATE, stepTurn, type Prompt, type TurnEffect, type TurnInput } from "./turn-machine.ts";
import { PastWork } from "./past-work.ts";
import { INITIAL_STANDING, standingOf, stepStanding, type Stage } from "./turn-standing.ts";

let made = 0;
const event = (type: string, data: unknown = {}, extra: object = {}): RawSessionEvent => {
  made += 1;
  return { id: `e-${made}`, timestamp: "", parentId: null, type, data, ...extra };
};
const toolRequests = (...ids: string[]) => ids.map((toolCallId) => ({ toolCallId, name: "bash", arguments: { a: 1 } }));

const EVENTS = {
  "user.message": event("user.message", { messageId: "m", delivery: "queued" }),
  turn_start: event("assistant.turn_start", { turnId: "7" }),
  "message with tools": event("assistant.message", { toolRequests: toolRequests("c") }),
  "message without": event("assistant.message", { content: "done" }),
  turn_end: event("assistant.turn_end", { turnId: "7" }),
  abort: event("abort", { reason: "user_initiated" }),
  "error of the runtime": event("session.error", { errorCode: "MODEL_SERVER_ERROR" }),
  "error of a client": event("session.error", { errorType: "notification" }),
};
type Name = keyof typeof EVENTS;

// The table of the module's header.
const TABLE: Record<Stage, Record<Name, Stage>> = {
  idle: {
    "user.message": "prompted",
    turn_start: "calling",
    "message with tools": "idle",
    "message without": "idle",
    turn_end: "idle",
    abort: "aborting",
    "error of the runtime": "idle",
    "error of a client": "idle",
  },
  prompted: {
    "user.message": "prompted",
    turn_start: "calling",
    "message with tools": "prompted",
    "message without": "prompted",
    turn_end: "prompted",
    abort: "aborting",
    "error of the runtime": "idle",
    "error of a client": "prompted",
  },
  calling: {
    "user.message": "prompted",
    turn_start: "calling",
    "message with tools": "tools",
    "message without": "answered",
    turn_end: "between",
    abort: "aborting",
    "error of the runtime": "calling",
    "error of a client": "calling",
  },
  tools: {
    "user.message": "prompted",
    turn_start: "calling",
    "message with tools": "tools",
    "message without": "answered",
    turn_end: "between",
    abort: "aborting",
    "error of the runtime": "tools",
    "error of a client": "tools",
  },
  answered: {
    "user.message": "prompted",
    turn_start: "calling",
    "message with tools": "answered",
    "message without": "answered",
    turn_end: "idle",
    abort: "aborting",
    "error of the runtime": "answered",
    "error of a client": "answered",
  },
  between: {
    "user.message": "prompted",
    turn_start: "calling",
    "message with tools": "between",
    "message without": "between",
    turn_end: "between",
    abort: "aborting",
    "error of the runtime": "idle",
    "error of a client": "between",
  },
  aborting: {
    "user.message": "prompted",
    turn_start: "calling",
    "message with tools": "aborting",
    "message without": "aborting",
    turn_end: "idle",
    abort: "aborting",
    "error of the runtime": "idle",
    "error of a client": "aborting",
  },
};

describe("where work stands, cell by cell", () => {
  for (const [stage, row] of Object.entries(TABLE) as [Stage, Record<Name, Stage>][]) {
    for (const [name, next] of Object.entries(row) as [Name, Stage][]) {
      it(`${stage} × ${name} → ${next}`, () => {
        expect(stepStanding({ ...INITIAL_STANDING, stage }, EVENTS[name]).stage).toBe(next);
      });
    }
  }

  it("takes no notice of sub-agents and of events that are not about work", () => {
    expect(stepStanding(INITIAL_STANDING, event("user.message", {}, { agentId: "sub" }))).toBe(INITIAL_STANDING);
    expect(stepStanding(INITIAL_STANDING, event("session.info"))).toBe(INITIAL_STANDING);
    expect(stepStanding(INITIAL_STANDING, event("toString"))).toBe(INITIAL_STANDING);
  });
});

describe("tool calls and questions", () => {
  const start = [
    event("user.message", { messageId: "m", delivery: "idle" }),
    event("assistant.turn_start", { turnId: "0" }),
    event("assistant.message", { toolRequests: toolRequests("a", "b", "c") }),
  ];

  it("are open from the message to the result, with what the log says of them (S2)", () => {
    const standing = standingOf([
      ...start,
      event("tool.execution_start", { toolCallId: "a" }),
      event("tool.execution_start", { toolCallId: "b" }),
      event("permission.requested", { requestId: "r", permissionRequest: { kind: "shell", toolCallId: "b" } }),
      event("permission.completed", { requestId: "r", result: { kind: "denied-by-rules" } }),
      event("tool.execution_complete", { toolCallId: "a" }),
    ]);
    expect(standing).toMatchObject({ stage: "tools", turn: 0, calls: 1, messageId: "m" });
    expect([...standing.openCalls.values()]).toEqual([
      {
        call: { id: "b", name: "bash", arguments: { a: 1 } },
        isStarted: true,
        permission: { isAllowed: false, kind: "denied-by-rules" },
      },
      { call: { id: "c", name: "bash", arguments: { a: 1 } }, isStarted: false },
    ]);
  });

  it("are asked until they are answered, or until their tool call ends (S3)", () => {
    const asked = [
      event("permission.requested", { requestId: "p", permissionRequest: { kind: "shell", toolCallId: "a" } }),
      event("external_tool.requested", { requestId: "t", toolCallId: "b" }),
      event("user_input.requested", { requestId: "u", toolCallId: "c" }),
      event("elicitation.requested", { requestId: "f" }),
    ];
    const openAfter = (...more: RawSessionEvent[]) => [
      ...standingOf([...start, ...asked, ...more]).openQuestions.keys(),
    ];
    expect(openAfter()).toEqual(["p", "t", "u", "f"]);
    expect(openAfter(event("permission.completed", { requestId: "p", result: { kind: "approved" } }))).not.toContain(
      "p",
    );
    expect(openAfter(event("user_input.completed", { requestId: "u" }))).not.toContain("u");
    expect(openAfter(event("elicitation.completed", { requestId: "f" }))).not.toContain("f");
    expect(openAfter(event("tool.execution_complete", { toolCallId: "b" }))).not.toContain("t");
  });

  it("are not asked again when the work they belonged to is over; a form is of no tool call", () => {
    const log = [
      ...start,
      event("external_tool.requested", { requestId: "t", toolCallId: "b" }),
      event("elicitation.requested", { requestId: "f" }),
      event("abort"),
      event("assistant.turn_end", { turnId: "0" }),
    ];
    const answers = ["t", "f"].map((requestId, position) => ({
      position,
      kind: requestId === "t" ? ("tool" as const) : ("elicitation" as const),
      requestId,
      answer: {},
    }));
    const plan = planRecovery(PastWork.of(log), { prompts: [], answers });
    expect(plan.questions.map(({ requestId }) => requestId)).toEqual(["f"]);
    expect(plan.answers.map(({ requestId }) => requestId)).toEqual(["f"]);
    expect(plan.staleAnswers).toEqual([0]);
  });
});

/**
 * A whole session in miniature: the turn machine, a log, a mailbox, and a model that answers from a script. It can be
 * killed after any write, and another one goes on with what it left.
 */
class Miniature {
  readonly log: RawSessionEvent[] = [];
  readonly mailbox = new Map<number, Prompt>();
  /** Idles that were told, and whether each was of an abort. */
  readonly idles: number[] = [];
  readonly #script: readonly number[];
  #writesLeft: number;
  #calls = 0;

  constructor(script: readonly number[], writes: number) {
    this.#script = script;
    this.#writesLeft = writes;
  }

  revive(writes: number): void {
    this.#writesLeft = writes;
  }

  post(prompt: Prompt): void {
    this.mailbox.set(prompt.position!, prompt);
  }

  /** Runs until everything is done, or until it is killed. */
  run(inputs: readonly TurnInput[]): void {
    let state = INITIAL_TURN_STATE;
    let owed: number[] = [];
    let openCalls: string[] = [];
    const todo = [...inputs];
    const limits = { maxQueuedPrompts: 100, maxModelCallsPerPrompt: 100 };
    try {
      for (let input = todo.shift(); input !== undefined; input = todo.shift()) {
        if (input.kind === "recover") {
          const plan = planRecovery(PastWork.of(this.log), { prompts: [...this.mailbox.values()], answers: [] });
          owed = [...plan.begun];
          openCalls = [...plan.standing.openCalls.keys()];
        }
        const step = stepTurn(state, input, limits);
        state = step.state;
        for (const effect of step.effects) todo.push(...this.#do(effect, owed, openCalls));
      }
    } catch (error) {
      if (error !== KILLED) throw error;
    }
  }

  recoverInput(): TurnInput {
    const { standing, waiting, begun } = planRecovery(PastWork.of(this.log), {
      prompts: [...this.mailbox.values()],
      answers: [],
    });
    return { kind: "recover", standing, waiting, owesIdle: begun.length > 0 };
  }

  #do(effect: TurnEffect, owed: number[], openCalls: string[]): TurnInput[] {
    switch (effect.kind) {
      case "begin":
        this.#write("user.message", { messageId: effect.prompt.messageId, delivery: effect.delivery });
        this.#ack(owed.splice(0));
        owed.push(effect.prompt.position!);
        return [];
      case "start-turn":
        this.#write("assistant.turn_start", { turnId: String(effect.turn) });
        return [];
      case "end-turn":
        this.#write("assistant.turn_end", { turnId: String(effect.turn) });
        return [];
      case "call-model": {
        const tools = this.#script[this.#calls % this.#script.length]!;
        this.#calls += 1;
        const ids = Array.from({ length: tools }, (_, index) => `c${this.#calls}-${index}`);
        this.#write("assistant.message", { toolRequests: toolRequests(...ids) });
        openCalls.splice(0, openCalls.length, ...ids);
        return [{ kind: "called", wantsTools: tools > 0 }];
      }
      case "run-tools":
      case "resume-tools":
        for (const toolCallId of openCalls.splice(0)) {
          this.#write("tool.execution_start", { toolCallId });
          this.#write("tool.execution_complete", { toolCallId });
        }
        return [{ kind: "tools-done" }];
      case "go-idle":
        this.#tick();
        this.idles.push(this.log.length);
        for (const position of owed.splice(0)) this.mailbox.delete(position);
        return [];
      default:
        return [];
    }
  }

  #ack(positions: readonly number[]): void {
    this.#tick();
    for (const position of positions) this.mailbox.delete(position);
  }

  #write(type: string, data: unknown): void {
    this.#tick();
    this.log.push(event(type, data));
  }

  /** One commit; past the last one the process is gone. */
  #tick(): void {
    if (this.#writesLeft <= 0) throw KILLED;
    this.#writesLeft -= 1;
  }
}
const KILLED = Symbol("killed");

describe("work whose process is killed after any of its commits", () => {
  it("goes on to the end: every prompt once and in order, every tool call one result, one idle at the end", () => {
    const script = fc
      .array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 6 })
      .filter((all) => all.includes(0));
    const kills = fc.array(fc.integer({ min: 0, max: 25 }), { maxLength: 4 });
    const modes = fc.array(fc.constantFrom<Prompt["mode"]>("enqueue", "immediate"), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(script, kills, modes, (answers, killedAfter, promptModes) => {
        const prompts = promptModes.map((mode, index): Prompt => {
          const messageId = `m${index}`;
          return { messageId, text: messageId, mode: index === 0 ? "enqueue" : mode, position: index + 1 };
        });
        const session = new Miniature(answers, killedAfter[0] ?? Infinity);
        for (const prompt of prompts) session.post(prompt);
        session.run(prompts.map((prompt) => ({ kind: "prompt", prompt })));
        for (const writes of [...killedAfter.slice(1), Infinity]) {
          session.revive(writes);
          session.run([session.recoverInput()]);
        }
        const ids = (type: string, name: string) =>
          session.log.filter((each) => each.type === type).map((each) => (each.data as Record<string, unknown>)[name]);
        const begun = ids("user.message", "messageId");
        expect(begun.toSorted()).toEqual(prompts.map(({ messageId }) => messageId));
        const inOrder = (mode: Prompt["mode"]) =>
          begun.filter((id) => prompts.some((each) => each.messageId === id && each.mode === mode));
        expect(inOrder("enqueue")).toEqual(inOrder("enqueue").toSorted());
        expect(inOrder("immediate")).toEqual(inOrder("immediate").toSorted());
        const results = ids("tool.execution_complete", "toolCallId");
        expect(new Set(results).size).toBe(results.length);
        expect(session.mailbox.size).toBe(0);
        expect(standingOf(session.log).stage).toBe("idle");
        // Told once, after everything: an idle before the end would be one more.
        expect(session.idles).toEqual([session.log.length]);
      }),
      { numRuns: 500 },
    );
  });
});
