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
import { runToolCall } from "./tool-call.ts";
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
  readonly onIdle: () => void;
}

export class TurnRunner {
  readonly #context: SessionContext;
  readonly #hooks: TurnHooks;
  #state: TurnState = INITIAL_TURN_STATE;
  /** Inputs are handled strictly one after the other. */
  #line: Promise<void> = Promise.resolve();
  #run = new AbortController();
  #background: Promise<void> = Promise.resolve();
  #toolCalls: readonly ModelToolCall[] = [];
  #prompt: Prompt | undefined;
  #workSince = 0;

  constructor(context: SessionContext, hooks: TurnHooks) {
    this.#context = context;
    this.#hooks = hooks;
  }

  get isIdle(): boolean {
    return this.#state.kind === "idle";
  }

  /**
   * Accepts a prompt; resolves once it is in the log, or in the queue.
   * @throws {NarthexError} QUEUE_FULL
   */
  async prompt(prompt: Prompt): Promise<void> {
    this.#context.writer.emit("pending_messages.modified", {});
    const effects = await this.#feed({ kind: "prompt", prompt });
    if (!effects.some((effect) => effect.kind === "refuse")) return;
    const max = this.#context.limits.maxQueuedPrompts;
    throw new NarthexError(
      "QUEUE_FULL",
      `${max} prompts are waiting in this session: wait for some to finish, or abort.`,
    );
  }

  /** Ends what is running and throws away what waits; resolves when nothing runs any more. */
  async abort(reason: string): Promise<void> {
    const effects = await this.#feed({ kind: "abort", reason });
    if (effects.some((effect) => effect.kind === "cancel")) await this.#feed({ kind: "settled" });
  }

  /** Steps the machine at once, and does the effects when it is their turn. */
  #feed(input: TurnInput): Promise<readonly TurnEffect[]> {
    const { state, effects } = stepTurn(this.#state, input, this.#context.limits);
    this.#state = state;
    // At once, not when the effects have their turn: what is running, a hook say, must not hold up its own end.
    if (effects.some((effect) => effect.kind === "cancel")) {
      this.#run.abort(new NarthexError("ABORTED", "The user aborted the turn."));
    } else if (this.#run.signal.aborted && effects.some((effect) => effect.kind === "begin")) {
      this.#run = new AbortController();
    }
    const done = this.#line.then(async () => {
      for (const effect of effects) await this.#do(effect);
      return effects;
    });
    this.#line = done.then(
      () => undefined,
      (error: unknown) => this.#broken(error),
    );
    return done;
  }

  #inBackground(work: () => Promise<TurnInput>): void {
    const { signal } = this.#run;
    this.#background = work()
      .catch((error: unknown): TurnInput => ({ kind: "failed", error }))
      .then((input) => {
        // After an abort nobody waits for the outcome; whoever aborted waits for `#background` itself.
        if (!signal.aborted) this.#feed(input).catch(() => undefined);
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
      case "call-model":
        return this.#inBackground(() => this.#callModel(effect.turn));
      case "run-tools":
        return this.#inBackground(() => this.#runTools(effect.turn));
      case "end-turn":
        await writer.write("assistant.turn_end", { turnId: String(effect.turn) });
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
        return this.#cancel(effect.turn, effect.reason);
      case "go-idle":
        return this.#goIdle(effect.isAborted);
    }
  }

  async #begin(prompt: Prompt, delivery: UserMessageData["delivery"]): Promise<void> {
    const { writer } = this.#context;
    this.#prompt = prompt;
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
    this.#hooks.onPrompt(prompt);
    await this.#hooks.prepare();
  }

  async #callModel(turn: number): Promise<TurnInput> {
    const { toolCalls } = await callModel(this.#context, {
      turnId: String(turn),
      originatingMessageId: this.#prompt?.messageId ?? "",
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

  async #cancel(turn: number, reason: string): Promise<void> {
    const { writer } = this.#context;
    const elapsedMs = Math.round(performance.now() - this.#workSince);
    const activity = this.#toolCalls.length > 0 ? "tool_call" : "model_call";
    await writer.write("abort", { reason: reason as never });
    await this.#background;
    writer.emit("agent.interrupted", { activity, elapsedMs, turn, model: this.#context.settings.model.id });
    await writer.write("assistant.turn_end", { turnId: String(turn) });
  }

  async #goIdle(isAborted: boolean): Promise<void> {
    const { writer } = this.#context;
    this.#prompt = undefined;
    this.#toolCalls = [];
    this.#workSince = 0;
    writer.emit("assistant.idle", isAborted ? { aborted: true } : {});
    await writer.write("session.idle", { ...(isAborted ? { aborted: true } : {}), mode: "interactive" });
    this.#hooks.onIdle();
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

  /** The log cannot be written: nothing that happens from here on could be told to anyone. */
  #broken(error: unknown): void {
    this.#context.logger.error(`A session cannot go on: ${messageOf(error)}`, { sessionId: this.#context.id });
    this.#run.abort(NarthexError.from(error, "STORE_UNAVAILABLE"));
    this.#state = INITIAL_TURN_STATE;
  }
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
