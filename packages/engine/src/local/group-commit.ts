// Everything that arrives in one turn of the event loop becomes one transaction.
//
//   G1  Writes take effect in the order in which they were queued.
//   G2  A write that is refused (it throws a NarthexError, before its first change) does not disturb the others.
//   G3  Nothing is announced before it is durable, and a write is announced before its promise settles.
//   G4  When the store fails, every write that needs it is rejected, those that do not go through, and the tails in
//       memory are as before.
//   G5  What waits is bounded in bytes: what is beyond is refused at once.
import { NarthexError } from "@narthex/protocol";

import { Round, type RoundContext } from "./round.ts";
import { isConstraint, storeError } from "./store-error.ts";

/** One change of the store. */
export interface Write<T> {
  readonly sessionId: string;
  /** Approximate memory that the write holds. */
  readonly bytes: number;
  /**
   * Makes the change. It can run more than once, each time in a new round, so it changes nothing but the round.
   * Throws a NarthexError, before its first change, to refuse.
   */
  write(round: Round): T;
  /** Called once when the change is durable. */
  committed?(value: T): void;
}

interface QueuedWrite {
  readonly sessionId: string;
  /** Makes the change and returns what to do once it is durable. */
  attempt(round: Round): () => void;
  reject(error: NarthexError): void;
}

interface Failure {
  readonly error: unknown;
  /** The write that failed; none when the commit did. */
  readonly culprit: QueuedWrite | undefined;
}

/** What the memory of a queued write is counted as at least. */
const WRITE_OVERHEAD_BYTES = 512;

export class GroupCommit {
  readonly #context: RoundContext;
  readonly #maxPendingBytes: number;
  readonly #beforeAnnouncing: () => void;
  #queue: QueuedWrite[] = [];
  #pendingBytes = 0;
  #isClosed = false;

  /** `beforeAnnouncing` is called after each commit, ahead of the first `committed` of the round. */
  constructor(context: RoundContext, maxPendingBytes: number, beforeAnnouncing: () => void) {
    this.#context = context;
    this.#maxPendingBytes = maxPendingBytes;
    this.#beforeAnnouncing = beforeAnnouncing;
  }

  /** @throws {NarthexError} STORE_UNAVAILABLE after `close`. */
  assertOpen(): void {
    if (this.#isClosed) throw new NarthexError("STORE_UNAVAILABLE", "The engine is closed: open it again.");
  }

  /** Queues a write and resolves with its value once it is durable and announced. */
  async enqueue<T>(write: Write<T>): Promise<T> {
    this.assertOpen();
    const bytes = write.bytes + WRITE_OVERHEAD_BYTES;
    if (this.#queue.length > 0 && this.#pendingBytes + bytes > this.#maxPendingBytes) throw queueFull(); // G5
    this.#pendingBytes += bytes;
    if (this.#queue.length === 0) setImmediate(() => this.#flush());
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({
        sessionId: write.sessionId,
        attempt: (round) => {
          const value = write.write(round);
          return () => {
            write.committed?.(value); // G3
            resolve(value);
          };
        },
        reject,
      });
    });
  }

  /** Refuses what comes from now on and writes out what waits. */
  async close(): Promise<void> {
    this.#isClosed = true;
    // A subscriber that closes the engine is called from within a flush, which has to end first.
    await Promise.resolve();
    this.#flush();
  }

  #flush(): void {
    let writes = this.#queue;
    this.#queue = [];
    this.#pendingBytes = 0;
    let broken: NarthexError | undefined;
    while (writes.length > 0) {
      const failure = this.#attempt(new Round(this.#context, broken), writes);
      if (!failure) return;
      const error = storeError(failure.error, "write to the store");
      const { culprit } = failure;
      if (culprit && (broken || isConstraint(failure.error))) {
        // Only this write is at fault. The others are tried again without it.
        writes = writes.filter((write) => write !== culprit);
        this.#context.live.forget(culprit.sessionId);
        culprit.reject(error);
      } else {
        broken = error; // G4: the next round refuses whatever needs the store.
      }
    }
  }

  /** One round over the writes; the failure when the store failed, with nothing changed and nothing announced. */
  #attempt(round: Round, writes: readonly QueuedWrite[]): Failure | undefined {
    const settlements: (() => void)[] = [];
    let culprit: QueuedWrite | undefined;
    try {
      for (const write of writes) {
        culprit = write;
        settlements.push(attemptOne(write, round)); // G1
      }
      culprit = undefined;
      round.commit();
    } catch (error) {
      round.rollback();
      return { error, culprit };
    }
    this.#beforeAnnouncing();
    for (const settle of settlements) settle();
    return undefined;
  }
}

function attemptOne(write: QueuedWrite, round: Round): () => void {
  try {
    return write.attempt(round);
  } catch (error) {
    if (!NarthexError.is(error)) throw error;
    return () => write.reject(error); // G2
  }
}

function queueFull(): NarthexError {
  return new NarthexError(
    "QUEUE_FULL",
    "Too much waits to be written: wait for earlier appends before the next, or raise maxPendingBytes.",
  );
}
