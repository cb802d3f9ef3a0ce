// The checksums of the log. Pure.
//
//   C1  The sum of an event is over the sum of the event before it, its own number and its text, so that a changed text,
//       a changed number and an event that is missing before it all show at one place: where it is read.
//   C2  The tail keeps the sum of the last event, so that a missing end shows too.
//   C3  Events that a version without sums wrote are not checked; the chain begins at 0 behind them.
import { crc32 } from "node:zlib";

/** What the chain begins with. */
export const FIRST_SUM = 0;

/** The sum of an event behind one with the sum `previous` (C1). */
export function rowSum(previous: number, seq: number, body: string): number {
  return crc32(body, crc32(String(seq), previous));
}

/** An event as it stands in the store; without a sum it was written by an older version. */
export interface SummedRow {
  readonly seq: number;
  readonly body: string;
  readonly sum: number | null;
}

/** The first row, in order, that is not what was written behind a row with the sum `previous`. */
export function firstDamaged(previous: number | null, rows: readonly SummedRow[]): SummedRow | undefined {
  let last = previous ?? FIRST_SUM;
  for (const row of rows) {
    if (row.sum !== null && row.sum !== rowSum(last, row.seq, row.body)) return row;
    last = row.sum ?? FIRST_SUM; // C3
  }
  return undefined;
}
