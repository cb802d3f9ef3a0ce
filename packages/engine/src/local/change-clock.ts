/**
 * Times of change in whole microseconds since 1970, each larger than the one before, so that "newest change first" is a
 * total order even when the system's clock stands still or is set back.
 */
export class ChangeClock {
  readonly #now: () => Date;
  #last: number;

  /** `last` is the latest change that the store knows. */
  constructor(now: () => Date, last: number) {
    this.#now = now;
    this.#last = last;
  }

  next(): number {
    this.#last = Math.max(this.#now().getTime() * 1000, this.#last + 1);
    return this.#last;
  }
}

/** A time of change as ISO 8601. */
export function changeToIso(changedUs: number): string {
  return new Date(Math.floor(changedUs / 1000)).toISOString();
}
