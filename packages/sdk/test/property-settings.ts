import process from "node:process";

/**
 * How often a property is tried and from which seed: a fixed one, so that a test never changes its mind by itself, or what
 * NARTHEX_PROPERTY_RUNS and NARTHEX_PROPERTY_SEED say (`npm run test:properties`).
 */
export function propertySettings(defaultRuns: number): { numRuns: number; seed: number } {
  const { NARTHEX_PROPERTY_RUNS: runs, NARTHEX_PROPERTY_SEED: seed } = process.env;
  return { numRuns: Number(runs ?? defaultRuns), seed: Number(seed ?? 20_261_126) };
}
