/** What a request handler learns about the request besides method and params. */
export interface InboundCall {
  readonly method: string;
  /** The id the other side chose. */
  readonly id: number | string;
  /** Aborts when the connection ends while the request is being handled. */
  readonly signal: AbortSignal;
}

/** One request of the other side that has not been answered yet. */
class RunningCall implements InboundCall {
  readonly method: string;
  readonly id: number | string;
  #controller: AbortController | undefined;
  #endReason: unknown;

  constructor(method: string, id: number | string) {
    this.method = method;
    this.id = id;
  }

  /** Created when somebody asks: most handlers never do. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#endReason !== undefined) this.#controller.abort(this.#endReason);
    }
    return this.#controller.signal;
  }

  end(reason: unknown): void {
    this.#endReason = reason;
    this.#controller?.abort(reason);
  }
}

/**
 * The requests of the other side that are being handled. A call is in the set from dispatch to its answer, so that the
 * end of the connection reaches every handler that is still at work.
 */
export class InboundCalls {
  readonly #running = new Set<RunningCall>();

  get running(): number {
    return this.#running.size;
  }

  begin(method: string, id: number | string): RunningCall {
    const call = new RunningCall(method, id);
    this.#running.add(call);
    return call;
  }

  /** Takes the call out; false if it is out already, and then its answer must not be written. */
  finish(call: RunningCall): boolean {
    return this.#running.delete(call);
  }

  /** The connection has ended: aborts every handler; their answers will find no call to finish. */
  end(reason: unknown): void {
    const calls = [...this.#running];
    this.#running.clear();
    for (const call of calls) call.end(reason);
  }
}

export type { RunningCall };
