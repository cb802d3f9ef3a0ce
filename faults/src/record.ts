// What is known of one session at the end of a trial: what was asked, what every client saw, and what the log says.

/** An event, as far as the laws look at it. */
export interface SeenEvent {
  readonly id: string;
  readonly type: string;
  readonly parentId: string | null;
  readonly ephemeral: boolean;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What one client saw, in its order; `at` is milliseconds since the trial began. */
export type JournalEntry =
  | { readonly kind: "event"; readonly at: number; readonly event: SeenEvent }
  /** The connection was lost, or the session goes on over a new one. */
  | { readonly kind: "lost" | "resumed"; readonly at: number };

export interface Journal {
  readonly who: string;
  /** Did the client see the session from its beginning? Otherwise the journal begins somewhere in the log. */
  readonly isWhole: boolean;
  /** Was the client killed? Then its journal ends somewhere in the log. */
  readonly isCut?: boolean;
  readonly entries: readonly JournalEntry[];
}

/** A prompt that was sent, as often as it took. */
export interface Send {
  readonly key: string;
  readonly prompt: string;
  /** May overtake prompts that wait. */
  readonly isImmediate: boolean;
  /** The runtime's answer; undefined when there never was one. */
  readonly messageId?: string;
}

/** An answer to a question of the session, and what the runtime said to it. */
export interface GivenAnswer {
  readonly requestId: string;
  readonly who: string;
  readonly kind: string;
  readonly isTaken: boolean;
}

export interface SessionRecord {
  readonly sessionId: string;
  /** In the order in which they were sent: the next one only after the one before was answered. */
  readonly sends: readonly Send[];
  readonly journals: readonly Journal[];
  /** What `session.getMessages` says when the work is done. */
  readonly log: readonly SeenEvent[];
  /** Answers whose outcome is known. */
  readonly answers: readonly GivenAnswer[];
}

/** What kind of harm a broken law is. */
export type Harm = "lost" | "duplicated" | "other";

export interface Violation {
  readonly law: string;
  readonly harm: Harm;
  /** What was found, with ids. */
  readonly text: string;
}

/** The persisted events of a journal, in the order in which they were seen. */
export function persistedOf(journal: Journal): SeenEvent[] {
  return journal.entries.flatMap((entry) => (entry.kind === "event" && !entry.event.ephemeral ? [entry.event] : []));
}

/** The values that stand more than once. */
export function repeated(values: readonly string[]): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const value of values) (seen.has(value) ? twice : seen).add(value);
  return [...twice];
}

/** A field of an event that should be a text. */
export function textIn(event: SeenEvent, field: string): string {
  const value = event.data[field];
  return typeof value === "string" ? value : "";
}
