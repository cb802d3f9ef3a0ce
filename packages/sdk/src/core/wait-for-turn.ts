// The shell around the turn waiter: timers, the caller's signal, and the promise.
import { NarthexError, type RawSessionEvent } from "@narthex/protocol";
import type { TurnWaiter } from "./turn-waiter.ts";

interface Handle {
  readonly waiter: TurnWaiter;
  /** Called after something was fed to the waiter; `isProgress` for events of the session. */
  changed: (isProgress: boolean) => void;
}

interface Limits {
  readonly timeoutMs: number;
  readonly idleTimeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onSettled: () => void;
}

/** Longest time that a timer of the platform can wait; a longer one would end at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** Sends, and settles when the waiter has its outcome. Leaves no timer and no listener behind. */
export function waitForTurn(
  handle: Handle,
  send: () => Promise<string>,
  limits: Limits,
): Promise<RawSessionEvent | undefined> {
  const { waiter } = handle;
  const turn = new Promise<RawSessionEvent | undefined>((resolve, reject) => {
    const fail = (error: NarthexError): void => {
      waiter.fail(error);
      check(false);
    };
    const total = timer(limits.timeoutMs, () => fail(timedOut("The turn was not over", limits.timeoutMs)));
    const idle = timer(limits.idleTimeoutMs, () => fail(timedOut("No event came", limits.idleTimeoutMs)));
    const onAbort = (): void =>
      fail(
        new NarthexError("ABORTED", "The wait was cancelled; a turn that has begun goes on.", {
          cause: limits.signal?.reason,
        }),
      );
    const check = (isProgress: boolean): void => {
      if (isProgress) idle.restart();
      const outcome = waiter.outcome;
      if (outcome === undefined) return;
      total.stop();
      idle.stop();
      limits.signal?.removeEventListener("abort", onAbort);
      limits.onSettled();
      if (outcome.kind === "idle") resolve(outcome.message);
      else reject(outcome.error);
      // An abort that the application asked for must not end its process when it looks at the turn only afterwards.
      if (outcome.kind === "failed" && outcome.error.code === "ABORTED") {
        queueMicrotask(() => void turn.catch(() => undefined));
      }
    };
    handle.changed = check;
    if (limits.signal?.aborted === true) return onAbort();
    limits.signal?.addEventListener("abort", onAbort, { once: true });
    send().then(
      (messageId) => {
        waiter.sent(messageId);
        check(false);
      },
      (error: unknown) => fail(NarthexError.from(error, "REQUEST_FAILED")),
    );
  });
  return turn;
}

function timedOut(what: string, ms: number | undefined): NarthexError {
  return new NarthexError("TURN_TIMEOUT", `${what} within ${ms} ms. The turn goes on; abort() ends it.`);
}

function timer(ms: number | undefined, onEnd: () => void): { restart(): void; stop(): void } {
  if (ms === undefined || ms <= 0 || !Number.isFinite(ms)) return { restart: () => undefined, stop: () => undefined };
  const delay = Math.min(ms, MAX_TIMER_MS);
  let id = setTimeout(onEnd, delay);
  return {
    restart: () => {
      clearTimeout(id);
      id = setTimeout(onEnd, delay);
    },
    stop: () => clearTimeout(id),
  };
}
