import { within } from "./deadline.ts";

/** Things in the order they arrived, that a test takes one by one, waiting for those still to come. */
export class Arrivals<T> {
  readonly #items: T[] = [];
  readonly #waiting: { readonly matches: (item: T) => boolean; readonly take: (item: T) => void }[] = [];

  push(item: T): void {
    const index = this.#waiting.findIndex((waiter) => waiter.matches(item));
    if (index === -1) this.#items.push(item);
    else this.#waiting.splice(index, 1)[0]?.take(item);
  }

  /** Takes the first item that matches, now or when it comes. */
  next(what: string, matches: (item: T) => boolean = () => true, timeoutMs?: number): Promise<T> {
    const index = this.#items.findIndex(matches);
    const [found] = index === -1 ? [] : this.#items.splice(index, 1);
    if (found !== undefined) return Promise.resolve(found);
    return within(what, new Promise<T>((take) => this.#waiting.push({ matches, take })), timeoutMs);
  }

  /** What has arrived and was not taken. */
  get rest(): readonly T[] {
    return this.#items;
  }
}
