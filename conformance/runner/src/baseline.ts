// What is known to fail, and why. A baseline that names what passes is as wrong as one that misses a failure.
import type { Baseline } from "./load.ts";
import type { Result, Run } from "./run-all.ts";

/** A result with what the baseline says of it. */
export interface Judged extends Result {
  /** The failure is known; the reason. */
  readonly known?: string;
}

export interface Judgement {
  readonly results: readonly Judged[];
  /** Why the run fails as a whole; empty when it does not. */
  readonly complaints: readonly string[];
}

/**
 * Holds a run against its baseline.
 * @param isWhole all scenarios were run, so that entries for others are stale
 */
export function judge(run: Run, baseline: Baseline, isWhole: boolean): Judgement {
  const complaints: string[] = [];
  const results = run.results.map((result): Judged => {
    const known = baseline.failing[result.id];
    if (known === undefined) {
      if (result.verdict === "failed") complaints.push(`${result.id} failed`);
      return result;
    }
    if (result.verdict !== "failed") {
      complaints.push(`stale baseline: ${result.id} ${result.verdict}, but is listed as failing`);
      return result;
    }
    return { ...result, known };
  });
  for (const feature of Object.keys(baseline.missing)) {
    if (run.hello.features.includes(feature)) {
      complaints.push(`stale baseline: the SDK has the feature ${feature}, but it is listed as missing`);
    }
  }
  if (isWhole) {
    const ids = new Set(run.results.map(({ id }) => id));
    for (const id of Object.keys(baseline.failing)) {
      if (!ids.has(id)) complaints.push(`stale baseline: there is no scenario ${id}`);
    }
  }
  return { results, complaints };
}
