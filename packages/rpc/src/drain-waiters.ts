/** The callers of `drained()` that have to wait; all are released together, so one promise serves them all. */
export class DrainWaiters {
  #promise: Promise<void> | undefined;
  #resolve: (() => void) | undefined;

  get isEmpty(): boolean {
    return this.#promise === undefined;
  }

  wait(): Promise<void> {
    this.#promise ??= new Promise((resolve) => {
      this.#resolve = resolve;
    });
    return this.#promise;
  }

  release(): void {
    this.#resolve?.();
    this.#promise = undefined;
    this.#resolve = undefined;
  }
}
