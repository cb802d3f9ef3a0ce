import { NarthexError } from "@narthex/protocol";

import type { CommandRows } from "./command-rows.ts";
import type { EventRows, StoredTail } from "./event-rows.ts";
import type { WriteMarks } from "./write-marks.ts";

/** What the guard looks at. */
export interface GuardParts {
  readonly events: EventRows;
  readonly commands: CommandRows;
  readonly marks: WriteMarks;
}

/**
 * Looks at the end of a log before it is used: a session whose end is torn or cut off is refused, so that nothing is
 * written behind a loss that nobody knows of. The events before the end are checked where they are read.
 */
export class LogGuard {
  readonly #parts: GuardParts;

  constructor(parts: GuardParts) {
    this.#parts = parts;
  }

  /** @throws {NarthexError} STORE_CORRUPT */
  assertSound(id: string, stored: StoredTail): void {
    if (this.#finding(id, stored) === undefined) return;
    // Another process may have removed the session since its tail was read.
    const fresh = this.#parts.events.tail(id);
    const finding = fresh && this.#finding(id, fresh);
    if (finding !== undefined) throw damagedLog(id, finding);
  }

  /** What was written to a session and is not in the store, in words that go on a sentence. */
  lost(id: string, { session, persistedSeq }: StoredTail): string[] {
    const { events, commands, marks } = this.#parts;
    const found: string[] = [];
    const logged = marks.read(session, id, "log");
    // A mark is behind its commit (W1), so a tail that is read after it cannot be behind the mark.
    const end = logged > persistedSeq ? (events.tail(id)?.persistedSeq ?? logged) : persistedSeq;
    if (logged > end) found.push(`it was written up to record ${logged}, and the store ends with ${end}`);
    const posted = marks.read(session, id, "mailbox");
    const position = posted > 0 ? commands.standing(session).last : 0;
    if (posted > position) found.push(`its mailbox had ${posted} commands, and the store ends with ${position}`);
    return found;
  }

  #finding(id: string, stored: StoredTail): string | undefined {
    return this.#torn(stored) ?? this.lost(id, stored)[0];
  }

  #torn({ session, persistedSeq, lastSum }: StoredTail): string | undefined {
    if (persistedSeq === 0) return undefined;
    const last = this.#parts.events.before(session, persistedSeq);
    if (last?.seq !== persistedSeq) return `its log ends with record ${last?.seq ?? 0}, its tail says ${persistedSeq}`;
    return last.sum === lastSum ? undefined : `record ${last.seq}, its last one, is not the one that was written`;
  }
}

/** The log of a session is damaged: `what` says how. */
export function damagedLog(id: string, what: string): NarthexError {
  const advice = "run `narthex sessions verify`, and restore the data directory from a backup";
  return new NarthexError("STORE_CORRUPT", `The log of session ${id} is damaged: ${what}; ${advice}.`);
}
