import { NarthexError } from "@narthex/protocol";
import { describe, expect, it } from "vitest";
import { resolveReconnectOptions, type ReconnectOptions } from "./reconnect-options.ts";
import { Reconnector } from "./reconnector.ts";

const LOST = new NarthexError("CONNECTION_CLOSED", "lost");

/** A reconnector whose attempts the test answers, and the promise of the next thing it says. */
function reconnector(options: ReconnectOptions, open: (signal: AbortSignal) => Promise<string>) {
  const said: string[] = [];
  const waiting: ((text: string) => void)[] = [];
  const say = (text: string): void => {
    said.push(text);
    waiting.shift()?.(text);
  };
  const resolved = resolveReconnectOptions({ initialDelayMs: 0, ...options })!;
  const of = new Reconnector<string>(resolved, {
    open,
    opened: (connection, attempt) => say(`opened ${connection} after ${attempt}`),
    discard: (connection) => say(`discarded ${connection}`),
    waiting: () => undefined,
    gaveUp: (error) => say(`gave up: ${NarthexError.from(error.cause).code}`),
  });
  of.up();
  return { of, said, next: () => new Promise<string>((resolve) => waiting.push(resolve)) };
}

describe("connecting again", () => {
  it("goes on after failures until a connection stands", async () => {
    let attempts = 0;
    const { of, next } = reconnector({}, () =>
      (attempts += 1) < 3 ? Promise.reject(new NarthexError("CONNECTION_FAILED", "no")) : Promise.resolve("c"),
    );
    of.lost(LOST);
    expect(await next()).toBe("opened c after 3");
  });

  it("ends an attempt that hangs when time is over, and throws away what comes of it later", async () => {
    let arrive: (connection: string) => void = () => undefined;
    const { of, next, said } = reconnector({ maxElapsedMs: 30 }, () => new Promise((resolve) => (arrive = resolve)));
    of.lost(LOST);
    expect(await next()).toBe("gave up: CONNECTION_FAILED");
    const late = next();
    arrive("too late");
    expect(await late).toBe("discarded too late");
    expect(said).toHaveLength(2);
  });

  it("says nothing more after it was stopped", async () => {
    let arrive: (connection: string) => void = () => undefined;
    let begun: () => void = () => undefined;
    const isTrying = new Promise<void>((resolve) => (begun = resolve));
    const { of, next, said } = reconnector({}, () => {
      begun();
      return new Promise((resolve) => (arrive = resolve));
    });
    of.lost(LOST);
    await isTrying;
    of.stop(new NarthexError("CONNECTION_CLOSED", "stopped"));
    const late = next();
    arrive("too late");
    expect(await late).toBe("discarded too late");
    expect(said).toEqual(["discarded too late"]);
  });

  it("gives up at once when its signal aborts, and for losses after that; no listener stays", async () => {
    const abort = new AbortController();
    let listeners = 0;
    const { signal } = abort;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => ((listeners += 1), add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => ((listeners -= 1), remove(...args));
    const { of, said } = reconnector({ signal, initialDelayMs: 60_000 }, () => Promise.resolve("c"));
    of.lost(LOST);
    expect(listeners).toBe(1);
    abort.abort();
    expect([said, listeners]).toEqual([["gave up: ABORTED"], 0]);
    of.up();
    of.lost(LOST);
    expect([said, listeners]).toEqual([["gave up: ABORTED", "gave up: ABORTED"], 0]);
  });
});
