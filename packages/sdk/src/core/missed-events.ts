/**
 * Reads what a session missed from the runtime's log and delivers it in its place.
 *
 * First `session.eventLog.read` from the event seen last; when the runtime does not know that one (an ephemeral event is
 * kept for a while only), from the last one that its log keeps. A runtime without the method, or that knows neither, is
 * asked for the whole log with `session.getMessages`; ephemeral events cannot be had then. A refusal that passes, as that
 * of a runtime on its way out, says nothing about the log: it is asked again, here or on the next connection.
 *
 * M1. A page is delivered inside the read loop, before the next frame is looked at: nothing newer can come in between.
 * M2. Reading ends with the last page; it is asked for again when too much arrived meanwhile to be held.
 * M3. Whatever happens, what is held is delivered in the end.
 */
import { EVENT_LOG_PAGE, NarthexError, messageOf, type RawSessionEvent } from "@narthex/protocol";
import type { CallOutcome, RpcPeer } from "@narthex/rpc";
import type { DeliveredIds } from "./delivered-ids.ts";
import type { Logger } from "./logger.ts";
import { pause } from "./pause.ts";
import type { CopilotSession } from "./session.ts";

/** What the reading needs of the connection. */
export interface MissedEventsContext {
  readonly peer: RpcPeer;
  readonly logger: Logger;
}

/** Milliseconds the runtime has for one page. */
const PAGE_TIMEOUT_MS = 30_000;
/** Pauses before the log is asked for again that was refused for a passing reason. */
const REFUSAL_PAUSES_MS = [500, 1_000, 2_000];
/** Events asked for at once. */
const PAGE_EVENTS = 500;
/** Times the log is asked for again because too much arrived meanwhile. */
const MAX_READS_AGAIN = 100;
/** Events may have arrived in another order than that of the log: how far from its place one is looked for. */
const REORDER_WINDOW = 64;

/** What one request came to. */
type PageOutcome = "over" | "again" | { readonly cursor: string } | "unusable";

/** Delivers what the session missed; true when that is everything. Ends with nothing held, unless the connection ends. */
export async function deliverMissedEvents(
  context: MissedEventsContext,
  session: CopilotSession,
  isCreatedHere: boolean,
): Promise<boolean> {
  for (const pauseMs of [...REFUSAL_PAUSES_MS, undefined]) {
    try {
      if (await readMissed(context, session, isCreatedHere)) return true;
      break;
    } catch (error) {
      if (isPassing(error) && pauseMs !== undefined) {
        await pause(pauseMs, context.peer);
        if (!context.peer.isClosed) continue;
      }
      context.logger.warn(`Missed events could not be read: ${messageOf(error)}`, { sessionId: session.sessionId });
      break;
    }
  }
  if (!context.peer.isClosed) session.traffic.release(undefined); // M3
  return false;
}

/** One attempt; false when the runtime has no log that helps. */
async function readMissed(
  context: MissedEventsContext,
  session: CopilotSession,
  isCreatedHere: boolean,
): Promise<boolean> {
  const { last, lastPersisted } = session.traffic.delivered;
  for (const cursor of new Set([last, lastPersisted])) {
    // Without a cursor the log is read from its start: right only where all of it is this client's.
    if ((cursor !== undefined || isCreatedHere) && (await readPages(context, session, cursor))) return true;
  }
  return readWholeLog(context, session, isCreatedHere);
}

/** Page by page from a cursor; false when the runtime cannot do that. */
async function readPages(context: MissedEventsContext, session: CopilotSession, from?: string): Promise<boolean> {
  let cursor = from;
  for (let repeats = 0; repeats <= MAX_READS_AGAIN;) {
    const params = { ...(cursor === undefined ? {} : { cursor }), max: PAGE_EVENTS, includeEphemeral: true };
    const outcome = await ask(context, session, "session.eventLog.read", params, (result): PageOutcome => {
      const page = EVENT_LOG_PAGE.safeParse(result);
      if (!page.success || page.data.cursorStatus !== "ok") return "unusable";
      const { events, hasMore, cursor: next } = page.data;
      const isStuck = hasMore && events.length === 0 && next === cursor;
      if (session.traffic.absorb(events as unknown as RawSessionEvent[], !hasMore || isStuck)) return "over";
      return { cursor: next };
    });
    if (outcome === "over") return true;
    if (typeof outcome === "string") return false;
    if (outcome.cursor === cursor) repeats += 1;
    cursor = outcome.cursor;
  }
  return false;
}

/** The whole log, of which what is not known yet is delivered; false when there is none, or its place is unknown. */
async function readWholeLog(
  context: MissedEventsContext,
  session: CopilotSession,
  isCreatedHere: boolean,
): Promise<boolean> {
  for (let repeats = 0; repeats <= MAX_READS_AGAIN; repeats += 1) {
    const outcome = await ask(context, session, "session.getMessages", {}, (result): PageOutcome => {
      const events = (result as { events?: unknown } | null)?.events;
      if (!Array.isArray(events)) return "unusable";
      const missed = missedOf(events as RawSessionEvent[], session.traffic.delivered, isCreatedHere);
      if (missed === undefined) return "unusable";
      return session.traffic.absorb(missed, true) ? "over" : "again";
    });
    if (outcome === "over") return true;
    if (outcome !== "again") return false;
  }
  return false;
}

/**
 * The events of a log that were not delivered; undefined when nobody can say which these are, because none of the log is
 * remembered and it may have been delivered long ago, or is from before this client came.
 */
export function missedOf(
  log: readonly RawSessionEvent[],
  delivered: DeliveredIds,
  isCreatedHere: boolean,
): readonly RawSessionEvent[] | undefined {
  const isKnown = ({ id }: RawSessionEvent): boolean => delivered.has(id);
  const last = log.findLastIndex(isKnown);
  if (last === -1) return isCreatedHere && !delivered.hasForgotten ? log : undefined;
  const from = Math.max(log.findIndex(isKnown), last - REORDER_WINDOW, 0);
  return log.slice(from).filter((event) => !isKnown(event));
}

/**
 * One request, whose result is worked on inside the read loop (M1). What the runtime refuses for good is unusable.
 * @throws {NarthexError} REQUEST_TIMEOUT, CONNECTION_CLOSED, and refusals that pass
 */
async function ask(
  { peer }: MissedEventsContext,
  session: CopilotSession,
  method: string,
  params: Record<string, unknown>,
  work: (result: unknown) => PageOutcome,
): Promise<PageOutcome> {
  let outcome: PageOutcome = "unusable";
  session.traffic.askedForLog();
  const onResponse = (answer: CallOutcome): void => {
    if ("result" in answer) outcome = work(answer.result);
  };
  try {
    const { sessionId } = session;
    await peer.request(method, { sessionId, ...params }, { timeoutMs: PAGE_TIMEOUT_MS, onResponse });
  } catch (error) {
    if (isPassing(error) || !isRefusal(error)) throw error;
  }
  return outcome;
}

function isRefusal(error: unknown): boolean {
  return NarthexError.is(error) && error.code !== "REQUEST_TIMEOUT";
}

/** Can the same request succeed later? One that took its whole time is not worth another. */
function isPassing(error: unknown): boolean {
  return isRefusal(error) && NarthexError.from(error).retry !== "never";
}
