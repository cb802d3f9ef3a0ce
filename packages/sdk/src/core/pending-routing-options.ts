// The bounds of pending routing as an application gives them, checked once, at the door.
import { NarthexError } from "@narthex/protocol";
import { shown } from "./wire-value.ts";
import { DEFAULT_PENDING_ROUTING_LIMITS, type PendingRoutingLimits } from "./routing-types.ts";

/** Longest time that a timer of the platform can wait. */
const MAX_TIME_MS = 2_147_483_647;

/**
 * The complete bounds: what is not given has its default.
 * @throws {NarthexError} CLIENT_OPTIONS_INVALID for a name that is no bound, and for a value that is none
 */
export function resolvePendingRoutingLimits(given: Partial<PendingRoutingLimits> | undefined): PendingRoutingLimits {
  const limits = { ...DEFAULT_PENDING_ROUTING_LIMITS };
  for (const [name, value] of Object.entries(given ?? {}) as [keyof PendingRoutingLimits, unknown][]) {
    if (value === undefined) continue;
    if (!Object.hasOwn(limits, name)) {
      throw invalid(`pendingRouting.${name} is no option: there are ${Object.keys(limits).join(", ")}.`);
    }
    // A count may be 0, nothing is kept then; a time may not, since nothing could be answered within it.
    const [least, most] = name.endsWith("Ms") ? [1, MAX_TIME_MS] : [0, Number.MAX_SAFE_INTEGER];
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least || value > most) {
      throw invalid(`pendingRouting.${name} is ${shown(value)}: use a whole number from ${least} to ${most}.`);
    }
    limits[name] = value;
  }
  return limits;
}

function invalid(message: string): NarthexError {
  return new NarthexError("CLIENT_OPTIONS_INVALID", message);
}
