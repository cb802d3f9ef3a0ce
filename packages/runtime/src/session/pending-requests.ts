/**
 * Questions that a session has asked and that some client must answer. The first answer wins; a later one, and one for an
 * unknown id, is told that it came too late.
 *
 * | question \ input | claim      | release | answer    | abort of its asker | reopen (after a restart) | taken up (`open`) |
 * | ---------------- | ---------- | ------- | --------- | ------------------ | ------------------------ | ----------------- |
 * | none             | refused    | –       | too late  | –                  | → open                   | new: → open       |
 * | open             | → claimed  | –       | → settled | → settled          | –                        | goes on           |
 * | claimed          | refused    | → open  | → settled | → settled          | –                        | goes on           |
 *
 * Between claim and answer the answer is made durable; meanwhile nobody else's counts.
 */
import { randomUUID } from "node:crypto";
import { NarthexError, type RawSessionEvent } from "@narthex/protocol";
import type { Attachment } from "./attachments.ts";
import type { OpenQuestion } from "./turn-standing.ts";

/** The kinds of questions. */
export type RequestKind = "tool" | "permission" | "user-input" | "elicitation" | "command";

interface Pending {
  readonly kind: RequestKind;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: NarthexError) => void;
  /** An answer is being made durable. */
  isClaimed: boolean;
  /** The event that asks; sent again to a client that attaches later. */
  event?: RawSessionEvent;
  /** Asks a client that attaches later in another way too. */
  onAttached?: (attachment: Attachment) => void;
}

export interface OpenRequest<T> {
  readonly requestId: string;
  readonly answer: Promise<T>;
  /** The event that asked already, before a restart; undefined for a question that has to be asked. */
  readonly event: RawSessionEvent | undefined;
}

export class PendingRequests {
  readonly #pending = new Map<string, Pending>();
  /** Questions of before a restart that nobody has taken up yet, by what asked them. */
  readonly #reopened = new Map<string, OpenRequest<unknown>>();
  readonly #max: number;
  readonly #onOpen: () => void;

  /** @param onOpen called with every question that is opened */
  constructor(max: number, onOpen: () => void = () => undefined) {
    this.#max = max;
    this.#onOpen = onOpen;
  }

  /** Questions that are open. */
  get size(): number {
    return this.#pending.size;
  }

  /**
   * Opens a question, or takes up the one that the same tool call (or, without one, the same request) had asked before a
   * restart; ends with the first answer, or rejects when `signal` aborts.
   * @throws {NarthexError} LIMIT_EXCEEDED
   */
  open<T>(kind: RequestKind, signal: AbortSignal, asker?: string): OpenRequest<T> {
    const request = this.#takeUp(kind, asker) ?? this.#add(kind, randomUUID());
    const onAbort = (): void => this.#reject(request.requestId, NarthexError.from(signal.reason, "ABORTED"));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    const forget = (): void => signal.removeEventListener("abort", onAbort);
    request.answer.then(forget, forget);
    return request as OpenRequest<T>;
  }

  /** A question of before a restart waits for its answer again, under its old id. */
  reopen({ kind, requestId, toolCallId, event }: OpenQuestion): void {
    if (this.#pending.size >= this.#max) return;
    const request = this.#add(kind, requestId);
    this.announce(requestId, event);
    this.#reopened.set(keyOf(kind, toolCallId ?? requestId), { ...request, event });
  }

  /** Has this tool call asked something before a restart that it has not taken up yet? */
  hasReopened(asker: string, kinds: readonly RequestKind[]): boolean {
    return kinds.some((kind) => this.#reopened.has(keyOf(kind, asker)));
  }

  /** Gives up the questions that a tool call asked before a restart and did not take up; returns them. */
  dropReopened(asker: string): { kind: RequestKind; requestId: string }[] {
    const kinds: RequestKind[] = ["permission", "tool", "user-input"];
    return kinds.flatMap((kind) => {
      const request = this.#takeUp(kind, asker);
      if (request === undefined) return [];
      this.#reject(request.requestId, new NarthexError("ABORTED", "The tool call ended without this question."));
      return [{ kind, requestId: request.requestId }];
    });
  }

  /** Remembers the event that asks, so that it can be asked again. */
  announce(requestId: string, event: RawSessionEvent): void {
    const pending = this.#pending.get(requestId);
    if (pending !== undefined) pending.event = event;
  }

  /** Asks whoever attaches while the question is open. */
  whenAttached(requestId: string, ask: (attachment: Attachment) => void): void {
    const pending = this.#pending.get(requestId);
    if (pending !== undefined) pending.onAttached = ask;
  }

  /** Puts the open questions to a client that has just attached. */
  askNewcomer(attachment: Attachment): void {
    for (const pending of this.#pending.values()) if (!pending.isClaimed) pending.onAttached?.(attachment);
  }

  /** The first to claim a question may answer it; false for everyone else. */
  claim(kind: RequestKind, requestId: string): boolean {
    const pending = this.#pending.get(requestId);
    if (pending === undefined || pending.kind !== kind || pending.isClaimed) return false;
    pending.isClaimed = true;
    return true;
  }

  /** Gives a claim back: the answer could not be kept. */
  release(requestId: string): void {
    const pending = this.#pending.get(requestId);
    if (pending !== undefined) pending.isClaimed = false;
  }

  /** Settles a question; false when it is unknown, of another kind, or settled already. */
  answer(kind: RequestKind, requestId: string, answer: unknown): boolean {
    const pending = this.#pending.get(requestId);
    if (pending === undefined || pending.kind !== kind) return false;
    this.#pending.delete(requestId);
    pending.resolve(answer);
    return true;
  }

  /** The events of the open questions, oldest first. */
  announcements(): RawSessionEvent[] {
    return [...this.#pending.values()].flatMap(({ event, isClaimed }) =>
      event === undefined || isClaimed ? [] : [event],
    );
  }

  /** The open questions of one kind, with their events. */
  openOf(kind: RequestKind): { requestId: string; event: RawSessionEvent | undefined }[] {
    return [...this.#pending]
      .filter(([, pending]) => pending.kind === kind)
      .map(([requestId, pending]) => ({ requestId, event: pending.event }));
  }

  rejectAll(error: NarthexError): void {
    for (const requestId of this.#pending.keys()) this.#reject(requestId, error);
  }

  #add(kind: RequestKind, requestId: string): OpenRequest<unknown> {
    if (this.#pending.size >= this.#max) {
      throw new NarthexError("LIMIT_EXCEEDED", `More than ${this.#max} questions are open in this session.`);
    }
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#pending.set(requestId, { kind, resolve, reject, isClaimed: false });
    });
    this.#onOpen();
    answer.catch(() => undefined); // whoever asked awaits it later; an abort before that is no accident
    return { requestId, answer, event: undefined };
  }

  #takeUp(kind: RequestKind, asker: string | undefined): OpenRequest<unknown> | undefined {
    if (asker === undefined) return undefined;
    const key = keyOf(kind, asker);
    const request = this.#reopened.get(key);
    this.#reopened.delete(key);
    return request;
  }

  #reject(requestId: string, error: NarthexError): void {
    const pending = this.#pending.get(requestId);
    this.#pending.delete(requestId);
    pending?.reject(error);
  }
}

function keyOf(kind: RequestKind, asker: string): string {
  return `${kind} ${asker}`;
}
