import { NarthexError } from "@narthex/protocol";

import type { SqlDriver } from "./driver.ts";
import { type EventRows, isCurrent, takeOver } from "./event-rows.ts";
import type { LiveSessions } from "./live-sessions.ts";
import type { LogGuard } from "./log-guard.ts";
import type { AppendPlan, EphemeralEntry, SessionTail } from "./session-tail.ts";
import { rollback } from "./transaction.ts";

interface Draft {
  readonly tail: SessionTail;
  readonly ephemerals: EphemeralEntry[];
}

/** What a round works on. */
export interface RoundContext {
  readonly driver: SqlDriver;
  readonly events: EventRows;
  readonly live: LiveSessions;
  readonly guard: Pick<LogGuard, "assertSound">;
}

/**
 * One round of group commit: at most one transaction, and drafts of the tails that it changes. Nothing outside the round
 * changes before `commit` has succeeded.
 */
export class Round {
  readonly #context: RoundContext;
  readonly #broken: NarthexError | undefined;
  // No draft under a known id: the tail in memory is void.
  readonly #drafts = new Map<string, Draft | undefined>();
  readonly #lost = new Set<string>();
  readonly #afterCommit: (() => void)[] = [];
  #isWriting = false;

  /** With `broken`, the round refuses every write with this error: the store failed a moment ago. */
  constructor(context: RoundContext, broken?: NarthexError) {
    this.#context = context;
    this.#broken = broken;
  }

  /** Begins the transaction unless an earlier write of the round did. */
  beginWrite(): void {
    if (this.#broken) throw this.#broken;
    if (this.#isWriting) return;
    this.#context.driver.exec("BEGIN IMMEDIATE");
    this.#isWriting = true;
  }

  /**
   * Where a session stands in this round; undefined when there is no such session. With `isFresh` a tail in memory is
   * compared with the store first.
   * @throws {NarthexError} STORE_CORRUPT when the end of a log that is taken over is damaged.
   */
  tail(id: string, isFresh: boolean): SessionTail | undefined {
    if (this.#lost.has(id)) throw conflict(id);
    const draft = this.#drafts.get(id);
    if (draft) return draft.tail;
    const known = this.#drafts.has(id) ? undefined : this.#context.live.tail(id);
    if (known && !isFresh) return known;
    const stored = this.#context.events.tail(id);
    if (!stored) return undefined;
    if (known && isCurrent(known, stored)) return known;
    this.#context.guard.assertSound(id, stored);
    return takeOver(stored);
  }

  /** Voids a tail in memory that the store has moved on from: whoever has the session now begins where it stands. */
  refresh(id: string): void {
    if (this.#drafts.has(id)) return;
    const known = this.#context.live.tail(id);
    const stored = known && this.#context.events.tail(id);
    if (known && !(stored && isCurrent(known, stored))) this.drop(id);
  }

  /** Calls `work` when the round is durable, ahead of everything that is announced. */
  afterCommit(work: () => void): void {
    this.#afterCommit.push(work);
  }

  /** Notes what an append leads to. */
  stage(id: string, plan: AppendPlan): void {
    const ephemerals = this.#drafts.get(id)?.ephemerals ?? [];
    for (const entry of plan.ephemerals) ephemerals.push(entry);
    this.#drafts.set(id, { tail: plan.tail, ephemerals });
  }

  /** Voids the tail in memory: the session was removed. */
  drop(id: string): void {
    this.#drafts.set(id, undefined);
  }

  /** Voids the tail in memory because the store moved on without it; the appends that follow in this round fail too. */
  lose(id: string): NarthexError {
    this.drop(id);
    this.#lost.add(id);
    return conflict(id);
  }

  /** Makes the round's writes durable and its drafts true. */
  commit(): void {
    if (this.#isWriting) this.#context.driver.exec("COMMIT");
    for (const [id, draft] of this.#drafts) {
      if (draft) this.#context.live.put(id, draft.tail, draft.ephemerals);
      else this.#context.live.forget(id);
    }
    for (const work of this.#afterCommit) work();
  }

  rollback(): void {
    if (this.#isWriting) rollback(this.#context.driver);
  }
}

function conflict(id: string): NarthexError {
  return new NarthexError(
    "LOG_CONFLICT",
    `Another process has written to session ${id}: read its log and its tail again, then append.`,
  );
}
