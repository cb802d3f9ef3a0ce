import { createHash, timingSafeEqual } from "node:crypto";
import { NarthexError } from "@narthex/protocol";

/** Compares two secrets in a time that does not depend on where they differ. */
export function isSameSecret(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/**
 * Checks the token of `connect`.
 * @throws {NarthexError} AUTHENTICATION_FAILED, AUTHENTICATION_NOT_CONFIGURED
 */
export function authenticate(configured: string | undefined, given: unknown): void {
  if (configured === undefined) {
    if (given === undefined || given === null) return;
    throw new NarthexError(
      "AUTHENTICATION_NOT_CONFIGURED",
      "AUTHENTICATION_NOT_CONFIGURED: this runtime has no connection token; connect without one.",
    );
  }
  if (typeof given === "string" && isSameSecret(configured, given)) return;
  throw new NarthexError("AUTHENTICATION_FAILED", "AUTHENTICATION_FAILED: the connection token is wrong or missing.");
}
