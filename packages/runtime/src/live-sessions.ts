import { NarthexError } from "@narthex/protocol";
import type { HostedSession } from "./session/session.ts";

export interface LiveSessionsOptions {
  readonly maxSessions: number;
  /** A session has left memory; nothing more is written by it than what is on its way. */
  readonly onLeave: (id: string) => void;
}

/** The sessions in memory, and those on their way there, the longest unused first. */
export class LiveSessions {
  readonly #options: LiveSessionsOptions;
  readonly #all = new Map<string, Promise<HostedSession>>();
  readonly #ready = new Map<string, HostedSession>();
  #isClosed = false;

  constructor(options: LiveSessionsOptions) {
    this.#options = options;
  }

  /** The session of an id, also while it is on its way. */
  find(id: string): Promise<HostedSession> | undefined {
    return this.#all.get(id);
  }

  /** The session of an id if it is in memory. */
  ready(id: string): HostedSession | undefined {
    return this.#ready.get(id);
  }

  /** The sessions that a client is attached to. */
  of(clientId: string): HostedSession[] {
    return [...this.#ready.values()].filter((session) => session.attachments.has(clientId));
  }

  /**
   * Brings a session into memory once, however many ask for it at the same time.
   * @throws {NarthexError} SERVER_SHUTTING_DOWN, and what `make` throws
   */
  async enter(id: string, make: () => Promise<HostedSession>): Promise<HostedSession> {
    if (this.#isClosed) throw new NarthexError("SERVER_SHUTTING_DOWN", "The runtime is shutting down.");
    const made = make();
    this.#all.set(id, made);
    try {
      const session = await made;
      this.#ready.set(id, session);
      return session;
    } catch (error) {
      if (this.#all.get(id) === made) this.#all.delete(id);
      throw error;
    }
  }

  /**
   * Memory is bounded: an idle session that nobody is attached to goes before a new one comes.
   * @throws {NarthexError} LIMIT_EXCEEDED
   */
  makeRoom(): void {
    const { maxSessions } = this.#options;
    if (this.#all.size < maxSessions) return;
    for (const id of this.#ready.keys()) {
      this.unloadIfUnused(id);
      if (this.#all.size < maxSessions) return;
    }
    throw new NarthexError("LIMIT_EXCEEDED", `${maxSessions} sessions are in use: disconnect some first.`);
  }

  /** Lets a session go from memory when nobody is attached and nothing runs; nothing is lost by that. */
  unloadIfUnused(id: string): void {
    const session = this.#ready.get(id);
    if (session === undefined || session.attachments.size > 0 || !session.isIdle) return;
    this.forget(id, session);
    session.unload();
  }

  /** Takes a session out, unless another one has taken its place. */
  forget(id: string, session: HostedSession | undefined = this.#ready.get(id)): void {
    if (this.#ready.get(id) !== session) return;
    const wasThere = this.#all.delete(id);
    this.#ready.delete(id);
    if (wasThere) this.#options.onLeave(id);
  }

  /** Takes no new sessions from now on; resolves with those that there are. */
  async close(): Promise<HostedSession[]> {
    this.#isClosed = true;
    await Promise.allSettled(this.#all.values());
    return [...this.#ready.values()];
  }
}
