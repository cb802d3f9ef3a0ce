// Writes a session's events: gives them ids, times and parents, in the order of the calls.
import { randomUUID } from "node:crypto";
import type { EventLog, LogRecord } from "@narthex/engine";
import {
  ALSO_KEPT_EVENT_TYPES,
  EPHEMERAL_EVENT_TYPES,
  NarthexError,
  type RawSessionEvent,
  type SessionEventDataMap,
  type SessionEventType,
} from "@narthex/protocol";
import type { ProblemSink } from "../ports.ts";

export class EventWriter {
  readonly #sessionId: string;
  readonly #log: Pick<EventLog, "append">;
  readonly #onWritten: (event: RawSessionEvent) => void;
  readonly #onProblem: ProblemSink;
  #parentId: string | null;
  /** The last persisted event that is durable, and how many are on their way. */
  #durableId: string | null;
  #onTheWay = 0;
  /** Why nothing is written just now. */
  #pausedBy: NarthexError | undefined;

  constructor(options: {
    sessionId: string;
    log: Pick<EventLog, "append">;
    /** Id of the last persisted event in the log. */
    parentId: string | null;
    /** Called with each event once it is written, in order. */
    onWritten: (event: RawSessionEvent) => void;
    onProblem: ProblemSink;
  }) {
    this.#sessionId = options.sessionId;
    this.#log = options.log;
    this.#parentId = options.parentId;
    this.#durableId = options.parentId;
    this.#onWritten = options.onWritten;
    this.#onProblem = options.onProblem;
  }

  /**
   * Appends one event. Resolves with it once it is durable (ephemeral ones: once they have their place in the order).
   * @throws {NarthexError} STORE_UNAVAILABLE, LOG_CONFLICT, LEASE_LOST, and while paused what it was paused with
   */
  async write<T extends SessionEventType>(
    type: T,
    data: SessionEventDataMap[T],
    options: { ephemeral?: boolean } = {},
  ): Promise<RawSessionEvent> {
    if (this.#pausedBy !== undefined) throw this.#pausedBy;
    const isEphemeral = options.ephemeral ?? (EPHEMERAL_EVENT_TYPES.has(type) && !ALSO_KEPT_EVENT_TYPES.has(type));
    const event: RawSessionEvent = {
      id: randomUUID(),
      timestamp: new Date().toISOString(),
      parentId: this.#parentId,
      type,
      data,
      ...(isEphemeral ? { ephemeral: true } : {}),
    };
    await (isEphemeral ? this.#append(event) : this.#appendPersisted(event));
    this.#onWritten(event);
    return event;
  }

  /** An event that could not be written is nobody's parent (rt-1): the next one names the last that could. */
  async #appendPersisted(event: RawSessionEvent): Promise<void> {
    this.#parentId = event.id;
    this.#onTheWay += 1;
    try {
      await this.#append(event);
      this.#durableId = event.id;
    } finally {
      this.#onTheWay -= 1;
      if (this.#onTheWay === 0) this.#parentId = this.#durableId;
    }
  }

  /** Appends one event that nobody waits for; a failure is reported. */
  emit<T extends SessionEventType>(type: T, data: SessionEventDataMap[T], options: { ephemeral?: boolean } = {}): void {
    if (this.#pausedBy !== undefined) return;
    this.write(type, data, options).catch((error: unknown) => this.#onProblem(NarthexError.from(error)));
  }

  /**
   * Nothing is written until `resume`: what ends meanwhile is to look as if it had not, so that it is taken up again. Who
   * waits for an event is told `reason`, which says whether trying again can help.
   */
  pause(reason: NarthexError): void {
    this.#pausedBy = reason;
  }

  resume(): void {
    this.#pausedBy = undefined;
  }

  #append(event: RawSessionEvent): Promise<LogRecord[]> {
    return this.#log.append(this.#sessionId, [event]);
  }
}
