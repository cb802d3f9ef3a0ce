// What a session's log says about its past, taken in one event at a time, so that a long log need not be in memory.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { EventLog } from "@narthex/engine";
import type { RawSessionEvent } from "@narthex/protocol";
import { INITIAL_STANDING, stepStanding, type Standing } from "./turn-standing.ts";

/** Events that are read at once. */
const PAGE_EVENTS = 1_000;

/** Where the work stands, and which prompts were begun. */
export class PastWork {
  /** Message ids of the prompts that are in the log. */
  readonly said = new Set<unknown>();
  standing: Standing = INITIAL_STANDING;
  hasStarted = false;

  static of(events: Iterable<RawSessionEvent>): PastWork {
    const past = new PastWork();
    for (const event of events) past.apply(event);
    return past;
  }

  apply(event: RawSessionEvent): void {
    this.standing = stepStanding(this.standing, event);
    if (event.type === "session.start") this.hasStarted = true;
    if (event.type === "user.message") this.said.add((event.data as { messageId?: unknown } | undefined)?.messageId);
  }
}

/**
 * The persisted events of a session up to where its log stands now; no more than a page is in memory.
 * @throws {NarthexError} SESSION_NOT_FOUND, STORE_CORRUPT, STORE_UNAVAILABLE
 */
export async function* eventsOf(log: EventLog, id: string): AsyncGenerator<RawSessionEvent, void, undefined> {
  const { seq: upTo } = await log.tail(id);
  for (let after = 0; after < upTo;) {
    const records = await log.read(id, { after, upTo, limit: PAGE_EVENTS });
    for (const { event } of records) yield event;
    after = records.length < PAGE_EVENTS ? upTo : (records.at(-1)?.seq ?? upTo);
    await nextTurn(); // other sessions have their turn
  }
}
