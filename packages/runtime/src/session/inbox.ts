/**
 * A session's mailbox, as the session uses it: prompts wait in it until their work is done, answers until what they
 * answered is settled in the log.
 *
 *   I1  A prompt or an answer is durable before anyone is told that it was taken.
 *   I2  A prompt is acknowledged when the next one of the same run of work begins; the last one in the same commit as the
 *       `session.idle` that ends the run, and one that is dropped in the same commit as the `abort` that drops it.
 *   I3  An answer is acknowledged after the event that settles its question is in the log.
 *   I4  The key of an abort is remembered in the same commit as its `abort`, if there was anything to abort.
 */
import { randomUUID } from "node:crypto";
import type { Mailbox, WaitingCommand } from "@narthex/engine";
import { NarthexError, messageOf } from "@narthex/protocol";
import type { RuntimeLogger, SessionLimits } from "../ports.ts";
import type { RequestKind } from "./pending-requests.ts";
import { isStoreFailure } from "./store-failure.ts";
import type { Prompt } from "./turn-machine.ts";

/** An acknowledgement that the store refuses is tried again so often, with this pause between. */
const MAX_ACK_ATTEMPTS = 600;
const ACK_PAUSE_MS = 500;

/** A prompt before it has a message id. */
export type PromptRequest = Omit<Prompt, "messageId" | "position">;

/** A client's answer to a question. */
export interface AnswerRequest {
  readonly kind: RequestKind;
  readonly requestId: string;
  readonly answer: unknown;
}

/** An answer that was durable before a restart. */
export interface KeptAnswer extends AnswerRequest {
  readonly position: number;
}

/** What a mailbox holds when a session is brought back. */
export interface InboxContent {
  readonly prompts: readonly Prompt[];
  readonly answers: readonly KeptAnswer[];
}

interface Receipt {
  readonly messageId: string;
}

export class Inbox {
  readonly #mailbox: Mailbox;
  readonly #sessionId: string;
  readonly #logger: RuntimeLogger;
  /** Calls under way, by key: as many as clients make at once. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** Answers that were handed to whoever asked, by request: as many as questions may be open. */
  readonly #handedOn = new Map<string, { readonly kind: RequestKind; readonly position: number }>();

  constructor(mailbox: Mailbox, sessionId: string, logger: RuntimeLogger) {
    this.#mailbox = mailbox;
    this.#sessionId = sessionId;
    this.#logger = logger;
  }

  /** The id under which a prompt is posted: the client's key, or one of its own. */
  static promptId(key: string | undefined): string {
    return key === undefined ? `prompt ${randomUUID()}` : keyId(key);
  }

  /** Was something posted under a client's key, and is it remembered? */
  knowsKey(key: string): Promise<boolean> {
    return this.knows(keyId(key));
  }

  /** Was a prompt posted under this id, and is it remembered? */
  async knows(commandId: string): Promise<boolean> {
    return (await this.#mailbox.find(this.#sessionId, commandId)) !== undefined;
  }

  /**
   * Makes a prompt durable (I1). A repeated one has the message id of the first.
   * @throws {NarthexError} IDEMPOTENCY_KEY_REUSED, QUEUE_FULL, LIMIT_EXCEEDED, STORE_UNAVAILABLE
   */
  async postPrompt(commandId: string, request: PromptRequest): Promise<{ prompt: Prompt; isNew: boolean }> {
    const { position, receipt, isNew } = await this.#mailbox.post(this.#sessionId, {
      commandId,
      kind: "prompt",
      payload: request,
      receipt: { messageId: randomUUID() } satisfies Receipt,
    });
    return { prompt: toPrompt(request, receipt as Receipt, position), isNew };
  }

  /**
   * Makes an answer durable (I1); returns its position.
   * @throws {NarthexError} IDEMPOTENCY_KEY_REUSED, LIMIT_EXCEEDED, STORE_UNAVAILABLE
   */
  async postAnswer({ kind, requestId, answer }: AnswerRequest, key?: string): Promise<number> {
    const commandId = key === undefined ? `answer ${requestId}` : keyId(key);
    const command = { commandId, kind: "answer", payload: { kind, requestId, answer } };
    const { position } = await this.#mailbox.post(this.#sessionId, command);
    return position;
  }

  /**
   * Remembers an abort, so that its repetition aborts nothing more (I4).
   * @throws {NarthexError} IDEMPOTENCY_KEY_REUSED, STORE_UNAVAILABLE
   */
  async postAbort(reason: string, key: string): Promise<void> {
    const command = { commandId: keyId(key), kind: "abort", payload: { reason } };
    const { position, isNew } = await this.#mailbox.post(this.#sessionId, command);
    if (isNew) this.ackLater([position]);
  }

  /** Calls with one key go one after the other, so that a repetition meets what came of the first. */
  async inTurn<T>(key: string, call: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(key) ?? Promise.resolve();
    const mine = before.then(call, call);
    this.#turns.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#turns.get(key) === mine) this.#turns.delete(key);
    }
  }

  /** What waits, in order. */
  async take(): Promise<InboxContent> {
    const commands = await this.#mailbox.take(this.#sessionId);
    // An abort was done in the commit that remembers it.
    this.ackLater(commands.filter(({ kind }) => kind === "abort").map(({ position }) => position));
    return readInbox(commands);
  }

  /** Acknowledges what is done; whoever waits for it knows that it is durable. */
  ack(positions: readonly number[]): Promise<void> {
    return this.#mailbox.ack(this.#sessionId, positions);
  }

  /**
   * Acknowledges work whose end is told in the same commit. The idle that tells it is not kept, so it goes out also when the
   * store fails: then the acknowledgement is tried again, lest the end be told twice.
   */
  async ackTold(positions: readonly number[], attempts = MAX_ACK_ATTEMPTS): Promise<void> {
    try {
      await this.ack(positions);
    } catch (error) {
      if (!isStoreFailure(error) || attempts <= 1) throw error;
      const again = (): void => void this.ackTold(positions, attempts - 1).catch((late: unknown) => this.#warn(late));
      setTimeout(again, ACK_PAUSE_MS).unref();
    }
  }

  /** Acknowledges what nobody waits for: done twice it does no harm, so a failure is only told. */
  ackLater(positions: readonly number[]): void {
    this.ack(positions).catch((error: unknown) => this.#warn(error));
  }

  #warn(error: unknown): void {
    this.#logger.warn(`Done work was not acknowledged: ${messageOf(error)}`, { sessionId: this.#sessionId });
  }

  /** An answer has reached whoever asked; it stays in the mailbox until that is settled. */
  handedOn(kind: RequestKind, requestId: string, position: number): void {
    this.#handedOn.set(requestId, { kind, position });
  }

  /** What this question led to is in the log (I3). */
  answerSettled(requestId: string): void {
    const answer = this.#handedOn.get(requestId);
    this.#handedOn.delete(requestId);
    if (answer !== undefined) this.ackLater([answer.position]);
  }

  /** What the questions of the turn's tool calls led to is in the log (I3). */
  turnSettled(): void {
    for (const [requestId, { kind }] of this.#handedOn) if (kind !== "elicitation") this.answerSettled(requestId);
  }
}

/** Prompts, answers and aborts share their keys: one that comes with something else is refused. */
function keyId(key: string): string {
  return `key ${key}`;
}

function toPrompt(request: PromptRequest, { messageId }: Receipt, position: number): Prompt {
  return { ...request, messageId, position };
}

/** @throws {NarthexError} LIMIT_EXCEEDED */
export function checkPrompt(request: PromptRequest, limits: SessionLimits): void {
  const { maxPromptChars, maxPromptJsonChars } = limits;
  const { length } = request.text;
  if (length > maxPromptChars) {
    throw new NarthexError("LIMIT_EXCEEDED", `The prompt has ${length} characters; the limit is ${maxPromptChars}.`);
  }
  if (request.attachments === undefined) return;
  const chars = JSON.stringify(request).length;
  if (chars <= maxPromptJsonChars) return;
  const message = `The prompt with its attachments has ${chars} characters; the limit is ${maxPromptJsonChars}.`;
  throw new NarthexError("LIMIT_EXCEEDED", message);
}

/** The prompts and answers among the commands of a mailbox. */
export function readInbox(commands: readonly WaitingCommand[]): InboxContent {
  const prompts = commands
    .filter(({ kind }) => kind === "prompt")
    .map(({ position, payload, receipt }) => toPrompt(payload as PromptRequest, receipt as Receipt, position));
  const answers = commands
    .filter(({ kind }) => kind === "answer")
    .map(({ position, payload }) => ({ ...(payload as Omit<KeptAnswer, "position">), position }));
  return { prompts, answers };
}
