// The calls of `sendAndWait` that wait for the end of their turn.
import type { NarthexError, RawSessionEvent } from "@narthex/protocol";
import { TurnWaiter } from "./turn-waiter.ts";
import { waitForTurn } from "./wait-for-turn.ts";

/** Time limits of `sendAndWait`. */
export interface WaitOptions {
  /** Milliseconds from the call (default 60,000). The turn itself is not aborted. */
  timeoutMs?: number;
  /** Milliseconds without any event (default: no limit). */
  idleTimeoutMs?: number;
  signal?: AbortSignal;
}

interface TurnWaiterHandle {
  readonly waiter: TurnWaiter;
  changed: (isProgress: boolean) => void;
}

const DEFAULT_WAIT_MS = 60_000;

export class TurnWaits {
  readonly #handles = new Set<TurnWaiterHandle>();
  #namesMessages = false;

  /** Is there a turn whose end may have been missed? */
  get mayHaveMissedEnd(): boolean {
    return [...this.#handles].some(({ waiter }) => waiter.mayBeOver);
  }

  /** Sends, and waits until the turn of the message is over. `send` is told by its signal when nobody waits any more. */
  wait(send: (signal: AbortSignal) => Promise<string>, limits: WaitOptions): Promise<RawSessionEvent | undefined> {
    const handle: TurnWaiterHandle = { waiter: new TurnWaiter(this.#namesMessages), changed: () => undefined };
    const settled = new AbortController();
    this.#handles.add(handle);
    return waitForTurn(handle, () => send(settled.signal), {
      timeoutMs: limits.timeoutMs ?? DEFAULT_WAIT_MS,
      idleTimeoutMs: limits.idleTimeoutMs,
      signal: limits.signal,
      onSettled: () => {
        this.#handles.delete(handle);
        settled.abort();
      },
    });
  }

  event(event: RawSessionEvent): void {
    const data = event.data as { messageId?: unknown } | undefined;
    if (event.type === "user.message" && typeof data?.messageId === "string") this.#namesMessages = true;
    for (const handle of this.#handles) {
      handle.waiter.event(event);
      handle.changed(true);
    }
  }

  /** The runtime says that the session does nothing: turns whose end was missed are over. */
  runtimeIsIdle(): void {
    for (const handle of this.#handles) {
      handle.waiter.runtimeIsIdle();
      handle.changed(false);
    }
  }

  fail(reason: NarthexError): void {
    for (const handle of this.#handles) {
      handle.waiter.fail(reason);
      handle.changed(false);
    }
  }
}
