// Where the log of one session stands, and what an append does to it. Pure: no store, no clock.
//
//   T1  Sequence numbers of a session are handed out in order, one for each event, and never twice.
//   T2  No sequence number above the durable `reservedSeq` is ever shown to anybody. A process that takes over (after a
//       crash, after its tail was evicted, or beside another process) goes on behind it, so T1 holds across processes.
//   T3  An append whose events are all ephemeral changes the store only when the reservation is used up.
//
// A session that has no ephemeral events reserves exactly what it wrote, so that its numbers have no gaps.
import type { LogRecord } from "../engine.ts";
import type { EncodedEvent } from "./event-body.ts";
import { rowSum } from "./row-sum.ts";

/** How many numbers are reserved at once for a session with ephemeral events: one small write for so many. */
export const RESERVED_BLOCK = 1024;

export interface SessionTail {
  /** Row number of the session. */
  readonly session: number;
  /** Highest number handed out. */
  readonly seq: number;
  /** Highest number that may be handed out before the store is written again. */
  readonly reservedSeq: number;
  /** Number of the last persisted event, 0 when there is none. */
  readonly persistedSeq: number;
  readonly lastPersistedId: string | null;
  readonly persistedCount: number;
  /** Checksum of the last persisted event (C2 of `row-sum.ts`). */
  readonly lastSum: number;
  /** True once this process handed out a number for an ephemeral event. */
  readonly hasEphemeral: boolean;
}

/** A persisted event with its number. */
export interface EventRow {
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  readonly body: string;
  readonly sum: number;
}

/** An ephemeral event as it is kept in memory. */
export interface EphemeralEntry {
  readonly seq: number;
  readonly body: string;
  readonly bytes: number;
}

/** What an append does. */
export interface AppendPlan {
  readonly tail: SessionTail;
  readonly records: readonly LogRecord[];
  readonly rows: readonly EventRow[];
  readonly ephemerals: readonly EphemeralEntry[];
  readonly hasUserMessage: boolean;
  /** False when nothing of it concerns the store. */
  readonly isDurable: boolean;
}

/** Plans the append of some events behind a tail. */
export function planAppend(tail: SessionTail, events: readonly EncodedEvent[], block = RESERVED_BLOCK): AppendPlan {
  const records: LogRecord[] = [];
  const rows: EventRow[] = [];
  const ephemerals: EphemeralEntry[] = [];
  let seq = tail.seq;
  let sum = tail.lastSum;
  for (const encoded of events) {
    const { event, isEphemeral, body, bytes } = encoded;
    seq += 1; // T1
    records.push({ seq, ephemeral: isEphemeral, event });
    if (isEphemeral) {
      ephemerals.push({ seq, body, bytes });
    } else {
      sum = rowSum(sum, seq, body);
      rows.push({ seq, id: encoded.id, type: encoded.type, body, sum });
    }
  }
  const hasEphemeral = tail.hasEphemeral || ephemerals.length > 0;
  const reservedSeq = reserve(tail.reservedSeq, seq, hasEphemeral, rows.length > 0, block);
  const last = rows.at(-1);
  return {
    tail: {
      session: tail.session,
      seq,
      reservedSeq,
      persistedSeq: last?.seq ?? tail.persistedSeq,
      lastPersistedId: last?.id ?? tail.lastPersistedId,
      persistedCount: tail.persistedCount + rows.length,
      lastSum: sum,
      hasEphemeral,
    },
    records,
    rows,
    ephemerals,
    hasUserMessage: rows.some((row) => row.type === "user.message"),
    isDurable: rows.length > 0 || reservedSeq !== tail.reservedSeq,
  };
}

// T2, T3. A write that happens anyway tops up a reservation that is half used.
function reserve(reservedSeq: number, seq: number, hasEphemeral: boolean, isWriting: boolean, block: number): number {
  if (!hasEphemeral) return Math.max(reservedSeq, seq);
  const isEnough = reservedSeq - seq >= (isWriting ? block / 2 : 0);
  return isEnough ? reservedSeq : seq + block;
}
