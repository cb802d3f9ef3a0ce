/**
 * Decides when a lost connection is tried again: the pure part of reconnecting.
 *
 * | state \ input | opened | lost           | failed         | due      | stopped |
 * | ------------- | ------ | -------------- | -------------- | -------- | ------- |
 * | off           | → up   | –              | –              | –        | –       |
 * | up            | –      | → waiting, off | –              | –        | → off   |
 * | waiting       | –      | –              | –              | → trying | → off   |
 * | trying        | → up   | –              | → waiting, off | –        | → off   |
 *
 * An *outage* begins with a loss and ends with a connection that holds, or with giving up. Connections that do not hold
 * belong to the outage that they interrupt.
 *
 * B1. The pause before attempt n is a random share (full jitter) of `initialDelayMs` × 2^(n-1), at most of `maxDelayMs`.
 * B2. Attempts and time count anew only after a connection that held for `minUptimeMs`.
 * B3. An outage has at most `maxAttempts` attempts, and none begins after `maxElapsedMs` without a connection; one that
 *     has begun gets what is left of them.
 * B4. A failure that trying again cannot help gives up at once.
 * B5. At any time at most one thing is outstanding: a pause (waiting) or an attempt (trying).
 * B6. Whoever gives up or is stopped is off: nothing is outstanding, and nothing happens until the next `opened`.
 */

/** Bounds of reconnecting. Times are milliseconds. */
export interface ReconnectLimits {
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  readonly maxElapsedMs: number;
  readonly maxAttempts: number;
  readonly minUptimeMs: number;
}

/** What an outage has cost so far. */
interface Outage {
  readonly attempts: number;
  /** Time without a connection before `since`. */
  readonly spentMs: number;
  /** When the connection was lost last; of a connection that is up: when it came up. */
  readonly since: number;
}

const NO_OUTAGE: Outage = { attempts: 0, spentMs: 0, since: 0 };

export type ReconnectState =
  | { readonly kind: "off" }
  | { readonly kind: "up"; readonly outage: Outage }
  | { readonly kind: "waiting"; readonly outage: Outage }
  | { readonly kind: "trying"; readonly outage: Outage };

/** What happens. `now` is of one clock that only goes forward; `random` is at least 0 and below 1. */
export type ReconnectInput =
  | { readonly kind: "opened"; readonly now: number }
  | { readonly kind: "lost"; readonly now: number; readonly random: number }
  /** An attempt has failed; `isFinal` when another one cannot end otherwise. */
  | { readonly kind: "failed"; readonly now: number; readonly random: number; readonly isFinal: boolean }
  /** The pause is over. */
  | { readonly kind: "due"; readonly now: number }
  | { readonly kind: "stopped"; readonly now: number };

/** What is to be done. */
export type ReconnectEffect =
  | { readonly kind: "wait"; readonly attempt: number; readonly delayMs: number }
  | { readonly kind: "try"; readonly attempt: number; readonly limitMs: number }
  | { readonly kind: "give-up" }
  /** End the pause or the attempt that is outstanding. */
  | { readonly kind: "cancel" };

interface Step {
  readonly state: ReconnectState;
  readonly effect?: ReconnectEffect;
}

type StateOf<K extends ReconnectState["kind"]> = Extract<ReconnectState, { kind: K }>;
type InputOf<K extends ReconnectInput["kind"]> = Extract<ReconnectInput, { kind: K }>;
type Table = {
  readonly [S in ReconnectState["kind"]]: {
    readonly [I in ReconnectInput["kind"]]: (state: StateOf<S>, input: InputOf<I>, limits: ReconnectLimits) => Step;
  };
};

const OFF: Step = { state: { kind: "off" } };
const stay = (state: ReconnectState): Step => ({ state });
const cancel = (): Step => ({ ...OFF, effect: { kind: "cancel" } });

const TABLE: Table = {
  off: {
    opened: (_state, { now }) => ({ state: { kind: "up", outage: { ...NO_OUTAGE, since: now } } }),
    lost: stay,
    failed: stay,
    due: stay,
    stopped: stay,
  },
  up: {
    opened: stay,
    lost: ({ outage }, { now, random }, limits) => {
      const hasHeld = now - outage.since >= limits.minUptimeMs;
      return pause({ ...(hasHeld ? NO_OUTAGE : outage), since: now }, now, random, limits); // B2
    },
    failed: stay,
    due: stay,
    stopped: () => OFF,
  },
  waiting: {
    opened: stay,
    lost: stay,
    failed: stay,
    due: ({ outage }, { now }, limits) => {
      const next = { ...outage, attempts: outage.attempts + 1 };
      const limitMs = Math.max(0, limits.maxElapsedMs - withoutConnection(outage, now));
      return { state: { kind: "trying", outage: next }, effect: { kind: "try", attempt: next.attempts, limitMs } }; // B3
    },
    stopped: cancel,
  },
  trying: {
    opened: ({ outage }, { now }) => {
      const spentMs = withoutConnection(outage, now);
      return { state: { kind: "up", outage: { ...outage, spentMs, since: now } } };
    },
    lost: stay,
    failed: ({ outage }, { now, random, isFinal }, limits) => (isFinal ? giveUp() : pause(outage, now, random, limits)), // B4
    due: stay,
    stopped: cancel,
  },
};

/** One step of the machine. Total: what has no cell in the table changes nothing. */
export function stepReconnect(state: ReconnectState, input: ReconnectInput, limits: ReconnectLimits): Step {
  const cell = TABLE[state.kind][input.kind] as (s: ReconnectState, i: ReconnectInput, l: ReconnectLimits) => Step;
  return cell(state, input, limits);
}

function pause(outage: Outage, now: number, random: number, limits: ReconnectLimits): Step {
  const attempt = outage.attempts + 1;
  const cap = Math.min(limits.maxDelayMs, limits.initialDelayMs * 2 ** outage.attempts);
  const delayMs = Math.floor(random * cap); // B1
  const isTooLate = withoutConnection(outage, now) + delayMs >= limits.maxElapsedMs;
  if (attempt > limits.maxAttempts || isTooLate) return giveUp(); // B3
  return { state: { kind: "waiting", outage }, effect: { kind: "wait", attempt, delayMs } };
}

function giveUp(): Step {
  return { ...OFF, effect: { kind: "give-up" } };
}

function withoutConnection(outage: Outage, now: number): number {
  return outage.spentMs + Math.max(0, now - outage.since);
}
