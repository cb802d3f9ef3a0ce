import { NarthexError, parseSessionId } from "@narthex/protocol";

import type { LeaseHolder, Leases } from "../leases.ts";
import { requireCount, sessionNotFound } from "./checks.ts";
import type { EventRows } from "./event-rows.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { LeaseRows, StoredLease } from "./lease-rows.ts";
import type { Round } from "./round.ts";
import { storeError } from "./store-error.ts";

/** What leases work with. */
export interface LeaseParts {
  readonly leases: LeaseRows;
  readonly events: EventRows;
  readonly commit: GroupCommit;
  readonly now: () => Date;
  readonly isHostGone: (host: string) => boolean;
}

const MAX_HOST_CHARS = 256;
const LARGEST_TTL_MS = 24 * 60 * 60 * 1000;
const PAGE = 1000;

/** The leases on SQLite. A process of this machine that is gone loses its leases at once, without waiting for their end. */
export class LocalLeases implements Leases {
  readonly #parts: LeaseParts;

  constructor(parts: LeaseParts) {
    this.#parts = parts;
  }

  async claim(id: string, host: string, ttlMs: number): Promise<{ epoch: number } | undefined> {
    requireHost(host);
    requireTtl(ttlMs);
    return this.#write(id, (session, round) => {
      const { leases, now } = this.#parts;
      const known = leases.find(session);
      if (known && known.host !== host && this.#isHeld(known)) return undefined; // L1
      const epoch = (known?.epoch ?? 0) + 1; // L2
      leases.put(session, { epoch, host, expiresMs: now().getTime() + ttlMs });
      round.refresh(id); // another process may have had it meanwhile
      return { epoch };
    });
  }

  async renew(id: string, epoch: number, ttlMs: number): Promise<boolean> {
    requireTtl(ttlMs);
    return this.#write(id, (session) =>
      this.#parts.leases.renew(session, epoch, this.#parts.now().getTime() + ttlMs),
    ).catch((error: unknown) => {
      if (NarthexError.is(error) && error.code === "SESSION_NOT_FOUND") return false;
      throw error;
    });
  }

  async release(id: string, epoch: number): Promise<void> {
    await this.#write(id, (session) => this.#parts.leases.release(session, epoch)).catch((error: unknown) => {
      if (!NarthexError.is(error) || error.code !== "SESSION_NOT_FOUND") throw error;
    });
  }

  async holder(id: string): Promise<LeaseHolder | undefined> {
    this.#parts.commit.assertOpen();
    parseSessionId(id);
    return this.#reading(() => {
      const lease = this.#parts.leases.find(this.#session(id));
      if (!lease || lease.host === null || !this.#isHeld(lease)) return undefined;
      return { epoch: lease.epoch, host: lease.host, expiresAt: new Date(lease.expiresMs).toISOString() };
    });
  }

  async expired(limit = PAGE): Promise<string[]> {
    this.#parts.commit.assertOpen();
    requireCount(limit, "limit");
    return this.#reading(() => {
      const ids: string[] = [];
      let after = 0;
      while (ids.length < limit) {
        const page = this.#parts.leases.held(after, PAGE);
        for (const { id, lease } of page) if (!this.#isHeld(lease) && ids.length < limit) ids.push(id);
        if (page.length < PAGE) break;
        after = page.at(-1)?.session ?? after;
      }
      return ids;
    });
  }

  /** Does somebody run the session under this lease? */
  #isHeld({ host, expiresMs }: StoredLease): boolean {
    return host !== null && expiresMs > this.#parts.now().getTime() && !this.#parts.isHostGone(host);
  }

  #write<T>(id: string, change: (session: number, round: Round) => T): Promise<T> {
    parseSessionId(id);
    const write = (round: Round): T => {
      round.beginWrite();
      return change(this.#session(id), round);
    };
    return this.#parts.commit.enqueue({ sessionId: id, bytes: 0, write });
  }

  #session(id: string): number {
    const stored = this.#parts.events.tail(id);
    if (!stored) throw sessionNotFound(id);
    return stored.session;
  }

  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw storeError(error, "read the leases");
    }
  }
}

function requireHost(host: string): void {
  if (typeof host === "string" && host !== "" && host.length <= MAX_HOST_CHARS) return;
  throw new NarthexError("INVALID_PARAMS", `A host is malformed: use a string of 1 to ${MAX_HOST_CHARS} characters.`);
}

function requireTtl(ttlMs: number): void {
  if (Number.isSafeInteger(ttlMs) && ttlMs >= 1 && ttlMs <= LARGEST_TTL_MS) return;
  throw new NarthexError("INVALID_PARAMS", `\`ttlMs\` is out of range: use 1 to ${LARGEST_TTL_MS} milliseconds.`);
}
