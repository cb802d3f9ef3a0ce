// The part of a driver that is the same for every SDK written in JavaScript: JSON lines in and out, one answer each.
import process from "node:process";
import { createInterface } from "node:readline";

/** Thrown by a verb for what the SDK cannot do. */
export class Unsupported extends Error {}

/** Serves the verbs until `bye` or the end of stdin. `verbs` has an async method for each. */
export function serveVerbs(verbs) {
  const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
  createInterface({ input: process.stdin })
    .on("line", (line) => void serve(JSON.parse(line)))
    .on("close", () => process.exit(0));

  async function serve(command) {
    const { seq, verb } = command;
    try {
      const ok = verb === "bye" ? {} : await verbs[verb](command);
      say({ seq, ok: ok ?? {} });
      if (verb === "bye") process.exit(0);
    } catch (error) {
      const isUnsupported = error instanceof Unsupported;
      say(isUnsupported ? { seq, unsupported: error.message } : { seq, broken: String(error?.stack ?? error) });
    }
  }
}

/** A list that a command can wait for: the entries not taken yet, with a deadline. */
export class Stream {
  #entries = [];
  #waiting = new Set();

  push(entry) {
    this.#entries.push(entry);
    for (const look of this.#waiting) look();
  }

  /** Takes up to `count` entries; fewer when the deadline comes first. */
  take(count, withinMs) {
    return new Promise((resolve) => {
      const look = (isLate) => {
        if (this.#entries.length < count && !isLate) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(this.#entries.splice(0, count));
      };
      const timer = setTimeout(() => look(true), withinMs);
      this.#waiting.add(look);
      look(withinMs <= 0);
    });
  }
}
