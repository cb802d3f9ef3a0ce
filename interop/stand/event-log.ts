import { Arrivals } from "@narthex/testkit";

interface AnyEvent {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly ephemeral?: boolean | undefined;
}

/** Every event a handler got, in order, to be looked at or waited for. */
export class EventLog<E extends AnyEvent> {
  readonly all: E[] = [];
  readonly #arrivals = new Arrivals<E>();

  /** Pass it on as `onEvent`, or to `session.on`. */
  readonly take = (event: E): void => {
    this.all.push(event);
    this.#arrivals.push(event);
  };

  /** The next event of a type, now or when it comes. */
  next<T extends E["type"]>(type: T, matches: (event: E) => boolean = () => true): Promise<Extract<E, { type: T }>> {
    const found = this.#arrivals.next(`an event ${type}`, (event) => event.type === type && matches(event));
    return found as Promise<Extract<E, { type: T }>>;
  }

  /** What is there of a type. */
  of<T extends E["type"]>(type: T): Extract<E, { type: T }>[] {
    return this.all.filter((event) => event.type === type) as Extract<E, { type: T }>[];
  }

  get types(): string[] {
    return this.all.map((event) => event.type);
  }

  get persisted(): E[] {
    return this.all.filter((event) => event.ephemeral !== true);
  }
}
