// What is looked after from time to time, as long as the runtime lives.
import { messageOf } from "@narthex/protocol";
import type { RuntimeLogger } from "./ports.ts";

/** Shortest time between two looks, however short what they look after. */
const MIN_UPKEEP_MS = 25;

/** How often to look: twice within the shortest of these times, and at least every `maxMs`. */
export function upkeepInterval(maxMs: number, timesMs: readonly number[]): number {
  const halves = timesMs.filter((ms) => ms > 0).map((ms) => Math.max(MIN_UPKEEP_MS, Math.floor(ms / 2)));
  return Math.min(maxMs, ...halves);
}

export class Upkeep {
  readonly #timer: NodeJS.Timeout;

  /** Runs the tasks every so many milliseconds; a failing one is logged, and tried again the next time. */
  constructor(intervalMs: number, tasks: readonly (() => void | Promise<void>)[], logger: RuntimeLogger) {
    const run = async (task: () => void | Promise<void>): Promise<void> => {
      try {
        await task();
      } catch (error) {
        logger.error(`Upkeep failed: ${messageOf(error)}`);
      }
    };
    this.#timer = setInterval(() => {
      for (const task of tasks) void run(task);
    }, intervalMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
