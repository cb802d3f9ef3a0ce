/**
 * When a session that nobody uses is deleted. Its age counts from the last change of its record or its log.
 *
 * | told of its end \ age      | less than retention − notice | less than retention | retention, or more |
 * | -------------------------- | ---------------------------- | ------------------- | ------------------ |
 * | not yet, by this process   | keep                         | announce            | announce           |
 * | less than the grace ago    | keep                         | keep                | keep               |
 * | the grace ago, or more     | keep                         | keep                | delete             |
 *
 * E1. Nothing is deleted without having been announced by the same process, at least the grace before.
 * E2. A session that is attached, in memory, or has something waiting is never asked about (`session-expiry.ts`).
 */

export interface ExpiryLimits {
  /** Milliseconds without a change after which a session is deleted. */
  readonly retentionMs: number;
  /** Milliseconds before that at which its end is announced. */
  readonly noticeMs: number;
  /** Milliseconds between the announcement and the end at least, also when its time is long over. */
  readonly graceMs: number;
}

export type Expiry = "keep" | "announce" | "delete";

/** @param announcedMs milliseconds since its end was announced, if it was */
export function expiryOf(ageMs: number, announcedMs: number | undefined, limits: ExpiryLimits): Expiry {
  const { retentionMs, noticeMs, graceMs } = limits;
  if (ageMs < retentionMs - noticeMs) return "keep";
  if (announcedMs === undefined) return "announce";
  return ageMs >= retentionMs && announcedMs >= graceMs ? "delete" : "keep";
}
