import { NarthexError } from "./errors.ts";

/** Session ids, as the protocol allows them: safe in a path, a URL and a subject of a message system. */
export const SESSION_ID_PATTERN = /^[A-Za-z0-9_-]{1,128}$/;

/** Is this value a well-formed session id? */
export function isSessionId(value: unknown): value is string {
  return typeof value === "string" && SESSION_ID_PATTERN.test(value);
}

/**
 * The value as a session id.
 * @throws {NarthexError} SESSION_ID_INVALID
 */
export function parseSessionId(value: unknown): string {
  if (isSessionId(value)) return value;
  const shown = typeof value === "string" ? JSON.stringify(value.slice(0, 80)) : typeof value;
  throw new NarthexError(
    "SESSION_ID_INVALID",
    `${shown} is not a session id: use 1 to 128 of the characters A-Z a-z 0-9 _ and -.`,
  );
}

/** A repository is addressed as `owner/name` in these characters. */
export const REPOSITORY_PART_PATTERN = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;
