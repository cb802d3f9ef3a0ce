// Reads a session's log for clients: in pages, from a cursor, and waiting for what comes next.
import type { EventLog, LogRecord } from "@narthex/engine";
import { parseSessionId, type RawSessionEvent } from "@narthex/protocol";
import { formatCursor, parseCursor } from "./event-cursor.ts";

/** Limits of reading event logs; every one is an option of the runtime. */
export interface EventLogLimits {
  /** Events in a page when the client does not say (default 200). */
  readonly defaultPageEvents: number;
  /** Most events in a page, whatever the client asks for (default 1,000). */
  readonly maxPageEvents: number;
  /** Most JSON in a page, in characters; a larger event comes alone (default 8 Mi). */
  readonly maxPageChars: number;
  /** Longest wait for a new event, whatever the client asks for, in milliseconds (default 30,000). */
  readonly maxWaitMs: number;
  /** Reads that may wait at once (default 1,000); one more is answered without waiting. */
  readonly maxWaiters: number;
}

export const DEFAULT_EVENT_LOG_LIMITS: EventLogLimits = {
  defaultPageEvents: 200,
  maxPageEvents: 1_000,
  maxPageChars: 8 * 1024 * 1024,
  maxWaitMs: 30_000,
  maxWaiters: 1_000,
};

export interface EventLogQuery {
  readonly cursor?: string | undefined;
  readonly max?: number | undefined;
  readonly waitMs?: number | undefined;
  /** Only events of these types (default: all). */
  readonly types?: readonly string[] | undefined;
  /** `backward`: from the cursor towards the start, newest first. */
  readonly direction?: "forward" | "backward" | undefined;
  readonly includeEphemeral?: boolean | undefined;
}

export interface EventLogPage {
  readonly events: RawSessionEvent[];
  /** Where the next read goes on. */
  readonly cursor: string;
  readonly hasMore: boolean;
  /** `expired`: the cursor is of no place in this log, and the page begins at its start. */
  readonly cursorStatus: "ok" | "expired";
}

/** What a read is about, with everything decided. */
interface Scan {
  readonly id: string;
  readonly max: number;
  readonly types: ReadonlySet<string> | undefined;
  readonly isBackward: boolean;
  readonly includeEphemeral: boolean;
}

interface Scanned {
  readonly events: RawSessionEvent[];
  /** The place up to which the log was looked at. */
  readonly position: number;
  readonly hasMore: boolean;
}

export class EventLogReader {
  readonly #log: EventLog;
  readonly #limits: EventLogLimits;
  #waiters = 0;

  constructor(log: EventLog, limits: EventLogLimits) {
    this.#log = log;
    this.#limits = limits;
  }

  /**
   * The place behind the newest event.
   * @throws {NarthexError} SESSION_NOT_FOUND
   */
  async tail(rawId: unknown): Promise<string> {
    const { seq, lastPersistedId } = await this.#log.tail(parseSessionId(rawId));
    return formatCursor(lastPersistedId, seq);
  }

  /**
   * A page of events. With `waitMs` an empty page is waited with until an event comes that belongs in it.
   * @throws {NarthexError} SESSION_NOT_FOUND
   */
  async read(rawId: unknown, query: EventLogQuery, signal: AbortSignal): Promise<EventLogPage> {
    const id = parseSessionId(rawId);
    const { defaultPageEvents, maxPageEvents, maxWaitMs } = this.#limits;
    const scan: Scan = {
      id,
      max: Math.min(query.max ?? defaultPageEvents, maxPageEvents),
      types: query.types === undefined ? undefined : new Set(query.types),
      isBackward: query.direction === "backward",
      includeEphemeral: query.includeEphemeral ?? false,
    };
    // Listens before it looks, so that nothing falls in between.
    const next = this.#nextMatch(scan);
    try {
      const { position, cursorStatus } = await this.#start(scan, query.cursor);
      let page = await this.#scan(scan, position);
      const waitMs = scan.isBackward ? 0 : Math.min(query.waitMs ?? 0, maxWaitMs);
      if (page.events.length === 0 && (await this.#waited(next.arrived, waitMs, signal))) {
        page = await this.#scan(scan, page.position);
      }
      const cursor = await this.#cursorAt(id, page.position);
      return { events: page.events, cursor, hasMore: page.hasMore, cursorStatus };
    } finally {
      next.stop();
    }
  }

  #nextMatch(scan: Scan): { readonly arrived: Promise<void>; readonly stop: () => void } {
    let stop = (): void => undefined;
    const arrived = new Promise<void>((resolve) => {
      stop = this.#log.subscribe(scan.id, (record) => {
        if (belongs(scan, record)) resolve();
      });
    });
    return { arrived, stop };
  }

  /** Waits for an event; false when there is none, or no room to wait. */
  async #waited(arrived: Promise<void>, waitMs: number, signal: AbortSignal): Promise<boolean> {
    if (waitMs <= 0 || signal.aborted || this.#waiters >= this.#limits.maxWaiters) return false;
    this.#waiters += 1;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let onEnd = (): void => undefined;
    const over = new Promise<false>((resolve) => {
      onEnd = () => resolve(false);
      timer = setTimeout(onEnd, waitMs);
      signal.addEventListener("abort", onEnd, { once: true });
    });
    try {
      return await Promise.race([arrived.then(() => true), over]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onEnd);
      this.#waiters -= 1;
    }
  }

  async #start(
    scan: Scan,
    cursor: string | undefined,
  ): Promise<{ position: number; cursorStatus: EventLogPage["cursorStatus"] }> {
    const { seq } = await this.#log.tail(scan.id);
    const beginning = scan.isBackward ? seq : 0;
    if (cursor === undefined) return { position: beginning, cursorStatus: "ok" };
    const position = await this.#placeOf(scan.id, cursor, seq);
    return position === undefined ? { position: beginning, cursorStatus: "expired" } : { position, cursorStatus: "ok" };
  }

  /** The position that a cursor means, when it is of this log. */
  async #placeOf(id: string, text: string, tail: number): Promise<number | undefined> {
    const cursor = parseCursor(text);
    if (cursor === undefined) return undefined;
    if (cursor.kind === "event") return this.#log.locate(id, cursor.eventId);
    const { position, eventId } = cursor;
    if (position <= tail && (await this.#lastPersisted(id, position)) === eventId) return position;
    // An id may end like a place.
    return this.#log.locate(id, text);
  }

  async #cursorAt(id: string, position: number): Promise<string> {
    return formatCursor(await this.#lastPersisted(id, position), position);
  }

  /** Id of the last persisted event up to a position. */
  async #lastPersisted(id: string, position: number): Promise<string | null> {
    const [record] = await this.#log.read(id, { upTo: position, isBackward: true, limit: 1 });
    return record?.event.id ?? null;
  }

  async #scan(scan: Scan, start: number): Promise<Scanned> {
    const { id, max, includeEphemeral, isBackward } = scan;
    const events: RawSessionEvent[] = [];
    const limit = max + 1;
    let chars = 0;
    let position = start;
    for (;;) {
      const range = isBackward ? { upTo: position } : { after: position };
      const records = await this.#log.read(id, { ...range, limit, isBackward, includeEphemeral });
      for (const record of records) {
        if (belongs(scan, record)) {
          chars += JSON.stringify(record.event).length;
          const isFull = events.length >= max || chars > this.#limits.maxPageChars;
          if (isFull && events.length > 0) return { events, position, hasMore: true };
          events.push(record.event);
        }
        position = isBackward ? record.seq - 1 : record.seq;
      }
      if (records.length < limit) return { events, position, hasMore: false };
    }
  }
}

function belongs(scan: Scan, { event, ephemeral }: LogRecord): boolean {
  return (scan.includeEphemeral || !ephemeral) && (scan.types === undefined || scan.types.has(event.type));
}
