/**
 * Decides when the turn that a message started is over: the pure part of `sendAndWait`.
 *
 * | state \ input | event                      | sent          | failed, ended, timed out |
 * | ------------- | -------------------------- | ------------- | ------------------------ |
 * | sending       | keep if it may matter      | → waiting, go through what was kept | → over |
 * | waiting       | see below                  | –             | → over                   |
 * | over          | –                          | –             | –                        |
 *
 * In *waiting* the turn begins with the `user.message` that carries our message id. Before it, errors and idles belong
 * to earlier turns and are ignored; after it the first idle, error or shutdown ends the wait. A runtime that never names
 * message ids is taken by its word: the first idle after the answer to `send` counts. One idle may end the turns of
 * several messages: what the assistant said to ours (`originatingMessageId`) then comes before what it said last.
 *
 * After a lost connection the idle itself may be missing, because it is not kept in the log. The turn is then over when its
 * last `assistant.turn_end` was seen and the runtime says that the session does nothing: with a `session.resume` event
 * (`sessionWasActive: false`), or when asked.
 *
 * T1. Only events of the main agent count (no `agentId`).
 * T2. The outcome is decided once.
 * T3. What is kept while sending is bounded.
 */
import { NarthexError, isErrorCode, type RawSessionEvent } from "@narthex/protocol";

export type TurnOutcome =
  | { readonly kind: "idle"; readonly message: RawSessionEvent | undefined }
  | { readonly kind: "failed"; readonly error: NarthexError };

const NOTABLE = new Set([
  "user.message",
  "assistant.message",
  "assistant.turn_start",
  "assistant.turn_end",
  "session.idle",
  "session.error",
  "session.shutdown",
  "session.resume",
]);

/** Most events kept between `send` and its answer. */
const MAX_KEPT_EVENTS = 1_024;

export class TurnWaiter {
  #state: "sending" | "waiting" | "over" = "sending";
  #kept: RawSessionEvent[] = [];
  #messageId = "";
  #hasBegun = false;
  #isAnswered = false;
  /** The model has ended its part; the idle that says so for good is still to come. */
  #hasTurnEnded = false;
  #namesMessages: boolean;
  #lastMessage: RawSessionEvent | undefined;
  #lastToUs: RawSessionEvent | undefined;
  #outcome: TurnOutcome | undefined;

  /** @param namesMessages whether this session's runtime is known to put message ids on `user.message`. */
  constructor(namesMessages: boolean) {
    this.#namesMessages = namesMessages;
  }

  /** Defined as soon as the turn is over. */
  get outcome(): TurnOutcome | undefined {
    return this.#outcome;
  }

  event(event: RawSessionEvent): void {
    if (event.agentId !== undefined || !NOTABLE.has(event.type)) return; // T1
    if (this.#state === "waiting") this.#consider(event, true);
    else if (this.#state === "sending" && this.#kept.push(event) > MAX_KEPT_EVENTS) this.#kept.shift(); // T3
  }

  sent(messageId: string): void {
    if (this.#state !== "sending") return;
    this.#state = "waiting";
    this.#messageId = messageId;
    const kept = this.#kept;
    this.#kept = [];
    for (const event of kept) this.#consider(event, false);
  }

  /** Only the idle is missing: if the runtime does nothing, it was missed. */
  get mayBeOver(): boolean {
    return this.#state === "waiting" && this.#hasBegun && this.#hasTurnEnded;
  }

  /** The runtime says that the session does nothing. */
  runtimeIsIdle(): void {
    if (this.mayBeOver) this.#finish({ kind: "idle", message: this.#lastToUs ?? this.#lastMessage });
  }

  /** The session, its connection, or the caller's patience has ended. */
  fail(error: NarthexError): void {
    this.#finish({ kind: "failed", error });
  }

  #consider(event: RawSessionEvent, isAfterAnswer: boolean): void {
    const data = event.data as Record<string, unknown> | undefined;
    if (event.type === "assistant.turn_start" || event.type === "assistant.turn_end") {
      this.#hasTurnEnded = event.type === "assistant.turn_end";
    } else if (event.type === "session.resume") {
      if (data?.sessionWasActive === false) this.runtimeIsIdle();
    } else if (event.type === "user.message") {
      this.#hasTurnEnded = false;
      if (typeof data?.messageId === "string") this.#namesMessages = true;
      if (data?.messageId === this.#messageId) this.#begin();
      // The next message's turn has begun: what goes wrong from here on is not ours, only the idle is still awaited.
      else if (this.#hasBegun && data?.delivery !== "steering") this.#answered();
    } else if (event.type === "session.shutdown") {
      this.fail(new NarthexError("SESSION_SHUT_DOWN", "The runtime shut the session down before the turn was over."));
    } else if (this.#hasBegun || (isAfterAnswer && !this.#namesMessages) || isAbortedIdle(event, isAfterAnswer)) {
      this.#decide(event, data ?? {});
    }
  }

  #answered(): void {
    this.#isAnswered = true;
    this.#lastToUs ??= this.#lastMessage;
  }

  #begin(): void {
    this.#hasBegun = true;
    this.#lastMessage = undefined;
    this.#lastToUs = undefined;
  }

  #decide(event: RawSessionEvent, data: Record<string, unknown>): void {
    if (event.type === "assistant.message") {
      this.#lastMessage = event;
      if (data.originatingMessageId === this.#messageId) this.#lastToUs = event;
    } else if (event.type === "session.error") {
      if (!this.#isAnswered) this.fail(turnError(data));
    } else if (data.aborted === true && !this.#isAnswered) {
      this.fail(new NarthexError("ABORTED", "The turn was aborted."));
    } else if (data.mode !== "autopilot") {
      this.#finish({ kind: "idle", message: this.#lastToUs ?? this.#lastMessage });
    }
  }

  #finish(outcome: TurnOutcome): void {
    if (this.#state === "over") return; // T2
    this.#state = "over";
    this.#kept = [];
    this.#outcome = outcome;
  }
}

/** An abort also throws away messages that were still queued: their turn never begins. */
function isAbortedIdle(event: RawSessionEvent, isAfterAnswer: boolean): boolean {
  return isAfterAnswer && event.type === "session.idle" && (event.data as { aborted?: boolean })?.aborted === true;
}

function turnError(data: Record<string, unknown>): NarthexError {
  const text = typeof data.message === "string" ? data.message : "The turn failed.";
  // A runtime of ours names the cause with a code of the table.
  return new NarthexError(isErrorCode(data.errorCode) ? data.errorCode : "SESSION_ERROR", text, { data });
}
