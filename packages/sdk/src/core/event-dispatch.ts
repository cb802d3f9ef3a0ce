/**
 * Delivers the events of one session to its subscribers, in order.
 *
 * A subscriber that throws, or returns a promise that rejects, is reported to the logger and affects nobody else.
 * While the start-up window is open, events are also remembered, and a subscriber that joins gets them first: an
 * application that subscribes right after `await createCloudSession()` misses nothing.
 */
import { messageOf, type RawSessionEvent } from "@narthex/protocol";
import type { Logger } from "./logger.ts";
import { tellHandler } from "./tell-handler.ts";

type Handler = (event: RawSessionEvent) => unknown;

interface Subscription {
  readonly type: string | undefined;
  readonly handler: Handler;
  /** Events that this subscriber still has to get before live ones; undefined once it has caught up. */
  backlog: RawSessionEvent[] | undefined;
}

/** Most events remembered while the start-up window is open; past it the oldest are forgotten. */
const MAX_STARTUP_EVENTS = 1_024;

export class EventDispatch {
  readonly #sessionId: string;
  readonly #logger: Logger;
  readonly #subscriptions = new Set<Subscription>();
  #startup: RawSessionEvent[] | undefined = [];

  constructor(sessionId: string, logger: Logger) {
    this.#sessionId = sessionId;
    this.#logger = logger;
  }

  /** Subscribes to one type, or to all when `type` is undefined. Returns the function that ends the subscription. */
  subscribe(type: string | undefined, handler: Handler, options: { replay: boolean }): () => void {
    const missed = options.replay ? (this.#startup ?? []).filter((event) => matches(type, event)) : [];
    const subscription: Subscription = { type, handler, backlog: missed.length === 0 ? undefined : missed };
    this.#subscriptions.add(subscription);
    // Not within this call: the caller does not hold its unsubscribe function yet.
    if (subscription.backlog !== undefined) queueMicrotask(() => this.#catchUp(subscription));
    return () => {
      this.#subscriptions.delete(subscription);
      subscription.backlog = undefined;
    };
  }

  emit(event: RawSessionEvent): void {
    if (this.#startup !== undefined && this.#startup.push(event) > MAX_STARTUP_EVENTS) this.#startup.shift();
    for (const subscription of this.#subscriptions) {
      if (!matches(subscription.type, event)) continue;
      if (subscription.backlog === undefined) tellHandler(subscription.handler, event, this.#report);
      else subscription.backlog.push(event);
    }
  }

  /** From now on new subscribers get only what comes after they subscribed. */
  closeStartupWindow(): void {
    this.#startup = undefined;
  }

  /** Ends every subscription. */
  clear(): void {
    this.#subscriptions.clear();
    this.#startup = undefined;
  }

  #catchUp(subscription: Subscription): void {
    for (let event = subscription.backlog?.shift(); event !== undefined; event = subscription.backlog?.shift()) {
      tellHandler(subscription.handler, event, this.#report);
    }
    subscription.backlog = undefined;
  }

  readonly #report = (error: unknown, event: RawSessionEvent): void => {
    this.#logger.error(`A handler of ${event.type} events threw: ${messageOf(error)}`, { sessionId: this.#sessionId });
  };
}

function matches(type: string | undefined, event: RawSessionEvent): boolean {
  return type === undefined || type === event.type;
}
