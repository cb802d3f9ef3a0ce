/**
 * What must come of any interleaving of creates, answers, failures, cancels, events, requests and disconnects: the
 * contract as a small model, which the fuzz step holds an SDK against.
 *
 * | id \ what happens | event, request       | its create succeeds    | its cancelled create succeeds late | disconnect |
 * | ----------------- | -------------------- | ---------------------- | ---------------------------------- | ---------- |
 * | unknown           | parked, if a create is in flight; else lost | → live, parked first | → gone, parked is lost | –       |
 * | live              | seen by its session  | –                      | –                                  | → gone     |
 * | gone              | lost                 | –                      | –                                  | –          |
 *
 * When no create is in flight any more, everything parked is lost. A lost event is seen by nobody; a lost request is
 * answered with an error, and every other one by the handler of its own session.
 */
interface Item {
  readonly kind: "event" | "request";
  /** Number of the item, counted over the whole run: the order of arrival. */
  readonly number: number;
}

export interface Expectation {
  /** What the handlers of each create have to see, in this order. */
  readonly journals: ReadonlyMap<string, readonly Item[]>;
  /** Requests that a handler must have answered; all others must have an error. */
  readonly served: ReadonlySet<number>;
}

export class FuzzModel {
  readonly #inFlight = new Set<string>();
  readonly #parked = new Map<string, Item[]>();
  readonly #live = new Map<string, Item[]>();
  readonly #gone = new Set<string>();
  readonly #journals = new Map<string, Item[]>();
  readonly #served = new Set<number>();

  get expectation(): Expectation {
    return { journals: this.#journals, served: this.#served };
  }

  began(create: string): void {
    this.#inFlight.add(create);
  }

  /** The response names the id `id`, and the create is still wanted. */
  succeeded(create: string, id: string): void {
    const journal: Item[] = [];
    this.#journals.set(create, journal);
    for (const item of this.#parked.get(id) ?? []) this.#see(journal, item);
    this.#parked.delete(id);
    this.#live.set(id, journal);
    this.#over(create);
  }

  /** It failed, or the application gave up waiting. */
  ended(create: string): void {
    this.#over(create);
  }

  /** A create that was given up succeeds after all. */
  succeededLate(id: string): void {
    this.#parked.delete(id);
    this.#gone.add(id);
  }

  disconnected(id: string): void {
    this.#live.delete(id);
    this.#gone.add(id);
  }

  arrived(id: string, item: Item): void {
    const journal = this.#live.get(id);
    if (journal !== undefined) return this.#see(journal, item);
    if (this.#gone.has(id) || this.#inFlight.size === 0) return;
    const parked = this.#parked.get(id) ?? [];
    this.#parked.set(id, parked);
    parked.push(item);
  }

  #see(journal: Item[], item: Item): void {
    journal.push(item);
    if (item.kind === "request") this.#served.add(item.number);
  }

  #over(create: string): void {
    this.#inFlight.delete(create);
    if (this.#inFlight.size === 0) this.#parked.clear();
  }
}
