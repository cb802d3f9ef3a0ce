/**
 * The way of a session's calls to its runtime.
 *
 * | state \ input | call         | suspend | back           | end    |
 * | ------------- | ------------ | ------- | -------------- | ------ |
 * | open          | goes out     | → away  | –              | → over |
 * | away          | waits        | –       | → open, all go | → over, all fail |
 * | over          | fails        | –       | –              | –      |
 */
import { NarthexError } from "@narthex/protocol";
import type { Logger } from "./logger.ts";
import { WaitingRoom, type Patience } from "./waiting-room.ts";

/** What a session needs from its client. */
export interface SessionPort {
  readonly logger: Logger;
  /** Milliseconds a call waits while the connection is lost. */
  readonly callWaitMs: number;
  call(method: string, params: Record<string, unknown>): Promise<unknown>;
  /** May a message be sent again when the answer to it was lost? The runtime tells by its key that it is the same. */
  isSendRepeatable(): boolean;
  /** Trace context for a message, when the application provides one. */
  traceContext(): Promise<Record<string, unknown>>;
  /** Lets the runtime know that this client is done with the session, and forgets it. */
  disconnect(sessionId: string): Promise<void>;
}

/** Pauses before an answer is given again that the runtime's store could not take. */
const FIRST_ANSWER_PAUSE_MS = 250;
const MAX_ANSWER_PAUSE_MS = 5_000;

type Params = Record<string, unknown>;

export class SessionLine {
  readonly #sessionId: string;
  readonly #port: SessionPort;
  #room: WaitingRoom | undefined;
  #end: NarthexError | undefined;

  constructor(sessionId: string, port: SessionPort) {
    this.#sessionId = sessionId;
    this.#port = port;
  }

  /** Why the session has ended here; undefined while it has not. */
  get ended(): NarthexError | undefined {
    return this.#end;
  }

  /** Is the session without a connection, or not resumed on it yet? */
  get isAway(): boolean {
    return this.#room !== undefined;
  }

  /** @throws {NarthexError} what the session has ended with */
  assertOpen(): void {
    if (this.#end !== undefined) throw this.#end;
  }

  /** Calls a method for the session; while it is away the call waits, by default `callWaitMs`. */
  async call(method: string, params: Params, patience?: Patience): Promise<unknown> {
    this.assertOpen();
    while (this.#room !== undefined) await this.#room.wait(patience ?? { waitMs: this.#port.callWaitMs });
    this.assertOpen();
    return this.#port.call(method, { ...params, sessionId: this.#sessionId });
  }

  /**
   * The answer to a question: waits for as long as the client tries, and goes out again when the connection was lost
   * before the runtime had confirmed it, or when the runtime's store could not take it just then: the question is open as
   * before. The first answer to a question counts, so a second one does no harm.
   */
  async answer(method: string, params: Params, signal: AbortSignal): Promise<unknown> {
    for (let pauseMs = FIRST_ANSWER_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_ANSWER_PAUSE_MS)) {
      try {
        return await this.repeat(method, params, { waitMs: Number.POSITIVE_INFINITY, signal });
      } catch (error) {
        const isRefused = NarthexError.is(error) && error.code === "STORE_UNAVAILABLE";
        if (!isRefused || signal.aborted) throw error;
        await pauseUnlessAborted(pauseMs, signal);
      }
    }
  }

  /** A call that goes out again when the connection was lost before its answer came: for those that may come twice. */
  async repeat(method: string, params: Params, patience?: Patience): Promise<unknown> {
    for (;;) {
      try {
        return await this.call(method, params, patience);
      } catch (error) {
        const isLost = NarthexError.is(error) && error.code === "CONNECTION_CLOSED" && this.isAway;
        if (!isLost) throw error;
      }
    }
  }

  suspend(): void {
    if (this.#end === undefined) this.#room ??= new WaitingRoom();
  }

  back(): void {
    const room = this.#room;
    this.#room = undefined;
    room?.open();
  }

  /** Ends the line; false when it had ended before. */
  end(reason: NarthexError): boolean {
    if (this.#end !== undefined) return false;
    this.#end = reason;
    const room = this.#room;
    this.#room = undefined;
    room?.end(reason);
    return true;
  }
}

function pauseUnlessAborted(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}
