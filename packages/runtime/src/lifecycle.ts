// Tells whoever wants to know of the sessions that come, change and go.
import type { SessionDirectory, SessionRecord } from "@narthex/engine";
import { messageOf } from "@narthex/protocol";
import type { LifecycleNotice, RuntimeLogger } from "./ports.ts";
import { metadataOf } from "./session/session-record.ts";

export class Lifecycle {
  readonly #directory: SessionDirectory;
  readonly #logger: RuntimeLogger;
  readonly #listeners = new Set<(notice: LifecycleNotice) => void>();

  constructor(directory: SessionDirectory, logger: RuntimeLogger) {
    this.#directory = directory;
    this.#logger = logger;
  }

  /** Returns the function that ends the subscription. */
  subscribe(listener: (notice: LifecycleNotice) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  created(record: SessionRecord): void {
    this.#announce("session.created", record);
  }

  /** The log of a session has grown. */
  updated(id: string): void {
    if (this.#listeners.size === 0) return;
    this.#directory.get(id).then(
      (record) => record !== undefined && this.#announce("session.updated", record),
      (error: unknown) => this.#logger.warn(messageOf(error), { sessionId: id }),
    );
  }

  /** A session that nobody uses will be deleted. */
  expiring(record: SessionRecord, expiresAt: string): void {
    this.#announce("session.updated", record, { reason: "expiring", expiresAt });
  }

  /** @param reason why, when nobody asked for it */
  deleted(sessionId: string, reason?: "retention"): void {
    this.#notify({ type: "session.deleted", sessionId, ...(reason === undefined ? {} : { reason }) });
  }

  #announce(
    type: "session.created" | "session.updated",
    record: SessionRecord,
    more: Pick<LifecycleNotice, "reason" | "expiresAt"> = {},
  ): void {
    const { sessionId, startTime, modifiedTime, summary } = metadataOf(record, undefined);
    const metadata = { startTime, modifiedTime, ...(summary === undefined ? {} : { summary }) };
    this.#notify({ type, sessionId, metadata, ...more });
  }

  #notify(notice: LifecycleNotice): void {
    for (const listener of this.#listeners) listener(notice);
  }
}
