/**
 * Cursors of an event log: places between two events, as clients keep them.
 *
 * `eventId|n` is the place behind position `n` of the session's order; `eventId` is the last persisted event up to there
 * (nothing, when there is none), by which a cursor of another log is told apart. A bare event id is the place behind that
 * event. Positions are never reused, so a cursor stays good across restarts.
 */

/** A cursor as it was sent. */
export type ParsedCursor =
  | { readonly kind: "place"; readonly eventId: string | null; readonly position: number }
  | { readonly kind: "event"; readonly eventId: string };

/** Longest cursor that is looked at, in characters. */
const MAX_CURSOR_CHARS = 512;

const PLACE = /^(.*)\|(\d{1,15})$/s;

/** Reads a cursor; undefined for one that cannot be of any log. */
export function parseCursor(text: string): ParsedCursor | undefined {
  if (text === "" || text.length > MAX_CURSOR_CHARS) return undefined;
  const match = PLACE.exec(text);
  if (match === null) return { kind: "event", eventId: text };
  const [, eventId = "", position] = match;
  return { kind: "place", eventId: eventId === "" ? null : eventId, position: Number(position) };
}

/** Writes a cursor. */
export function formatCursor(lastPersistedId: string | null, position: number): string {
  return `${lastPersistedId ?? ""}|${position}`;
}
