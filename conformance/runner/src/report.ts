import type { Judged } from "./baseline.ts";
import type { Result } from "./run-all.ts";

const MARK = { passed: "ok  ", failed: "FAIL", skipped: "skip" } as const;

/** One line for a result; more for a failure. */
export function lineOf(result: Result): string {
  const detail = result.detail === "" ? "" : `\n      ${result.detail}`;
  return `${MARK[result.verdict]} ${result.id} (${result.ms} ms)${detail}`;
}

/** The last line of every run. */
export function summaryOf(results: readonly Result[]): string {
  const count = (verdict: Result["verdict"]): number => results.filter((result) => result.verdict === verdict).length;
  return `${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped`;
}

/** How many of the failures are known. */
export function knownOf(results: readonly Judged[]): number {
  return results.filter((result) => result.known !== undefined).length;
}
