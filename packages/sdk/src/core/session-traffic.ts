// The way of a session's traffic to its handlers: straight through, or held while lost or missed events are read from the
// runtime's log. Each event is delivered once, however often it arrives.
import type { RawSessionEvent } from "@narthex/protocol";
import { DeliveredIds } from "./delivered-ids.ts";
import { LogMerge, type MergedTraffic } from "./log-merge.ts";
import type { EarlyTraffic } from "./routing-types.ts";

/** What arrived before a session was known, what of it was lost, and what of that was fetched again. */
export interface SessionStartup extends EarlyTraffic {
  /** Dropped events that were read back from the runtime's log and delivered in their place. */
  readonly repairedEvents: number;
}

/** Where a session's traffic goes. */
export interface TrafficSink {
  deliver(event: RawSessionEvent): void;
  /** An event that was delivered before has arrived once more. */
  repeated(event: RawSessionEvent): void;
}

/** Why traffic is held. */
interface Hold {
  readonly merge: LogMerge<() => void>;
  /** After losses in the early traffic, everything is; after an outage, events and questions to people are. */
  readonly isAfterOutage: boolean;
  /** Did held events have to be forgotten since the log was asked for? Then it has to be asked once more. */
  hasForgotten: boolean;
}

export class SessionTraffic {
  readonly #sink: TrafficSink;
  readonly #delivered = new DeliveredIds();
  #hold: Hold | undefined;
  #hasBegun = false;
  #startup: SessionStartup = {
    parkedEvents: 0,
    parkedRequests: 0,
    droppedEvents: 0,
    refusedRequests: 0,
    mayBeIncomplete: false,
    repairedEvents: 0,
  };

  constructor(sink: TrafficSink) {
    this.#sink = sink;
  }

  get startup(): SessionStartup {
    return this.#startup;
  }

  /** What has been delivered. */
  get delivered(): DeliveredIds {
    return this.#delivered;
  }

  /** Is traffic held until lost events are back? */
  get isHeld(): boolean {
    return this.#hold !== undefined;
  }

  /** Takes over the account of the early traffic, once; after losses everything is held until `release`. */
  begin(early: EarlyTraffic): void {
    if (this.#hasBegun) return; // the session moves to another connection
    this.#hasBegun = true;
    this.#startup = { ...early, repairedEvents: 0 };
    if (early.droppedEvents > 0 || early.mayBeIncomplete) this.#hold = newHold(false);
  }

  /** The session is about to be resumed after an outage: holds what arrives until the missed events are delivered. */
  beginCatchUp(): void {
    this.#hold ??= newHold(true);
  }

  /** The log is about to be asked for. */
  askedForLog(): void {
    if (this.#hold !== undefined) this.#hold.hasForgotten = false;
  }

  /**
   * Delivers a page of missed events, and with the last one (`isEnd`) what was held. False when the log has to be read
   * further: it was not the last page, or too much arrived meanwhile to be held.
   */
  absorb(page: readonly RawSessionEvent[], isEnd: boolean): boolean {
    const hold = this.#hold;
    if (hold === undefined) return true;
    const isOver = isEnd && !hold.hasForgotten;
    if (isOver) this.#hold = undefined;
    this.#pass(hold.merge.absorb(page, isOver));
    return isOver;
  }

  event(event: RawSessionEvent): void {
    const hold = this.#hold;
    if (hold === undefined) this.#deliverOnce(event);
    else if (!hold.merge.hold({ kind: "event", event })) this.#makeRoom(hold);
  }

  /**
   * Runs a request of the runtime, in its place among the events.
   * @param isQuestion is it put to a person? Other requests a runtime may need answered before it can go on.
   */
  request(run: () => Promise<unknown>, isQuestion: boolean): Promise<unknown> {
    const hold = this.#hold;
    if (hold === undefined || (hold.isAfterOutage && !isQuestion)) return run();
    return new Promise((resolve, reject) => {
      const value = (): void => void run().then(resolve, reject);
      if (!hold.merge.hold({ kind: "other", value })) this.#makeRoom(hold);
    });
  }

  /** Delivers what was held, with the lost events of the log in their place; undefined when there is no log. */
  release(log: readonly RawSessionEvent[] | undefined): void {
    const hold = this.#hold;
    if (hold === undefined) return;
    this.#hold = undefined;
    const merged = hold.merge.absorb(log ?? [], true);
    if (!hold.isAfterOutage) {
      // What was forgotten with its account is not among the counted losses.
      const { droppedEvents, mayBeIncomplete } = this.#startup;
      const repairedEvents = mayBeIncomplete ? merged.fromLog.length : Math.min(merged.fromLog.length, droppedEvents);
      this.#startup = { ...this.#startup, repairedEvents };
    }
    this.#pass(merged);
  }

  #makeRoom(hold: Hold): void {
    if (!hold.isAfterOutage) return this.release(undefined);
    hold.hasForgotten = true;
    if (hold.merge.forgetEvents().length === 0) this.release(undefined); // nothing but requests: they cannot be forgotten
  }

  #pass(merged: MergedTraffic<() => void>): void {
    for (const item of merged.items) {
      if (item.kind === "event") this.#deliverOnce(item.event);
      else item.value();
    }
  }

  #deliverOnce(event: RawSessionEvent): void {
    if (this.#delivered.has(event.id)) return this.#sink.repeated(event);
    this.#delivered.add(event);
    this.#sink.deliver(event);
  }
}

function newHold(isAfterOutage: boolean): Hold {
  return { merge: new LogMerge({ isGapFirst: isAfterOutage }), isAfterOutage, hasForgotten: false };
}
