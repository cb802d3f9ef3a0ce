// The way of a session's traffic to its handlers: straight through, or held while lost events are read back.
import type { RawSessionEvent } from "@narthex/protocol";
import { EarlyRepair } from "./early-repair.ts";
import type { EarlyTraffic } from "./routing-types.ts";

/** What arrived before a session was known, what of it was lost, and what of that was fetched again. */
export interface SessionStartup extends EarlyTraffic {
  /** Dropped events that were read back from the runtime's log and delivered in their place. */
  readonly repairedEvents: number;
}

export class SessionTraffic {
  readonly #deliver: (event: RawSessionEvent) => void;
  #repair: EarlyRepair<() => void> | undefined;
  #passOver: ReadonlySet<string> = new Set();
  #startup: SessionStartup = {
    parkedEvents: 0,
    parkedRequests: 0,
    droppedEvents: 0,
    refusedRequests: 0,
    mayBeIncomplete: false,
    repairedEvents: 0,
  };

  constructor(deliver: (event: RawSessionEvent) => void) {
    this.#deliver = deliver;
  }

  get startup(): SessionStartup {
    return this.#startup;
  }

  /** Is traffic held until lost events are back? */
  get isHeld(): boolean {
    return this.#repair !== undefined;
  }

  /** Takes over the account of the early traffic; after losses everything is held until `release`. */
  begin(early: EarlyTraffic): void {
    this.#startup = { ...early, repairedEvents: 0 };
    if (early.droppedEvents > 0 || early.mayBeIncomplete) this.#repair = new EarlyRepair();
  }

  event(event: RawSessionEvent): void {
    if (this.#repair === undefined) {
      if (!this.#passOver.has(event.id)) this.#deliver(event);
    } else if (!this.#repair.hold({ kind: "event", event })) this.release(undefined);
  }

  /** Runs a request of the runtime, in its place among the events. */
  request(run: () => Promise<unknown>): Promise<unknown> {
    const repair = this.#repair;
    if (repair === undefined) return run();
    return new Promise((resolve, reject) => {
      const value = (): void => void run().then(resolve, reject);
      if (!repair.hold({ kind: "other", value })) this.release(undefined);
    });
  }

  /** Delivers what was held, with the lost events of the log in their place; undefined when there is no log. */
  release(log: readonly RawSessionEvent[] | undefined): void {
    const repair = this.#repair;
    if (repair === undefined) return;
    this.#repair = undefined;
    const { items, repaired, passOver } = repair.finish(log);
    this.#passOver = passOver;
    // What was forgotten with its account is not among the counted losses.
    const { droppedEvents, mayBeIncomplete } = this.#startup;
    const repairedEvents = mayBeIncomplete ? repaired.length : Math.min(repaired.length, droppedEvents);
    this.#startup = { ...this.#startup, repairedEvents };
    for (const item of items) {
      if (item.kind === "event") this.#deliver(item.event);
      else item.value();
    }
  }
}
