import { NarthexError } from "@narthex/protocol";
import { AbortListeners } from "./abort-listeners.ts";
import type { Timers } from "./timers.ts";

/** What came back for a call. */
export type CallOutcome = { result: unknown } | { error: NarthexError };

/** Options of one outbound request. */
export interface RequestOptions {
  /** Gives the call up: it rejects with ABORTED. Nothing is sent to the other side. */
  signal?: AbortSignal;
  /** Gives the call up after this time with REQUEST_TIMEOUT. Default: no limit. */
  timeoutMs?: number;
  /**
   * Called inside the read loop before the next inbound message is dispatched, even one in the same chunk; only for a
   * response that came over the wire while the call was pending. If it throws, the call rejects with what it threw.
   */
  onResponse?: (outcome: CallOutcome) => void;
  /** Called at most once, inside the read loop, with a response that came after the call was given up. */
  onLateResponse?: (outcome: CallOutcome) => void;
}

/** How a promise of `request` is settled. */
export interface CallSettlement {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: NarthexError) => void;
}

interface PendingCall extends CallSettlement {
  readonly method: string;
  readonly options: RequestOptions | undefined;
  /** Clears the timer and the abort listener. */
  release?: () => void;
}

/** Bounds and surroundings of {@link OutboundCalls}. */
export interface OutboundCallsSetup {
  readonly maxLateCalls: number;
  readonly timers: Timers;
  /** Told about faults that have no caller to go to. */
  readonly problem: (error: NarthexError) => void;
}

/**
 * The calls this side has made and not forgotten.
 *
 * | state     | response            | signal or timeout                 | connection ends |
 * |-----------|---------------------|-----------------------------------|-----------------|
 * | pending   | settle, forget      | reject; late, if it wants it late | reject, forget  |
 * | late      | tell once, forget   | –                                 | forget          |
 * | forgotten | ignore              | –                                 | –               |
 *
 * C1  A call settles exactly once.
 * C2  Leaving `pending` by any way clears the call's timer and its abort listener.
 * C3  At most `maxLateCalls` calls are late; the oldest is forgotten first, and that is reported.
 */
export class OutboundCalls {
  readonly #setup: OutboundCallsSetup;
  readonly #pending = new Map<number, PendingCall>();
  readonly #late = new Map<number, PendingCall>();
  readonly #aborts = new AbortListeners();
  #lastId = 0;

  constructor(setup: OutboundCallsSetup) {
    this.#setup = setup;
  }

  /** Calls that wait for a response. */
  get pending(): number {
    return this.#pending.size;
  }

  has(id: unknown): boolean {
    return typeof id === "number" && this.#pending.has(id);
  }

  /** Notes a new call and returns its id: 1, 2, 3, … */
  add(method: string, options: RequestOptions | undefined, settlement: CallSettlement): number {
    const id = ++this.#lastId;
    const call: PendingCall = { method, options, resolve: settlement.resolve, reject: settlement.reject };
    this.#pending.set(id, call);
    if (options !== undefined) this.#watch(id, call, options);
    return id;
  }

  /** A response came in. An unknown id is ignored. */
  respond(id: unknown, outcome: CallOutcome): void {
    if (typeof id !== "number") return;
    const call = this.#pending.get(id);
    if (call === undefined) return this.#respondLate(id, outcome);
    this.#leavePending(id, call);
    const failure = this.#tell(call.options?.onResponse, outcome);
    if (failure !== undefined) call.reject(failure);
    else if ("error" in outcome) call.reject(outcome.error);
    else call.resolve(outcome.result);
  }

  /** The connection has ended: every pending call rejects with `error`, late ones are forgotten. */
  end(error: NarthexError): void {
    this.#late.clear();
    for (const [id, call] of this.#pending) {
      this.#leavePending(id, call);
      call.reject(error);
    }
  }

  #watch(id: number, call: PendingCall, { signal, timeoutMs }: RequestOptions): void {
    if (signal === undefined && timeoutMs === undefined) return;
    const { timers } = this.#setup;
    const unlisten =
      signal &&
      this.#aborts.add(signal, () => {
        this.#giveUp(id, call, abortedError(call.method, signal));
      });
    const timer =
      timeoutMs === undefined
        ? undefined
        : timers.set(() => {
            this.#giveUp(id, call, timeoutError(call.method, timeoutMs));
          }, timeoutMs);
    call.release = () => {
      unlisten?.();
      if (timer !== undefined) timers.clear(timer);
    };
  }

  #giveUp(id: number, call: PendingCall, error: NarthexError): void {
    if (!this.#pending.has(id)) return; // C1
    this.#leavePending(id, call);
    if (call.options?.onLateResponse !== undefined) this.#keepLate(id, call);
    call.reject(error);
  }

  #keepLate(id: number, call: PendingCall): void {
    this.#late.set(id, call);
    if (this.#late.size <= this.#setup.maxLateCalls) return;
    const oldest = this.#late.entries().next().value; // C3
    if (oldest === undefined) return;
    this.#late.delete(oldest[0]);
    this.#setup.problem(
      new NarthexError(
        "LIMIT_EXCEEDED",
        `The abandoned call ${oldest[1].method} is forgotten: more than ${this.#setup.maxLateCalls} wait for a late response.`,
      ),
    );
  }

  #respondLate(id: number, outcome: CallOutcome): void {
    const call = this.#late.get(id);
    if (call === undefined) return;
    this.#late.delete(id);
    const failure = this.#tell(call.options?.onLateResponse, outcome);
    if (failure !== undefined) this.#setup.problem(failure);
  }

  #tell(callback: ((outcome: CallOutcome) => void) | undefined, outcome: CallOutcome): NarthexError | undefined {
    try {
      callback?.(outcome);
      return undefined;
    } catch (error) {
      return NarthexError.from(error, "HANDLER_FAILED");
    }
  }

  // C2
  #leavePending(id: number, call: PendingCall): void {
    this.#pending.delete(id);
    call.release?.();
  }
}

/** The error of a call whose signal has fired. */
export function abortedError(method: string, signal: AbortSignal): NarthexError {
  return new NarthexError(
    "ABORTED",
    `The call ${method} was cancelled by its caller; the other side may still run it.`,
    {
      cause: signal.reason,
    },
  );
}

function timeoutError(method: string, timeoutMs: number): NarthexError {
  return new NarthexError(
    "REQUEST_TIMEOUT",
    `No answer to ${method} within ${timeoutMs} ms: the other side may still run it; try again or raise timeoutMs.`,
  );
}
