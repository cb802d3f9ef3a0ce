// The shell around the reconnect machine: the clock, the pause, the attempt that is under way, and the caller's signal.
import { NarthexError, messageOf } from "@narthex/protocol";
import type { ResolvedReconnectOptions } from "./reconnect-options.ts";
import { stepReconnect, type ReconnectEffect, type ReconnectInput, type ReconnectState } from "./reconnect.ts";

/** What the reconnector does its work with. `C` is a connection after its handshake. */
export interface ReconnectorPort<C> {
  /** Opens a connection; leaves nothing behind when the signal aborts. */
  open(signal: AbortSignal): Promise<C>;
  /** The connection stands: `attempt` attempts it took. */
  opened(connection: C, attempt: number): void;
  /** Nobody wants this connection any more. */
  discard(connection: C): void;
  waiting(attempt: number, delayMs: number): void;
  gaveUp(error: NarthexError): void;
}

/** Failures that another attempt cannot help (B4). */
const FINAL_CODES: ReadonlySet<string> = new Set([
  "PROTOCOL_VERSION_MISMATCH",
  "AUTHENTICATION_REQUIRED",
  "AUTHENTICATION_FAILED",
  "AUTHENTICATION_NOT_CONFIGURED",
  "CLIENT_OPTIONS_INVALID",
  "RUNTIME_NOT_FOUND",
]);
/** Longest time that a timer of the platform can wait. */
const MAX_TIMER_MS = 2_147_483_647;

type Timer = ReturnType<typeof setTimeout>;
type Untimed<I> = I extends unknown ? Omit<I, "now"> : never;

/** Connects again, one outage after the other. */
export class Reconnector<C> {
  readonly #port: ReconnectorPort<C>;
  readonly #options: ResolvedReconnectOptions;
  #state: ReconnectState = { kind: "off" };
  /** What is outstanding (B5). */
  #pause: Timer | undefined;
  #attempt: AbortController | undefined;
  #lastError = new NarthexError("CONNECTION_CLOSED", "The connection to the runtime was closed.");
  #isWatching = false;

  constructor(options: ResolvedReconnectOptions, port: ReconnectorPort<C>) {
    this.#options = options;
    this.#port = port;
  }

  /** A connection was opened by somebody else: the first one, or one after giving up. */
  up(): void {
    this.#step({ kind: "opened" });
  }

  /** The connection that was up is lost. */
  lost(error: NarthexError): void {
    this.#lastError = error;
    this.#watchSignal();
    this.#step({ kind: "lost", random: Math.random() });
    if (this.#options.signal?.aborted === true) this.#onSignal();
  }

  /** Ends whatever is outstanding, at once. */
  stop(reason: NarthexError): void {
    this.#step({ kind: "stopped" }, reason);
    this.#unwatchSignal();
  }

  #step(input: Untimed<ReconnectInput>, reason?: NarthexError): void {
    const timed = { ...input, now: performance.now() } as ReconnectInput;
    const { state, effect } = stepReconnect(this.#state, timed, this.#options);
    this.#state = state;
    if (effect !== undefined) this.#do(effect, reason);
  }

  #do(effect: ReconnectEffect, reason: NarthexError | undefined): void {
    switch (effect.kind) {
      case "wait":
        this.#pause = setTimeout(() => this.#step({ kind: "due" }), effect.delayMs);
        this.#port.waiting(effect.attempt, effect.delayMs);
        break;
      case "try":
        void this.#try(effect.attempt, effect.limitMs);
        break;
      case "give-up":
        this.#giveUp(this.#lastError);
        break;
      case "cancel":
        clearTimeout(this.#pause);
        this.#attempt?.abort(reason);
        break;
    }
  }

  /** One attempt. What cannot be aborted is raced: the attempt is over when its time is, whatever still hangs. */
  async #try(attempt: number, limitMs: number): Promise<void> {
    const abort = new AbortController();
    this.#attempt = abort;
    const timer = limitMs <= MAX_TIMER_MS ? setTimeout(() => abort.abort(tooLong(limitMs)), limitMs) : undefined;
    const opening = this.#port.open(abort.signal);
    try {
      const connection = await raced(opening, abort.signal);
      abort.signal.throwIfAborted();
      this.#unwatchSignal();
      this.#step({ kind: "opened" });
      this.#port.opened(connection, attempt);
    } catch (thrown) {
      opening.then(
        (late) => this.#port.discard(late),
        () => undefined,
      );
      if (this.#attempt !== abort) return;
      const error = NarthexError.from(thrown, "CONNECTION_FAILED");
      this.#lastError = error;
      this.#step({ kind: "failed", random: Math.random(), isFinal: FINAL_CODES.has(error.code) });
    } finally {
      clearTimeout(timer);
    }
  }

  #giveUp(cause: NarthexError): void {
    this.#unwatchSignal();
    const text = `The connection to the runtime was lost and could not be restored: ${messageOf(cause)}`;
    this.#port.gaveUp(new NarthexError("CONNECTION_CLOSED", text, { cause }));
  }

  #watchSignal(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#options.signal?.addEventListener("abort", this.#onSignal, { once: true });
  }

  #unwatchSignal(): void {
    this.#isWatching = false;
    this.#options.signal?.removeEventListener("abort", this.#onSignal);
  }

  readonly #onSignal = (): void => {
    if (this.#state.kind === "off") return; // it has given up by itself
    const error = new NarthexError("ABORTED", "reconnect.signal was aborted.", { cause: this.#options.signal?.reason });
    this.#step({ kind: "stopped" }, error);
    this.#giveUp(error);
  };
}

function tooLong(limitMs: number): NarthexError {
  return new NarthexError("CONNECTION_FAILED", `The attempt to connect took longer than ${Math.round(limitMs)} ms.`);
}

/** The work, or a rejection as soon as the signal aborts. */
async function raced<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(NarthexError.from(signal.reason, "ABORTED"));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
