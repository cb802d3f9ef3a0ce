import { NarthexError, type RawSessionEvent, messageOf } from "@narthex/protocol";

/** An event together with the exact JSON that is kept of it, and what was read of it at that moment. */
export interface EncodedEvent {
  readonly event: RawSessionEvent;
  readonly id: string;
  readonly type: string;
  readonly isEphemeral: boolean;
  readonly body: string;
  /** Size of `body` in UTF-8. */
  readonly bytes: number;
}

/**
 * Checks an event and turns it into JSON. Everything that follows uses this text, so a caller that changes the event
 * afterwards changes nothing in the log.
 * @throws {NarthexError} INVALID_PARAMS without id or type or when it is no JSON, LIMIT_EXCEEDED above `maxBytes`.
 */
export function encodeEvent(event: RawSessionEvent, maxBytes: number): EncodedEvent {
  const id = requireText(event, "id");
  const type = requireText(event, "type");
  const body = toJson(event, `Event ${id}`);
  const bytes = Buffer.byteLength(body);
  if (bytes > maxBytes) {
    throw new NarthexError(
      "LIMIT_EXCEEDED",
      `Event ${id} (${type}) has ${bytes} bytes, ${maxBytes} are allowed: shorten it or raise maxEventBytes.`,
    );
  }
  return { event, id, type, isEphemeral: event.ephemeral === true, body, bytes };
}

/**
 * A plain object as JSON.
 * @throws {NarthexError} INVALID_PARAMS when it cannot be written as JSON.
 */
export function toJson(value: object, what: string): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new NarthexError("INVALID_PARAMS", `${what} cannot be written as JSON: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

function requireText(event: RawSessionEvent, name: "id" | "type"): string {
  const value: unknown = typeof event === "object" && event !== null ? event[name] : undefined;
  if (typeof value === "string" && value !== "") return value;
  throw new NarthexError("INVALID_PARAMS", `An event to append has no ${name}: give it a non-empty string.`);
}
