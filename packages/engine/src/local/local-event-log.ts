import { setImmediate as nextTurn } from "node:timers/promises";

import { NarthexError, type RawSessionEvent, parseSessionId } from "@narthex/protocol";

import type { AppendOptions, EventLog, LogRecord, LogTail, ReadOptions } from "../engine.ts";
import type { ChangeClock } from "./change-clock.ts";
import { requireCount, sessionNotFound } from "./checks.ts";
import { encodeEvent } from "./event-body.ts";
import { type EventRows, isCurrent } from "./event-rows.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { LeaseRows } from "./lease-rows.ts";
import type { LiveSessions } from "./live-sessions.ts";
import { type LogGuard, damagedLog } from "./log-guard.ts";
import type { Round } from "./round.ts";
import { type SummedRow, firstDamaged } from "./row-sum.ts";
import { type AppendPlan, type SessionTail, planAppend } from "./session-tail.ts";
import { storeError } from "./store-error.ts";
import type { Subscriptions } from "./subscriptions.ts";
import type { WriteMarks } from "./write-marks.ts";

/** What the log works with. */
export interface LogParts {
  readonly events: EventRows;
  readonly leases: LeaseRows;
  readonly guard: LogGuard;
  readonly marks: WriteMarks;
  readonly live: LiveSessions;
  readonly commit: GroupCommit;
  readonly subscriptions: Subscriptions;
  readonly clock: ChangeClock;
  readonly maxEventBytes: number;
}

/** A long replay gives way to other work after so many records. */
const READ_CHUNK_RECORDS = 2048;

/** Which records a read is about: `after < seq <= upTo`. */
interface Range {
  readonly after: number;
  readonly upTo: number;
  readonly limit: number;
  readonly isBackward: boolean;
}

/** The event logs on SQLite. Subscribers hear of what is appended through this engine, not of other processes. */
export class LocalEventLog implements EventLog {
  readonly #parts: LogParts;

  constructor(parts: LogParts) {
    this.#parts = parts;
  }

  async append(id: string, events: readonly RawSessionEvent[], options: AppendOptions = {}): Promise<LogRecord[]> {
    parseSessionId(id);
    const encoded = events.map((event) => encodeEvent(event, this.#parts.maxEventBytes));
    const plan = await this.#parts.commit.enqueue<AppendPlan>({
      sessionId: id,
      bytes: encoded.reduce((sum, { bytes }) => sum + bytes, 0),
      write: (round) => {
        const from = this.#tailToAppendTo(round, id, options.afterSeq);
        const plan = planAppend(from, encoded);
        if (plan.isDurable) this.#write(round, id, { from, plan, epoch: options.epoch });
        round.stage(id, plan);
        return plan;
      },
      committed: (plan) => this.#parts.subscriptions.publish(id, plan.records),
    });
    return [...plan.records];
  }

  // The snapshot of the log is taken at the call: a subscription of the same turn continues it without a gap.
  async read(id: string, options: ReadOptions = {}): Promise<LogRecord[]> {
    this.#parts.commit.assertOpen();
    parseSessionId(id);
    const range: Range = {
      after: requireCount(options.after ?? 0, "after"),
      upTo: options.upTo === undefined ? Infinity : requireCount(options.upTo, "upTo"),
      limit: options.limit === undefined ? Infinity : requireCount(options.limit, "limit"),
      isBackward: options.isBackward ?? false,
    };
    const ephemerals = options.includeEphemeral ? this.#parts.live.ephemerals(id, range.after) : [];
    const persisted = await this.#readPersisted(id, range);
    const others = ephemerals
      .filter(({ seq }) => seq <= range.upTo)
      .map(({ seq, body }) => toRecord(id, seq, true, body));
    return merge(persisted, others, range.isBackward).slice(0, range.limit);
  }

  async locate(id: string, eventId: string): Promise<number | undefined> {
    this.#parts.commit.assertOpen();
    parseSessionId(id);
    const { events, live, commit } = this.#parts;
    // The id stands in the text of its record; only a record that holds it at all is parsed.
    const quoted = JSON.stringify(eventId);
    const found = live
      .ephemerals(id, 0)
      .find(({ seq, body }) => body.includes(quoted) && toRecord(id, seq, true, body).event.id === eventId);
    if (found) return found.seq;
    const stored = this.#readingStore(() => events.tail(id));
    if (!stored) throw sessionNotFound(id);
    // Newest first: whoever asks was here a moment ago.
    for (let upTo = stored.persistedSeq; upTo > 0; upTo -= READ_CHUNK_RECORDS) {
      const after = Math.max(0, upTo - READ_CHUNK_RECORDS);
      const seq = this.#readingStore(() => events.locate(stored.session, after, upTo, eventId));
      if (seq !== undefined) return seq;
      await nextTurn();
      commit.assertOpen();
    }
    return undefined;
  }

  async tail(id: string): Promise<LogTail> {
    this.#parts.commit.assertOpen();
    parseSessionId(id);
    const { events, live } = this.#parts;
    const stored = this.#readingStore(() => events.tail(id));
    if (!stored) throw sessionNotFound(id);
    const known = live.tail(id);
    const { lastPersistedId, persistedCount } = stored;
    return { seq: known && isCurrent(known, stored) ? known.seq : stored.reservedSeq, lastPersistedId, persistedCount };
  }

  subscribe(id: string, listener: (record: LogRecord) => void): () => void {
    this.#parts.commit.assertOpen();
    return this.#parts.subscriptions.add(parseSessionId(id), listener);
  }

  #write(
    round: Round,
    id: string,
    { from, plan, epoch }: { from: SessionTail; plan: AppendPlan; epoch: number | undefined },
  ): void {
    const { events, leases, clock, marks } = this.#parts;
    round.beginWrite();
    if (epoch !== undefined) leases.assertEpoch(id, from.session, epoch);
    if (!events.write(from, plan, () => clock.next())) throw this.#beaten(round, id);
    if (plan.rows.length > 0) round.afterCommit(() => marks.write(from.session, id, "log", plan.tail.persistedSeq));
  }

  #tailToAppendTo(round: Round, id: string, afterSeq: number | undefined): SessionTail {
    const tail = round.tail(id, afterSeq !== undefined);
    if (!tail) throw sessionNotFound(id);
    if (afterSeq === undefined || afterSeq === tail.seq) return tail;
    throw new NarthexError(
      "LOG_CONFLICT",
      `The log of session ${id} stands at ${tail.seq}, not at ${afterSeq}: read what was appended, then try again.`,
    );
  }

  #beaten(round: Round, id: string): NarthexError {
    const conflict = round.lose(id);
    return this.#parts.events.tail(id) ? conflict : sessionNotFound(id);
  }

  async #readPersisted(id: string, range: Range): Promise<LogRecord[]> {
    const { events, commit, guard } = this.#parts;
    const stored = this.#readingStore(() => {
      const found = events.tail(id);
      if (found) guard.assertSound(id, found);
      return found;
    });
    if (!stored) throw sessionNotFound(id);
    const { session } = stored;
    const records: LogRecord[] = [];
    let from = range.after;
    let upTo = Math.min(stored.persistedSeq, range.upTo);
    while (from < upTo && records.length < range.limit) {
      const wanted = Math.min(READ_CHUNK_RECORDS, range.limit - records.length);
      const [after, last] = [from, upTo];
      const rows = this.#readingStore(() =>
        range.isBackward
          ? events.readBackward(session, after, last, wanted)
          : events.read(session, after, last, wanted),
      );
      this.#readingStore(() => this.#assertUndamaged(id, session, range.isBackward ? rows.toReversed() : rows));
      for (const { seq, body } of rows) records.push(toRecord(id, seq, false, body));
      if (rows.length < wanted) break;
      const reached = records.at(-1)?.seq ?? 0;
      if (range.isBackward) upTo = reached - 1;
      else from = reached;
      await nextTurn();
      commit.assertOpen();
    }
    return records;
  }

  /** Compares the checksums of rows that follow each other, and of the row before them. */
  #assertUndamaged(id: string, session: number, rows: readonly SummedRow[]): void {
    const first = rows[0];
    if (!first) return;
    const { events } = this.#parts;
    const damaged = firstDamaged(events.before(session, first.seq - 1)?.sum ?? null, rows);
    if (!damaged) return;
    if (events.tail(id)?.session !== session) throw sessionNotFound(id); // removed by another process meanwhile
    throw damagedLog(id, `record ${damaged.seq} or the one before it is not what was written`);
  }

  #readingStore<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw storeError(error, "read the log");
    }
  }
}

function merge(persisted: LogRecord[], ephemerals: LogRecord[], isBackward: boolean): LogRecord[] {
  if (ephemerals.length === 0) return persisted;
  return [...persisted, ...ephemerals].sort((a, b) => (isBackward ? b.seq - a.seq : a.seq - b.seq));
}

function toRecord(id: string, seq: number, ephemeral: boolean, body: string): LogRecord {
  try {
    return { seq, ephemeral, event: JSON.parse(body) as RawSessionEvent };
  } catch (error) {
    const text = `Record ${seq} of session ${id} is no JSON: run a check of the store, or restore it from a backup.`;
    throw new NarthexError("STORE_CORRUPT", text, { cause: error });
  }
}
