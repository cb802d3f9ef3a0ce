import { NarthexError } from "@narthex/protocol";

/**
 * A whole number that is not negative.
 * @throws {NarthexError} INVALID_PARAMS
 */
export function requireCount(value: number, name: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new NarthexError("INVALID_PARAMS", `\`${name}\` is out of range: use a whole number from 0.`);
}

export function sessionNotFound(id: string): NarthexError {
  return new NarthexError("SESSION_NOT_FOUND", `There is no session ${id}: create it first.`);
}
