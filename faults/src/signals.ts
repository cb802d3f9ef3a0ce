// What happens in the sessions of a trial, as it happens: faults are timed by it.
import type { Random } from "./random.ts";

/** Instants that faults aim at: calls and events of a session, and the return of a connection. */
const MOMENTS = [
  "create",
  "send",
  "accepted",
  "session.start",
  "user.message",
  "assistant.turn_start",
  "assistant.message_delta",
  "assistant.message",
  "permission.requested",
  "permission.completed",
  "external_tool.requested",
  "user_input.requested",
  "tool.execution_start",
  "tool.execution_complete",
  "assistant.turn_end",
  "session.idle",
  "resumed",
] as const;

/** Longest wait for a moment that does not come, once anything happens at all. */
const LONGEST_WAIT_MS = 400;
/** Longest wait for anything to happen: a busy machine takes its time to bring clients back. */
const LONGEST_SILENCE_MS = 10_000;
/** Faults that strike without waiting for anything, also while clients are still on their way back. */
const BLIND_SHARE = 0.15;
/** A fault strikes at the moment itself, or up to this much later. */
const LONGEST_LAG_MS = 30;

export class Signals {
  readonly #waiting = new Set<(name: string) => void>();

  tell(name: string): void {
    for (const waiter of this.#waiting) waiter(name);
  }

  /** Waits for a random instant of the work; says which. */
  async instant(random: Random): Promise<string> {
    const wanted = random.pick(MOMENTS);
    const lagMs = random.chance(0.5) ? 0 : random.int(1, LONGEST_LAG_MS);
    if (!random.chance(BLIND_SHARE)) await this.#next(undefined, LONGEST_SILENCE_MS);
    const isThere = await this.#next(wanted, LONGEST_WAIT_MS);
    if (lagMs > 0) await new Promise((resolve) => setTimeout(resolve, lagMs));
    return isThere ? `${wanted} + ${lagMs} ms` : "any time";
  }

  #next(wanted: string | undefined, limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (isThere: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(waiter);
        resolve(isThere);
      };
      const waiter = (name: string): void => {
        if (name !== "lost" && (wanted === undefined || name === wanted)) done(true);
      };
      const timer = setTimeout(() => done(false), limitMs);
      this.#waiting.add(waiter);
    });
  }
}
