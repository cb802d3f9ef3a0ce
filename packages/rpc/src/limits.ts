import { NarthexError } from "@narthex/protocol";

/** The value of a numeric option, or its default; refuses anything but a whole number of at least 1. */
export function positiveInteger(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new NarthexError(
    "CLIENT_OPTIONS_INVALID",
    `The option ${name} is ${String(value)}: give a whole number of at least 1, or leave it out for ${fallback}.`,
  );
}
