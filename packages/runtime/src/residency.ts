/**
 * How long a session stays in memory. Its log and its mailbox have everything, so nothing is lost by leaving.
 *
 * | session                                   | clients are attached                      | nobody is attached |
 * | ----------------------------------------- | ----------------------------------------- | ------------------ |
 * | works, is to work, or has a question open | stays                                     | stays              |
 * | at rest, not as long as its time          | stays                                     | stays              |
 * | at rest, longer                           | hibernates: its clients stay attached     | unloads            |
 *
 * R1. Work and questions keep a session in memory, however long they take and however short memory is.
 * R2. When memory is short, whoever is at rest leaves before its time: first those that nobody is attached to.
 */

/** What is known of a session in memory. */
export interface Residency {
  /** Nothing runs, waits, or is asked. */
  readonly isAtRest: boolean;
  readonly clients: number;
  /** Milliseconds since it was last used, or came to rest. */
  readonly restingMs: number;
}

export interface ResidencyLimits {
  /** Milliseconds at rest after which a session that nobody is attached to leaves memory. */
  readonly unattachedIdleMs: number;
  /** Milliseconds at rest after which a session with clients hibernates; Infinity: never. */
  readonly attachedIdleMs: number;
}

export type Fate = "stays" | "hibernates" | "unloads";

/** What becomes of a session now. */
export function fateOf({ isAtRest, clients, restingMs }: Residency, limits: ResidencyLimits): Fate {
  if (!isAtRest) return "stays"; // R1
  if (clients === 0) return restingMs >= limits.unattachedIdleMs ? "unloads" : "stays";
  return restingMs >= limits.attachedIdleMs ? "hibernates" : "stays";
}
