import type { EphemeralEntry } from "./session-tail.ts";

/** How much an ephemeral lane holds. */
export interface LaneLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

/**
 * The latest ephemeral records of one session, bounded by count and by bytes: the oldest go first, and a record that is
 * larger than the whole lane is not kept. Records are kept as JSON text, so nobody can change them afterwards.
 */
export class EphemeralLane {
  readonly #limits: LaneLimits;
  // Places before the head are empty; the array is cut when half of it is.
  #entries: (EphemeralEntry | undefined)[] = [];
  #head = 0;
  #bytes = 0;

  constructor(limits: LaneLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a record; its number is larger than those before. */
  push(entry: EphemeralEntry): void {
    this.#entries.push(entry);
    this.#bytes += entry.bytes;
    while (this.size > this.#limits.maxRecords || this.#bytes > this.#limits.maxBytes) this.#dropOldest();
  }

  /** The records behind a sequence number, in order. */
  after(seq: number): EphemeralEntry[] {
    let low = this.#head;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.seq ?? 0) > seq) high = middle;
      else low = middle + 1;
    }
    return this.#entries.slice(low) as EphemeralEntry[];
  }

  #dropOldest(): void {
    this.#bytes -= this.#entries[this.#head]?.bytes ?? 0;
    this.#entries[this.#head] = undefined;
    this.#head += 1;
    if (this.#head * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }
}
