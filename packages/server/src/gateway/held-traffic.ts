/**
 * Events of sessions that a client does not know yet, kept in order until the response that names them is written.
 *
 * | state of a session \ input | event       | expect | open                    | forget |
 * | -------------------------- | ----------- | ------ | ----------------------- | ------ |
 * | unknown                    | hold        | → held | → open, flush           | –      |
 * | held                       | hold        | –      | → open, flush           | drop   |
 * | open                       | send        | → held | –                       | → unknown |
 *
 * A client that keeps early traffic itself (`passThrough`) gets the events of unknown sessions at once; `expect` makes it
 * wait all the same, where the protocol wants the response first (creates with a known id, resumes).
 *
 * H1. What is held for a session is sent in its order, before anything newer.
 * H2. What is held is bounded; past the bound the connection is given up rather than an event lost silently.
 */
import type { RawSessionEvent } from "@narthex/protocol";

export type TrafficState = "unknown" | "held" | "open";

/** Sends one event; the connection's part. */
export type SendEvent = (sessionId: string, event: RawSessionEvent) => void;

export class HeldTraffic {
  readonly #passThrough: boolean;
  readonly #maxEvents: number;
  readonly #send: SendEvent;
  readonly #onOverflow: () => void;
  readonly #open = new Set<string>();
  readonly #held = new Map<string, RawSessionEvent[]>();
  #count = 0;

  constructor(options: { passThrough: boolean; maxEvents: number; send: SendEvent; onOverflow: () => void }) {
    this.#passThrough = options.passThrough;
    this.#maxEvents = options.maxEvents;
    this.#send = options.send;
    this.#onOverflow = options.onOverflow;
  }

  stateOf(sessionId: string): TrafficState {
    if (this.#held.has(sessionId)) return "held";
    return this.#open.has(sessionId) ? "open" : "unknown";
  }

  event(sessionId: string, event: RawSessionEvent): void {
    const held = this.#held.get(sessionId);
    if (held === undefined && (this.#passThrough || this.#open.has(sessionId))) return this.#send(sessionId, event);
    if (this.#count >= this.#maxEvents) return this.#onOverflow(); // H2
    this.#count += 1;
    if (held === undefined) this.#held.set(sessionId, [event]);
    else held.push(event);
  }

  /** From now on the session's events wait until `open`. */
  expect(sessionId: string): void {
    this.#open.delete(sessionId);
    if (!this.#held.has(sessionId)) this.#held.set(sessionId, []);
  }

  /** The client knows the session now: what was held goes out (H1). */
  open(sessionId: string): void {
    const held = this.#take(sessionId);
    this.#open.add(sessionId);
    for (const event of held) this.#send(sessionId, event);
  }

  /** The client will not get to know the session, or is done with it. */
  forget(sessionId: string): void {
    this.#take(sessionId);
    this.#open.delete(sessionId);
  }

  /** Forgets what is held for all sessions but these: what failed creates left. */
  forgetAllBut(expected: ReadonlySet<string>): void {
    for (const sessionId of this.#held.keys()) if (!expected.has(sessionId)) this.forget(sessionId);
  }

  #take(sessionId: string): RawSessionEvent[] {
    const held = this.#held.get(sessionId) ?? [];
    this.#held.delete(sessionId);
    this.#count -= held.length;
    return held;
  }
}
