// Deletes the sessions that nobody has used for as long as the operator keeps them; `expiry.ts` says when.
import type { Engine, SessionRecord } from "@narthex/engine";
import { expiryOf, type ExpiryLimits } from "./expiry.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { RuntimeLogger } from "./ports.ts";

export interface SessionExpiryOptions extends ExpiryLimits {
  readonly engine: Engine;
  readonly logger: RuntimeLogger;
  readonly lifecycle: Lifecycle;
  /** Is the session in memory, on its way there, or are clients attached while it hibernates? */
  readonly isInUse: (id: string) => boolean;
  /** Deletes a session with everything it owns. */
  readonly remove: (id: string) => Promise<unknown>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Most sessions that are looked at in one round; the rest has its turn in a later one. */
const MAX_PER_ROUND = 1_000;

export class SessionExpiry {
  readonly #options: SessionExpiryOptions;
  /** When the ends of sessions were announced; only of those of the last round. */
  #announced: ReadonlyMap<string, number> = new Map();
  #isRunning = false;

  constructor(options: SessionExpiryOptions) {
    this.#options = options;
  }

  /** One round: announces and deletes what is due. */
  async round(): Promise<void> {
    if (this.#isRunning || !Number.isFinite(this.#options.retentionMs)) return;
    this.#isRunning = true;
    try {
      await this.#round();
    } finally {
      this.#isRunning = false;
    }
  }

  async #round(): Promise<void> {
    const { engine, now } = this.#options;
    const records = await this.#unused();
    const fates = records.map((record) => {
      const at = this.#announced.get(record.id);
      const age = now() - Date.parse(record.updatedAt);
      return { record, at, expiry: expiryOf(age, at === undefined ? undefined : now() - at, this.#options) };
    });
    // Another process may have clients on any of them.
    const isDue = fates.some(({ expiry }) => expiry !== "keep");
    if (isDue && !(await engine.isAlone())) return;
    const announced = new Map<string, number>();
    for (const { record, at, expiry } of fates) {
      if (expiry === "delete") await this.#delete(record);
      else announced.set(record.id, at ?? this.#announce(record));
    }
    this.#announced = announced;
  }

  /** Sessions near their end, or past it, that nobody has in use (E2). */
  async #unused(): Promise<SessionRecord[]> {
    const { engine, retentionMs, noticeMs, isInUse, now } = this.#options;
    const before = new Date(now() - retentionMs + noticeMs);
    for (let skip = 0; ; skip += MAX_PER_ROUND) {
      const found = await engine.directory.restingSince(before, { limit: MAX_PER_ROUND, skip });
      const unused = found.filter(({ id }) => !isInUse(id));
      if (unused.length > 0 || found.length < MAX_PER_ROUND) return unused;
    }
  }

  #announce(record: SessionRecord): number {
    const { lifecycle, logger, retentionMs, graceMs, now } = this.#options;
    const end = Math.max(Date.parse(record.updatedAt) + retentionMs, now() + graceMs);
    const expiresAt = new Date(end).toISOString();
    lifecycle.expiring(record, expiresAt);
    logger.info("A session that nobody uses will be deleted.", { sessionId: record.id, expiresAt });
    return now();
  }

  async #delete({ id, updatedAt }: SessionRecord): Promise<void> {
    const { logger, isInUse, remove } = this.#options;
    if (isInUse(id)) return;
    await remove(id);
    logger.warn("A session was deleted: nobody has used it for as long as sessions are kept.", {
      sessionId: id,
      lastChange: updatedAt,
    });
  }
}
