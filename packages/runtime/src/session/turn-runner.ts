/**
 * The shell around the turn machine: takes inputs one at a time, does their effects in order, and runs the long ones
 * (model call, tools) in the background, feeding back what comes of them.
 */
import { NarthexError, messageOf, type UserMessageData } from "@narthex/protocol";
import type { ModelToolCall } from "../models/model.ts";
import { attachmentsText } from "./attachments-text.ts";
import { callModel } from "./model-call.ts";
import { invokeHook } from "./hooks.ts";
import type { SessionContext } from "./session-context.ts";
import { hasWork, type RecoveryPlan } from "./session-recovery.ts";
import { isStoreFailure } from "./store-failure.ts";
import { runToolCall } from "./tool-call.ts";
import { resumeToolCall } from "./tool-recovery.ts";
import {
  INITIAL_TURN_STATE,
  stepTurn,
  type Prompt,
  type TurnEffect,
  type TurnInput,
  type TurnState,
} from "./turn-machine.ts";

export interface TurnHooks {
  /** Before the first model call of a prompt: makes sure that there is a system message. */
  readonly prepare: () => Promise<void>;
  readonly onPrompt: (prompt: Prompt) => void;
  /** Nothing runs, nothing waits, and everything that came of it is in the log. */
  readonly onIdle: () => void;
  /** The store has failed: nothing more is done here, and nothing is written. */
  readonly onBroken: () => void;
}

export class TurnRunner {
  readonly #context: SessionContext;
  readonly #hooks: TurnHooks;
  #state: TurnState = INITIAL_TURN_STATE;
  /** Inputs are handled strictly one after the other. */
  #line: Promise<void> = Promise.resolve();
  /** Inputs whose effects are not all done. */
  #undone = 0;
  #run = new AbortController();
  #background: Promise<void> = Promise.resolve();
  #toolCalls: readonly ModelToolCall[] = [];
  /** What an ended process left behind; empty once it is taken up. */
  #left: RecoveryPlan | undefined;
  /** Message id of the newest prompt. */
  #messageId = "";
  /** Places in the mailbox of the prompts whose idle is still owed. */
  #owed: readonly number[] = [];
  #rememberAbort: (() => Promise<void>) | undefined;
  #workSince = 0;
  #isSuspended = false;

  constructor(context: SessionContext, hooks: TurnHooks) {
    this.#context = context;
    this.#hooks = hooks;
  }

  get isIdle(): boolean {
    return this.#state.kind === "idle";
  }

  /** Idle, and everybody has been told: what the machine decided is done, the `session.idle` included. */
  get isAtRest(): boolean {
    return this.isIdle && this.#undone === 0;
  }

  /** Has the queue room for this many more prompts? */
  hasRoomFor(count: number): boolean {
    const state = this.#state;
    const max = this.#context.limits.maxQueuedPrompts;
    if (state.kind === "idle") return count <= max + 1;
    const steering = state.kind === "stopping" ? 0 : state.steering.length;
    return state.queue.length + steering + count <= max;
  }

  /**
   * Takes a prompt that is durable.
   * @throws {NarthexError} QUEUE_FULL
   */
  prompt(prompt: Prompt): void {
    const { effects } = this.#feed({ kind: "prompt", prompt });
    if (!effects.some((effect) => effect.kind === "refuse")) return;
    throw queueFull(this.#context.limits.maxQueuedPrompts);
  }

  /** Takes up what an ended process left behind. */
  recover(plan: RecoveryPlan): void {
    if (!hasWork(plan)) return;
    const { standing, waiting, begun } = plan;
    this.#left = plan;
    this.#messageId = standing.messageId;
    this.#owed = begun;
    this.#workSince = performance.now();
    this.#feed({ kind: "recover", standing, waiting, owesIdle: begun.length > 0 });
  }

  /** Stops without a trace in the log, so that the next process takes the work up; resolves when nothing runs any more. */
  async suspend(): Promise<void> {
    this.#isSuspended = true;
    this.#run.abort(new NarthexError("SESSION_SHUT_DOWN", "The runtime is shutting down."));
    await this.#line;
    await this.#background;
  }

  /**
   * Ends what is running and throws away what waits; resolves when nothing runs any more.
   * @param remember makes a note of it; in the same commit as the `abort`, if there is one
   */
  async abort(reason: string, remember: () => Promise<void> = async () => undefined): Promise<void> {
    const { effects, done } = this.#feed({ kind: "abort", reason });
    if (!effects.some((effect) => effect.kind === "cancel")) {
      await Promise.all([done, remember()]);
      return;
    }
    this.#rememberAbort = remember; // before the effects have their turn
    await done;
    await this.#feed({ kind: "settled" }).done;
  }

  /** Steps the machine at once, and does the effects when it is their turn; `done` is when they are. */
  #feed(input: TurnInput): { readonly effects: readonly TurnEffect[]; readonly done: Promise<void> } {
    if (this.#isSuspended) return { effects: [], done: Promise.resolve() };
    const { state, effects } = stepTurn(this.#state, input, this.#context.limits);
    this.#state = state;
    // At once, not when the effects have their turn: what is running, a hook say, must not hold up its own end.
    if (effects.some((effect) => effect.kind === "cancel")) {
      this.#run.abort(new NarthexError("ABORTED", "The user aborted the turn."));
    } else if (this.#run.signal.aborted && effects.some((effect) => effect.kind === "begin")) {
      this.#run = new AbortController();
    }
    this.#undone += 1;
    const done = this.#line.then(async () => {
      for (const effect of effects) await this.#do(effect);
    });
    this.#line = done
      .catch((error: unknown) => this.#broken(error))
      .then(() => {
        this.#undone -= 1;
        if (this.isAtRest) this.#hooks.onIdle();
      });
    return { effects, done };
  }

  #inBackground(work: () => Promise<TurnInput>): void {
    const { signal } = this.#run;
    this.#background = work()
      .catch((error: unknown): TurnInput => ({ kind: "failed", error }))
      .then((input) => {
        // After an abort nobody waits for the outcome; whoever aborted waits for `#background` itself.
        if (signal.aborted) return;
        if (input.kind === "failed" && isStoreFailure(input.error)) this.#broken(input.error);
        else this.#feed(input);
      });
  }

  async #do(effect: TurnEffect): Promise<void> {
    const { writer } = this.#context;
    switch (effect.kind) {
      case "begin":
        return this.#begin(effect.prompt, effect.delivery);
      case "start-turn":
        await writer.write("assistant.turn_start", {
          turnId: String(effect.turn),
          model: this.#context.settings.model.id,
        });
        return;
      case "prepare":
        return this.#hooks.prepare();
      case "call-model":
        return this.#inBackground(() => this.#callModel(effect.turn));
      case "run-tools":
        return this.#inBackground(() => this.#runTools(effect.turn));
      case "resume-tools":
        return this.#inBackground(() => this.#resumeTools(effect.turn));
      case "end-turn":
        await writer.write("assistant.turn_end", { turnId: String(effect.turn) });
        this.#context.inbox.turnSettled();
        return;
      case "queue-changed":
        writer.emit("pending_messages.modified", {});
        return;
      case "refuse":
        return;
      case "report":
        return this.#report(NarthexError.from(effect.error));
      case "out-of-calls": {
        const message = `The prompt led to ${effect.limit} model calls, which is the limit; send another message to go on.`;
        return this.#report(new NarthexError("LIMIT_EXCEEDED", message));
      }
      case "cancel":
        return this.#cancel(effect);
      case "go-idle":
        return this.#goIdle(effect.isAborted);
    }
  }

  async #begin(prompt: Prompt, delivery: UserMessageData["delivery"]): Promise<void> {
    const { writer } = this.#context;
    this.#messageId = prompt.messageId;
    if (this.#workSince === 0) this.#workSince = performance.now();
    const input = { prompt: prompt.text };
    const hook = await invokeHook(this.#context, "userPromptSubmitted", input, this.#run.signal).catch(() => undefined);
    const modified = typeof hook?.modifiedPrompt === "string" ? hook.modifiedPrompt : prompt.text;
    const extra = typeof hook?.additionalContext === "string" ? `\n\n${hook.additionalContext}` : "";
    const transformedContent = modified + attachmentsText(prompt.attachments) + extra;
    await writer.write("user.message", {
      content: prompt.displayText ?? prompt.text,
      messageId: prompt.messageId,
      ...(transformedContent === (prompt.displayText ?? prompt.text) ? {} : { transformedContent }),
      ...(prompt.attachments === undefined ? {} : { attachments: prompt.attachments as never }),
      ...(prompt.source === undefined ? {} : { source: prompt.source }),
      ...(prompt.agentMode === undefined ? {} : { agentMode: prompt.agentMode }),
      ...(delivery === undefined ? {} : { delivery }),
    });
    // The log has this prompt, so its idle is owed; the one before is done with.
    this.#context.inbox.ackLater(this.#owed);
    this.#owed = positionsOf([prompt]);
    this.#hooks.onPrompt(prompt);
    await this.#hooks.prepare();
  }

  async #callModel(turn: number): Promise<TurnInput> {
    const { toolCalls } = await callModel(this.#context, {
      turnId: String(turn),
      originatingMessageId: this.#messageId,
      signal: this.#run.signal,
    });
    this.#toolCalls = toolCalls;
    return { kind: "called", wantsTools: toolCalls.length > 0 };
  }

  async #runTools(turn: number): Promise<TurnInput> {
    const { signal } = this.#run;
    await Promise.all(this.#toolCalls.map((call) => runToolCall(this.#context, call, String(turn), signal)));
    return { kind: "tools-done" };
  }

  async #resumeTools(turn: number): Promise<TurnInput> {
    const { signal } = this.#run;
    const open = [...(this.#left?.standing.openCalls.values() ?? [])];
    this.#left = undefined;
    this.#toolCalls = open.map(({ call }) => call);
    await Promise.all(open.map((each) => resumeToolCall(this.#context, each, String(turn), signal)));
    return { kind: "tools-done" };
  }

  async #cancel({ turn, reason, dropped }: Extract<TurnEffect, { kind: "cancel" }>): Promise<void> {
    const { writer, inbox } = this.#context;
    const elapsedMs = Math.round(performance.now() - this.#workSince);
    const activity = this.#toolCalls.length > 0 ? "tool_call" : "model_call";
    // Both in one commit: what is dropped is dropped exactly when the log says so.
    const remember = this.#rememberAbort;
    this.#rememberAbort = undefined;
    const abort = writer.write("abort", { reason: reason as never });
    await Promise.all([abort, inbox.ack(positionsOf(dropped)), remember?.()]);
    await this.#background;
    writer.emit("agent.interrupted", { activity, elapsedMs, turn, model: this.#context.settings.model.id });
    await writer.write("assistant.turn_end", { turnId: String(turn) });
    inbox.turnSettled();
  }

  async #goIdle(isAborted: boolean): Promise<void> {
    const { writer, inbox } = this.#context;
    this.#toolCalls = [];
    this.#workSince = 0;
    const owed = this.#owed;
    this.#owed = [];
    writer.emit("assistant.idle", isAborted ? { aborted: true } : {});
    // Both in one commit: after a crash idle is told once more exactly when it had not been told.
    await Promise.all([
      writer.write("session.idle", { ...(isAborted ? { aborted: true } : {}), mode: "interactive" }),
      inbox.ackTold(owed),
    ]);
  }

  async #report(error: NarthexError): Promise<void> {
    const data = (error.data ?? {}) as { statusCode?: unknown };
    await this.#context.writer.write("session.error", {
      errorType: errorTypeOf(error),
      errorCode: error.code,
      message: error.message,
      ...(typeof data.statusCode === "number" ? { statusCode: data.statusCode } : {}),
    });
  }

  /**
   * The log cannot be written: nothing that happens from here on could be told to anyone. The work stays where the log says
   * it stood, as if the process had ended there.
   */
  #broken(error: unknown): void {
    if (this.#isSuspended) return;
    this.#isSuspended = true;
    this.#context.writer.pause(NarthexError.from(error, "STORE_UNAVAILABLE"));
    this.#context.logger.error(`A session cannot go on: ${messageOf(error)}`, { sessionId: this.#context.id });
    this.#run.abort(NarthexError.from(error, "STORE_UNAVAILABLE"));
    this.#state = INITIAL_TURN_STATE;
    this.#hooks.onBroken();
  }
}

/** Says that a prompt has to wait for others. */
export function queueFull(max: number): NarthexError {
  return new NarthexError(
    "QUEUE_FULL",
    `${max} prompts are waiting in this session: wait for some to finish, or abort.`,
  );
}

function positionsOf(prompts: readonly Prompt[]): number[] {
  return prompts.flatMap(({ position }) => (position === undefined ? [] : [position]));
}

function errorTypeOf(error: NarthexError): string {
  switch (error.code) {
    case "MODEL_AUTHENTICATION":
      return "authentication";
    case "MODEL_RATE_LIMITED":
      return "rate_limit";
    default:
      return "query";
  }
}
