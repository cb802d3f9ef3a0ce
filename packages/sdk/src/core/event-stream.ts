/**
 * A session's events as an async iterator: the log from a place on, and then what comes.
 *
 * It pulls: a page is asked for when the one before has been taken, and the runtime holds the question until there is
 * something. So there is no seam between replay and live, nothing to merge, and a slow reader slows nothing but itself.
 *
 * S1. Every event behind the place is given once, in order: each page begins where the one before ended.
 * S2. At most one page is held, at most one question is open.
 * S3. A connection that is lost and comes back does not show: the same question is asked again.
 */
import { EVENT_LOG_PAGE, NarthexError, type SessionEvent, type SessionEventType } from "@narthex/protocol";
import type { Patience } from "./waiting-room.ts";

/** Where to begin, what to see, when to end. */
export interface EventStreamOptions {
  /** The id of an event, to begin behind it; what `session.eventLog.tail` names works too. Default: the first event. */
  after?: string;
  /** Only events of these types (default: all). */
  types?: readonly SessionEventType[];
  /** Also events that the log does not keep, as far as the runtime still has them (default true). */
  includeEphemeral?: boolean;
  /** Go on with what comes (default true); false ends behind the last event that is there now. */
  follow?: boolean;
  /** Ends the iteration, which throws ABORTED. */
  signal?: AbortSignal;
}

/** What the stream needs of its session. */
export interface EventStreamSource {
  call(method: string, params: Record<string, unknown>, patience: Patience): Promise<unknown>;
  /** Why the session has ended on this client; undefined while it has not. */
  ended(): NarthexError | undefined;
}

/** Milliseconds the runtime is asked to hold a question that has no answer yet. */
const WAIT_MS = 20_000;
/** Events asked for at once (S2). */
const PAGE_EVENTS = 200;

export async function* streamEvents(
  source: EventStreamSource,
  options: EventStreamOptions,
): AsyncGenerator<SessionEvent, void, undefined> {
  const { types, includeEphemeral = true, follow = true, signal } = options;
  const abort = abortion(signal);
  let cursor = options.after;
  try {
    for (;;) {
      const params = {
        max: PAGE_EVENTS,
        includeEphemeral,
        ...(cursor === undefined ? {} : { cursor }),
        ...(types === undefined ? {} : { types: [...types] }),
        ...(follow ? { waitMs: WAIT_MS } : {}),
      };
      const page = await Promise.race([nextPage(source, params, signal), abort.promise]);
      if (page === undefined) return;
      if (page.cursorStatus === "expired" && cursor !== undefined) throw unknownPlace(cursor);
      for (const event of page.events) {
        yield event as unknown as SessionEvent; // unknown types and fields pass through
        signal?.throwIfAborted();
      }
      cursor = page.cursor; // S1
      if (!follow && !page.hasMore) return;
    }
  } catch (error) {
    throw signal?.aborted === true ? aborted(signal) : error;
  } finally {
    abort.end();
  }
}

/** One page; undefined once this client is done with the session. */
async function nextPage(source: EventStreamSource, params: Record<string, unknown>, signal: AbortSignal | undefined) {
  const patience: Patience = { waitMs: Number.POSITIVE_INFINITY, ...(signal === undefined ? {} : { signal }) };
  for (;;) {
    if (source.ended()?.code === "SESSION_DISCONNECTED") return undefined;
    try {
      return EVENT_LOG_PAGE.parse(await source.call("session.eventLog.read", params, patience));
    } catch (error) {
      if (source.ended()?.code === "SESSION_DISCONNECTED") return undefined;
      const isLost = NarthexError.is(error) && error.code === "CONNECTION_CLOSED" && source.ended() === undefined;
      if (!isLost) throw error; // S3
    }
  }
}

function abortion(signal: AbortSignal | undefined): { promise: Promise<never>; end: () => void } {
  let onAbort = (): void => undefined;
  const promise = new Promise<never>((_resolve, reject) => {
    if (signal === undefined) return;
    onAbort = () => reject(aborted(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  promise.catch(() => undefined); // it may come when nobody waits
  return { promise, end: () => signal?.removeEventListener("abort", onAbort) };
}

function aborted(signal: AbortSignal): NarthexError {
  return new NarthexError("ABORTED", "The reading of events was cancelled.", { cause: signal.reason });
}

function unknownPlace(cursor: string): NarthexError {
  return new NarthexError(
    "EVENT_CURSOR_EXPIRED",
    `The runtime does not know the place ${JSON.stringify(cursor)} in this session's events, or no longer. Read from the start.`,
  );
}
