import { NarthexError } from "@narthex/protocol";
import { fateOf, type Fate, type ResidencyLimits } from "./residency.ts";
import type { Dormant, HostedSession } from "./session/session.ts";

export interface LiveSessionsOptions extends ResidencyLimits {
  readonly maxSessions: number;
  readonly maxHibernated: number;
  /** Milliseconds that a session stays after a call has asked for it: the call is still to use it. */
  readonly callGraceMs: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** A session is neither in memory nor does it hibernate; nothing more is written by it than what is on its way. */
  readonly onLeave: (id: string) => void;
}

/** At rest for long enough, whatever the limits. */
const SHORT_OF_MEMORY: ResidencyLimits = { unattachedIdleMs: 0, attachedIdleMs: 0 };

/** The sessions in memory, those on their way there, and those whose clients are attached while they hibernate. */
export class LiveSessions {
  readonly #options: LiveSessionsOptions;
  readonly #all = new Map<string, Promise<HostedSession>>();
  /** The longest unused first. */
  readonly #ready = new Map<string, { readonly session: HostedSession; readonly usedAt: number }>();
  readonly #dormant = new Map<string, Dormant>();
  #isClosed = false;

  constructor(options: LiveSessionsOptions) {
    this.#options = options;
  }

  /** The session of an id, also while it is on its way; somebody is about to use it. */
  find(id: string): Promise<HostedSession> | undefined {
    this.#touch(id);
    return this.#all.get(id);
  }

  has(id: string): boolean {
    return this.#all.has(id);
  }

  /** The session of an id if it is in memory. */
  ready(id: string): HostedSession | undefined {
    return this.#ready.get(id)?.session;
  }

  /** What is kept of a session that hibernates. */
  dormant(id: string): Dormant | undefined {
    return this.#ready.has(id) ? undefined : this.#dormant.get(id);
  }

  /** Ids of the sessions that a client is attached to. */
  of(clientId: string): string[] {
    const ready = [...this.#ready].map(([id, { session }]) => [id, session.attachments] as const);
    const dormant = [...this.#dormant].map(([id, { attachments }]) => [id, attachments] as const);
    const attached = [...ready, ...dormant].filter(([, attachments]) => attachments.has(clientId));
    return [...new Set(attached.map(([id]) => id))];
  }

  /** Ends a client's part in a session, also in one that hibernates or is just waking. */
  detach(id: string, clientId: string): void {
    const session = this.ready(id);
    const dormant = this.#dormant.get(id);
    if (session !== undefined) session.detach(clientId);
    else dormant?.attachments.detach(clientId);
    if (dormant?.attachments.size === 0 && !this.#all.has(id)) this.forgetDormant(id);
    this.settle(id);
  }

  /**
   * Brings a session into memory once, however many ask for it at the same time; one that hibernates wakes with the
   * clients that it has.
   * @throws {NarthexError} SERVER_SHUTTING_DOWN, and what `make` throws
   */
  async enter(id: string, make: (dormant: Dormant | undefined) => Promise<HostedSession>): Promise<HostedSession> {
    if (this.#isClosed) throw new NarthexError("SERVER_SHUTTING_DOWN", "The runtime is shutting down.");
    const made = make(this.#dormant.get(id));
    this.#all.set(id, made);
    try {
      const session = await made;
      this.#dormant.delete(id);
      this.#ready.set(id, { session, usedAt: this.#options.now() });
      return session;
    } catch (error) {
      if (this.#all.get(id) === made) this.#all.delete(id);
      throw error;
    }
  }

  /**
   * Memory is bounded: sessions at rest go before a new one comes, those that nobody is attached to first (R2).
   * @throws {NarthexError} LIMIT_EXCEEDED
   */
  makeRoom(): void {
    const { maxSessions } = this.#options;
    if (this.#all.size < maxSessions) return;
    for (const wanted of ["unloads", "hibernates"] as const) {
      for (const id of this.#ready.keys()) {
        if (this.#fate(id, SHORT_OF_MEMORY) !== wanted) continue;
        if (wanted === "hibernates" && this.#isAwaited(id)) continue;
        this.#leave(id, wanted);
        if (this.#all.size < maxSessions) return;
      }
    }
    throw new NarthexError("LIMIT_EXCEEDED", `${maxSessions} sessions are in use: disconnect some first.`);
  }

  /** A session has come to rest, or a client has left it: its time begins, and may be over at once. */
  settle(id: string): void {
    this.#touch(id);
    this.#leave(id, this.#fate(id, this.#options));
  }

  /** Lets go whose time is over. */
  sweep(): void {
    for (const id of this.#ready.keys()) if (!this.#isAwaited(id)) this.#leave(id, this.#fate(id, this.#options));
  }

  /** Takes a session out, unless another one has taken its place. */
  forget(id: string, session: HostedSession | undefined = this.ready(id)): void {
    if (this.ready(id) !== session) return;
    const wasThere = this.#all.delete(id);
    this.#ready.delete(id);
    if (this.#dormant.delete(id) || wasThere) this.#options.onLeave(id);
  }

  /** Lets a session go that hibernates: its last client has left, or another process has taken it. */
  forgetDormant(id: string): void {
    if (this.#dormant.delete(id)) this.#options.onLeave(id);
  }

  /** Takes a session out whatever it is at; its clients stay attached, and wait until it is brought back. */
  layDown(id: string, session: HostedSession): void {
    if (this.ready(id) !== session) return;
    this.forget(id, session);
    this.#dormant.set(id, session.unload());
  }

  /** Takes no new sessions from now on, and puts away those that there are, those on their way as soon as they are there. */
  async close(putAway: (session: HostedSession) => Promise<void>): Promise<void> {
    this.#isClosed = true;
    const leaving = [...this.#all].map(async ([id, made]) => {
      const session = await made;
      await putAway(session);
      this.forget(id, session);
    });
    await Promise.allSettled(leaving);
  }

  #touch(id: string): void {
    const entry = this.#ready.get(id);
    if (entry === undefined) return;
    this.#ready.delete(id);
    this.#ready.set(id, { ...entry, usedAt: this.#options.now() });
  }

  /** Has a call asked for it just now? */
  #isAwaited(id: string): boolean {
    const { now, callGraceMs } = this.#options;
    return now() - (this.#ready.get(id)?.usedAt ?? 0) < callGraceMs;
  }

  #fate(id: string, limits: ResidencyLimits): Fate {
    const entry = this.#ready.get(id);
    if (entry === undefined) return "stays";
    const { session, usedAt } = entry;
    const restingMs = this.#options.now() - usedAt;
    const fate = fateOf({ isAtRest: session.isAtRest, clients: session.attachments.size, restingMs }, limits);
    return fate === "hibernates" && this.#dormant.size >= this.#options.maxHibernated ? "stays" : fate;
  }

  #leave(id: string, fate: Fate): void {
    const session = this.ready(id);
    if (session === undefined || fate === "stays") return;
    if (fate === "unloads") {
      this.forget(id, session);
      session.unload();
      return;
    }
    this.#ready.delete(id);
    this.#all.delete(id);
    this.#dormant.set(id, session.unload());
  }
}
