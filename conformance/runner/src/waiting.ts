/** Waits for facts about something that changes, each with a deadline; never by sleeping. */
export class Changes {
  readonly #waiters = new Set<() => void>();

  /** Something has changed: whoever waits looks again. */
  notify(): void {
    for (const look of this.#waiters) look();
  }

  /** What `find` finds, now or when it does; undefined when the deadline comes first. */
  wait<T>(find: () => T | undefined, withinMs: number): Promise<T | undefined> {
    const now = find();
    if (now !== undefined || withinMs <= 0) return Promise.resolve(now);
    return new Promise((resolve) => {
      const settle = (value: T | undefined): void => {
        clearTimeout(timer);
        this.#waiters.delete(look);
        resolve(value);
      };
      const look = (): void => {
        const value = find();
        if (value !== undefined) settle(value);
      };
      const timer = setTimeout(() => settle(undefined), withinMs);
      this.#waiters.add(look);
    });
  }
}
