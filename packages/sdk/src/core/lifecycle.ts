import { SESSION_LIFECYCLE_PARAMS, messageOf } from "@narthex/protocol";
import type { Logger } from "./logger.ts";
import { tellHandler } from "./tell-handler.ts";
import type { SessionLifecycleEvent } from "./types/metadata.ts";

type Handler = (event: SessionLifecycleEvent) => unknown;

/** Tells the application about sessions that come, change and go, also those that this client never attached to. */
export class LifecycleDispatch {
  readonly #logger: Logger;
  readonly #subscriptions = new Set<{ readonly type: string | undefined; readonly handler: Handler }>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  subscribe(type: string | undefined, handler: Handler): () => void {
    const subscription = { type, handler };
    this.#subscriptions.add(subscription);
    return () => this.#subscriptions.delete(subscription);
  }

  notify(params: unknown): void {
    const parsed = SESSION_LIFECYCLE_PARAMS.safeParse(params);
    if (!parsed.success) {
      this.#logger.warn("A malformed lifecycle notification was ignored.");
      return;
    }
    const { type, sessionId, metadata } = parsed.data;
    const event = {
      type,
      sessionId,
      ...(metadata === undefined
        ? {}
        : {
            metadata: {
              ...metadata,
              startTime: new Date(metadata.startTime),
              modifiedTime: new Date(metadata.modifiedTime),
            },
          }),
    } as SessionLifecycleEvent;
    for (const subscription of this.#subscriptions) {
      if (subscription.type !== undefined && subscription.type !== type) continue;
      tellHandler(subscription.handler, event, this.#report);
    }
  }

  readonly #report = (error: unknown): void => {
    this.#logger.error(`A lifecycle handler threw: ${messageOf(error)}`);
  };
}
