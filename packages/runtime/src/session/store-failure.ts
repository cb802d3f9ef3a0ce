import { NarthexError } from "@narthex/protocol";

/** Can the session not be written just now? Then its work is taken up later, where the log says it stands. */
export function isStoreFailure(error: unknown): boolean {
  return NarthexError.is(error) && error.code === "STORE_UNAVAILABLE";
}
