import { EphemeralLane, type LaneLimits } from "./ephemeral-lane.ts";
import type { EphemeralEntry, SessionTail } from "./session-tail.ts";

/** How much is kept in memory of all sessions together. */
export interface LiveLimits extends LaneLimits {
  readonly maxSessions: number;
  readonly maxTotalBytes: number;
}

interface LiveSession {
  readonly tail: SessionTail;
  readonly lane: EphemeralLane;
}

/**
 * The tails and ephemeral lanes of the sessions in use. An evicted tail is read again from the store; an evicted lane is
 * gone. The longest unused session goes first; a Map keeps its keys in the order of insertion, which is that of use here.
 */
export class LiveSessions {
  readonly #limits: LiveLimits;
  readonly #sessions = new Map<string, LiveSession>();
  #bytes = 0;

  constructor(limits: LiveLimits) {
    this.#limits = limits;
  }

  tail(id: string): SessionTail | undefined {
    return this.#sessions.get(id)?.tail;
  }

  /** The ephemeral records behind a sequence number that are still there. */
  ephemerals(id: string, after: number): EphemeralEntry[] {
    return this.#sessions.get(id)?.lane.after(after) ?? [];
  }

  /** Takes over the tail that an append led to, with its ephemeral records, and makes room. */
  put(id: string, tail: SessionTail, ephemerals: readonly EphemeralEntry[]): void {
    const known = this.#take(id);
    // A recreated session has a new row, and none of the records of its predecessor.
    const isSame = known?.tail.session === tail.session;
    const session = { tail, lane: isSame ? known.lane : new EphemeralLane(this.#limits) };
    for (const entry of ephemerals) session.lane.push(entry);
    this.#sessions.set(id, session);
    this.#bytes += session.lane.bytes;
    this.#makeRoom();
  }

  forget(id: string): void {
    this.#take(id);
  }

  /** Every tail in memory. */
  tails(): SessionTail[] {
    return [...this.#sessions.values()].map((session) => session.tail);
  }

  #take(id: string): LiveSession | undefined {
    const session = this.#sessions.get(id);
    if (!session) return undefined;
    this.#sessions.delete(id);
    this.#bytes -= session.lane.bytes;
    return session;
  }

  #makeRoom(): void {
    for (const id of this.#sessions.keys()) {
      if (this.#sessions.size <= this.#limits.maxSessions && this.#bytes <= this.#limits.maxTotalBytes) return;
      this.#take(id);
    }
  }
}
