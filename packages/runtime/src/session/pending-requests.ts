/**
 * Questions that a session has asked and that some client must answer. The first answer wins; a later one, and one for an
 * unknown id, is told that it came too late.
 */
import { randomUUID } from "node:crypto";
import { NarthexError, type RawSessionEvent } from "@narthex/protocol";

/** The kinds of questions. */
export type RequestKind = "tool" | "permission" | "user-input" | "elicitation" | "command";

interface Pending {
  readonly kind: RequestKind;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: NarthexError) => void;
  /** The event that asks; sent again to a client that attaches later. */
  event?: RawSessionEvent;
}

export interface OpenRequest<T> {
  readonly requestId: string;
  readonly answer: Promise<T>;
}

export class PendingRequests {
  readonly #pending = new Map<string, Pending>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Opens a question; ends with the first answer, or rejects when `signal` aborts.
   * @throws {NarthexError} LIMIT_EXCEEDED
   */
  open<T>(kind: RequestKind, signal: AbortSignal): OpenRequest<T> {
    if (this.#pending.size >= this.#max) {
      throw new NarthexError("LIMIT_EXCEEDED", `More than ${this.#max} questions are open in this session.`);
    }
    const requestId = randomUUID();
    const answer = new Promise<T>((resolve, reject) => {
      const onAbort = (): void => {
        this.#pending.delete(requestId);
        reject(NarthexError.from(signal.reason, "ABORTED"));
      };
      const settle =
        <A extends unknown[]>(act: (...args: A) => void) =>
        (...args: A): void => {
          signal.removeEventListener("abort", onAbort);
          this.#pending.delete(requestId);
          act(...args);
        };
      if (signal.aborted) return onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
      this.#pending.set(requestId, {
        kind,
        resolve: settle(resolve as (answer: unknown) => void),
        reject: settle(reject),
      });
    });
    answer.catch(() => undefined); // whoever asked awaits it later; an abort before that is no accident
    return { requestId, answer };
  }

  /** Remembers the event that asks, so that it can be asked again. */
  announce(requestId: string, event: RawSessionEvent): void {
    const pending = this.#pending.get(requestId);
    if (pending !== undefined) pending.event = event;
  }

  /** Takes an answer; false when the question is unknown, of another kind, or answered already. */
  answer(kind: RequestKind, requestId: string, answer: unknown): boolean {
    const pending = this.#pending.get(requestId);
    if (pending === undefined || pending.kind !== kind) return false;
    pending.resolve(answer);
    return true;
  }

  /** The events of the open questions, oldest first. */
  announcements(): RawSessionEvent[] {
    return [...this.#pending.values()].flatMap((pending) => (pending.event === undefined ? [] : [pending.event]));
  }

  /** The open questions of one kind, with their events. */
  openOf(kind: RequestKind): { requestId: string; event: RawSessionEvent | undefined }[] {
    return [...this.#pending]
      .filter(([, pending]) => pending.kind === kind)
      .map(([requestId, pending]) => ({ requestId, event: pending.event }));
  }

  rejectAll(error: NarthexError): void {
    for (const pending of this.#pending.values()) pending.reject(error);
  }
}
