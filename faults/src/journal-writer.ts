// What one client sees of a session, written down as it comes.
import { performance } from "node:perf_hooks";
import { within } from "@narthex/testkit";
import type { Journal, JournalEntry, SeenEvent } from "./record.ts";

/** An event as the SDK or the wire gives it. */
export interface AnyEvent {
  readonly id: string;
  readonly type: string;
  readonly parentId?: string | null | undefined;
  readonly ephemeral?: boolean | undefined;
  readonly data?: unknown;
}

/** Keeps of an event what the laws look at. */
export function seenOf(event: AnyEvent): SeenEvent {
  const { id, type, parentId, ephemeral, data } = event;
  const isDelta = type.endsWith("_delta");
  return {
    id,
    type,
    parentId: parentId ?? null,
    ephemeral: ephemeral === true,
    data: isDelta ? {} : ((data ?? {}) as SeenEvent["data"]),
  };
}

export class JournalWriter implements Journal {
  readonly who: string;
  isWhole: boolean;
  isCut = false;
  readonly entries: JournalEntry[] = [];
  /** Told of every event, before those who wait for something. */
  onEvent: (event: SeenEvent) => void = () => undefined;
  readonly #onEntry: (entry: JournalEntry) => void;
  readonly #waiting = new Set<() => void>();

  constructor(who: string, isWhole: boolean, onEntry: (entry: JournalEntry) => void) {
    this.who = who;
    this.isWhole = isWhole;
    this.#onEntry = onEntry;
  }

  event(event: AnyEvent): void {
    this.add({ kind: "event", at: performance.now(), event: seenOf(event) });
  }

  add(entry: JournalEntry): void {
    this.entries.push(entry);
    this.#onEntry(entry);
    if (entry.kind === "event") this.onEvent(entry.event);
    if (entry.kind === "event" && entry.event.type.endsWith("_delta")) return;
    for (const look of this.#waiting) look();
  }

  /** Waits until the journal says something. */
  async until(what: string, isTrue: (entries: readonly JournalEntry[]) => boolean, timeoutMs: number): Promise<void> {
    let look = (): void => undefined;
    const found = new Promise<void>((resolve) => {
      look = () => {
        if (isTrue(this.entries)) resolve();
      };
    });
    this.#waiting.add(look);
    look();
    try {
      await within(what, found, timeoutMs);
    } finally {
      this.#waiting.delete(look);
    }
  }
}

/** Is the work of these messages done, as far as the journal knows? */
export function isSettled(entries: readonly JournalEntry[], messageIds: readonly string[]): boolean {
  const open = new Set(messageIds);
  let isDone = false;
  for (const entry of entries) {
    if (entry.kind !== "event") continue;
    const { type, data } = entry.event;
    if (type === "user.message") {
      open.delete(String(data["messageId"]));
      isDone = false;
    } else if (type === "session.idle") isDone = true;
    // The idle itself may have fallen into an outage; a resume says whether there is work.
    else if (type === "session.resume" && data["sessionWasActive"] === false) isDone = true;
  }
  return isDone && open.size === 0;
}
