import { NarthexError } from "@narthex/protocol";

/** The error codes of calls that all ought to fail; "fulfilled" for one that did not. */
export async function rejectionCodes(calls: readonly Promise<unknown>[]): Promise<string[]> {
  const outcomes = await Promise.allSettled(calls);
  return outcomes.map((outcome) => {
    if (outcome.status === "fulfilled") return "fulfilled";
    return NarthexError.is(outcome.reason) ? outcome.reason.code : String(outcome.reason);
  });
}
