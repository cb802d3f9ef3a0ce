// Brings stored sessions into memory: once each, under a lease, and again when the store has failed under one.
import type { SessionDirectory, SessionRecord } from "@narthex/engine";
import { messageOf } from "@narthex/protocol";
import type { LiveSessions } from "./live-sessions.ts";
import type { RuntimeLogger } from "./ports.ts";
import { notFound } from "./session-catalog.ts";
import type { SessionLeases } from "./session-leases.ts";
import type { SessionFactory } from "./session/session-factory.ts";
import type { Dormant, HostedSession } from "./session/session.ts";
import type { Workspaces } from "./workspace/workspaces.ts";

interface SessionLoaderParts {
  readonly directory: SessionDirectory;
  readonly live: LiveSessions;
  readonly leases: SessionLeases;
  readonly factory: SessionFactory;
  readonly workspaces: Workspaces;
  readonly logger: RuntimeLogger;
}

export class SessionLoader {
  readonly #parts: SessionLoaderParts;

  constructor(parts: SessionLoaderParts) {
    this.#parts = parts;
  }

  /**
   * The session of an id, out of memory or from the store.
   * @throws {NarthexError} SESSION_NOT_FOUND, SESSION_LEASED, LIMIT_EXCEEDED, and what a restore throws
   */
  async load(id: string): Promise<HostedSession> {
    const { directory, live } = this.#parts;
    const found = await live.find(id);
    if (found !== undefined && !found.isBroken) return found;
    const record = await directory.get(id);
    if (record === undefined) throw notFound(id);
    // Somebody else may have begun to bring it back meanwhile.
    const ready = live.ready(id);
    if (ready?.isBroken === true) return this.#replace(record, ready);
    const underWay = live.find(id);
    if (underWay !== undefined) return underWay;
    live.makeRoom();
    return live.enter(id, (dormant) => this.#restore(record, dormant));
  }

  /** A create that failed leaves nothing behind. */
  async discard(id: string): Promise<void> {
    const { directory, live, workspaces, logger } = this.#parts;
    live.forget(id);
    try {
      await directory.remove(id);
      await workspaces.remove(id);
    } catch (error) {
      logger.warn(`What a failed create left could not be removed: ${messageOf(error)}`, { sessionId: id });
    }
  }

  /** Another object of the same session takes the place of one whose store has failed; until then its clients wait. */
  #replace(record: SessionRecord, broken: HostedSession): Promise<HostedSession> {
    const { live } = this.#parts;
    live.layDown(record.id, broken);
    return live.enter(record.id, async (dormant) => {
      await broken.abandon();
      return this.#restore(record, dormant);
    });
  }

  async #restore(record: SessionRecord, dormant: Dormant | undefined): Promise<HostedSession> {
    const { leases, factory } = this.#parts;
    const session = await leases.under(record.id, (epoch) => factory.restore(record, epoch, dormant));
    session.askAgain();
    return session;
  }
}
