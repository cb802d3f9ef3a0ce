// What is stored of sessions, whether or not they are in memory: the list, their metadata, their logs.
import type { Engine } from "@narthex/engine";
import { NarthexError, parseSessionId, type RawSessionEvent } from "@narthex/protocol";
import { metadataOf, type SessionMetadataEntry } from "./session/session-record.ts";

/** Most sessions that a list shows: those that changed last. */
const MAX_LISTED = 1_000;

export class SessionCatalog {
  readonly #engine: Engine;
  readonly #remoteUrlOf: (id: string) => string | undefined;

  constructor(engine: Engine, remoteUrlOf: (id: string) => string | undefined) {
    this.#engine = engine;
    this.#remoteUrlOf = remoteUrlOf;
  }

  /** Sessions with at least one prompt, and cloud sessions without one; newest change first. */
  async list(filter: Record<string, string> = {}): Promise<SessionMetadataEntry[]> {
    const records = await this.#engine.directory.list({ attributes: filter, orCloud: true }, { limit: MAX_LISTED });
    return records.map((record) => metadataOf(record, this.#remoteUrlOf(record.id)));
  }

  async metadata(id: string): Promise<SessionMetadataEntry | undefined> {
    const record = await this.#engine.directory.get(id);
    return record === undefined ? undefined : metadataOf(record, this.#remoteUrlOf(id));
  }

  async lastId(): Promise<string | undefined> {
    return (await this.#engine.directory.last())?.id;
  }

  /**
   * The persisted events of a session, in order.
   * @throws {NarthexError} SESSION_NOT_FOUND
   */
  async events(rawId: unknown): Promise<RawSessionEvent[]> {
    const id = parseSessionId(rawId);
    const { directory, log } = this.#engine;
    if ((await directory.get(id)) === undefined) throw notFound(id);
    return (await log.read(id)).map((record) => record.event);
  }
}

export function notFound(id: string): NarthexError {
  return new NarthexError("SESSION_NOT_FOUND", `Session not found: ${id}`);
}
