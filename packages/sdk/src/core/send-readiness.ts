/**
 * Holds the first messages of a cloud session until somebody is there to take them (contract live-1).
 *
 * A cloud runtime may answer the create before the session's worker has started; what is sent in between is accepted and
 * lost. A runtime that says `durable-send` in the handshake keeps it; for every other one a message waits here.
 *
 * | state \ input | wait                    | worker event, or the log has one | time over                | ended            |
 * | ------------- | ----------------------- | -------------------------------- | ------------------------ | ---------------- |
 * | ready         | resolve                 | –                                | –                        | –                |
 * | holding       | hold, or QUEUE_FULL     | → ready, resolve all in order    | reject SESSION_NOT_READY | reject all       |
 *
 * W1. A message waits for a bounded time, and a bounded number of them waits.
 * W2. Held messages go on in the order in which they came.
 * W3. Nothing is left running once nobody waits.
 */
import { NarthexError, type RawSessionEvent } from "@narthex/protocol";

/** Events that a runtime may send before the session's worker has started; every other one comes from the worker. */
const EVENTS_BEFORE_THE_WORKER: ReadonlySet<string> = new Set([
  "session.info",
  "session.warning",
  "session.managed_settings_resolved",
  "capabilities.changed",
]);

/** Most messages of one session that wait for its worker. */
const MAX_HELD_MESSAGES = 128;
/** Milliseconds between two looks into the runtime's log: the event that says "ready" may have come before us. */
const FIRST_LOOK_MS = 250;
const MAX_LOOK_MS = 4_000;

/** Milliseconds a message waits for its session to be ready, unless told otherwise. */
export const DEFAULT_READY_TIMEOUT_MS = 30_000;

interface Held {
  readonly resolve: () => void;
  readonly reject: (error: NarthexError) => void;
}

export interface ReadinessOptions {
  readonly sessionId: string;
  readonly timeoutMs: number;
  /** The persisted events of the session; may fail. */
  readonly readLog: () => Promise<readonly RawSessionEvent[]>;
}

export class SendReadiness {
  readonly #options: ReadinessOptions;
  readonly #held = new Set<Held>();
  #isReady = false;
  #look: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** Resolves when a message may be sent. @throws {NarthexError} SESSION_NOT_READY, QUEUE_FULL, ABORTED */
  wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.#isReady) return Promise.resolve();
    const { sessionId, timeoutMs } = this.#options;
    if (this.#held.size >= MAX_HELD_MESSAGES) {
      const text = `${MAX_HELD_MESSAGES} messages wait for session ${sessionId} to be ready: wait for some of them.`;
      return Promise.reject(new NarthexError("QUEUE_FULL", text)); // W1
    }
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        this.#held.delete(held);
        if (this.#held.size === 0) this.#stopLooking(); // W3
        act();
      };
      const held: Held = {
        resolve: () => settle(resolve),
        reject: (error) => settle(() => reject(error)),
      };
      const onAbort = (): void =>
        held.reject(new NarthexError("ABORTED", "The message was not sent: its caller no longer waits."));
      const timer = setTimeout(() => held.reject(notReady(sessionId, timeoutMs)), timeoutMs); // W1
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#held.add(held);
      if (this.#held.size === 1) void this.#lookIntoLog(FIRST_LOOK_MS);
      if (signal?.aborted === true) onAbort();
    });
  }

  /** Looks at every event of the session. */
  observe(event: RawSessionEvent): void {
    if (this.#isReady || EVENTS_BEFORE_THE_WORKER.has(event.type)) return;
    this.#isReady = true;
    for (const held of this.#held) held.resolve(); // W2
  }

  /** The session has ended on this client. */
  end(reason: NarthexError): void {
    for (const held of this.#held) held.reject(reason);
  }

  async #lookIntoLog(nextMs: number): Promise<void> {
    const log = await this.#options.readLog().catch(() => []);
    for (const event of log) this.observe(event);
    if (this.#isReady || this.#held.size === 0) return; // W3
    this.#look = setTimeout(() => void this.#lookIntoLog(Math.min(nextMs * 2, MAX_LOOK_MS)), nextMs);
  }

  #stopLooking(): void {
    clearTimeout(this.#look);
    this.#look = undefined;
  }
}

function notReady(sessionId: string, timeoutMs: number): NarthexError {
  return new NarthexError(
    "SESSION_NOT_READY",
    `The message was not sent: session ${sessionId} did not become ready within ${timeoutMs} ms. Send it again later, or give the session more time with \`readyTimeoutMs\`.`,
  );
}
