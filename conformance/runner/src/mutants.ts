// npm run conformance:mutants [-- --id PREFIX]: runs the scenarios that each broken SDK must fail, and sees that it does.
import process from "node:process";
import { parseArgs } from "node:util";
import { z } from "zod";
import { KitError } from "./kit-error.ts";
import { loadScenarios, loadYaml, subjectsSchema } from "./load.ts";
import { runAll } from "./run-all.ts";
import type { Scenario } from "./scenario-schema.ts";

export const mutantsSchema = z.array(
  z.strictObject({
    id: z.string(),
    why: z.string().min(10),
    lesson: z.number().int().optional(),
    kills: z.array(z.string()).min(1),
    patches: z.array(z.strictObject({ file: z.string(), find: z.string().min(4), replace: z.string() })).min(1),
  }),
);
export type Mutant = z.infer<typeof mutantsSchema>[number];

/** Milliseconds that a step waits on a broken SDK: long enough for what works, short for what never comes. */
const DEADLINE_MS = 1_000;

/** The named scenarios that this mutant passes although it must not; empty when it is killed by each of them. */
async function survivedBy(mutant: Mutant, scenarios: ReadonlyMap<string, Scenario>): Promise<string[]> {
  const ts = loadYaml("subjects.yaml", subjectsSchema).ts;
  if (ts?.kind !== "sdk") throw new KitError("conformance/subjects.yaml has no SDK named ts.");
  const command = ts.command.replace(/^node /, "node --no-warnings --import ./conformance/mutants/apply.mjs ");
  const wanted = mutant.kills.map((id) => {
    const scenario = scenarios.get(id);
    if (scenario === undefined) throw new KitError(`Mutant ${mutant.id} names a scenario that does not exist: ${id}`);
    return { ...scenario, transports: scenario.transports.slice(0, 1) };
  });
  const run = await runAll({
    name: mutant.id,
    subject: { ...ts, command, deadlineMs: DEADLINE_MS },
    scenarios: wanted,
    env: { NARTHEX_MUTANT: JSON.stringify(mutant.patches) },
  });
  if (run.results.length !== mutant.kills.length) throw new KitError(`Mutant ${mutant.id}: a scenario did not run.`);
  return run.results.filter(({ verdict }) => verdict !== "failed").map(({ id, verdict }) => `${id} (${verdict})`);
}

/** What is wrong with a mutant whose text to replace is no longer in the code; every other error is thrown on. */
function staleness(error: unknown): string {
  const found = /stale mutant: .*/.exec(error instanceof KitError ? error.message : "")?.[0];
  if (found === undefined) throw error;
  return found;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { id: { type: "string", default: "" } } });
  const scenarios = new Map(loadScenarios().map((scenario) => [scenario.id, scenario]));
  const mutants = loadYaml("mutants/mutants.yaml", mutantsSchema).filter(({ id }) => id.startsWith(values.id));
  let survivors = 0;
  let stale = 0;
  for (const mutant of mutants) {
    const survived = await survivedBy(mutant, scenarios).catch((error: unknown) => staleness(error));
    if (typeof survived === "string") {
      stale += 1;
      console.log(`STALE     ${mutant.id}: ${survived}`);
      continue;
    }
    if (survived.length > 0) survivors += 1;
    console.log(
      survived.length === 0 ? `killed    ${mutant.id}` : `SURVIVES  ${mutant.id}: passes ${survived.join(", ")}`,
    );
  }
  if (mutants.length === 0) throw new KitError(`No mutant has an id like ${values.id}.`);
  console.log(`${mutants.length - survivors - stale} killed, ${survivors} survived, ${stale} stale`);
  return survivors + stale === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof KitError ? error.message : error);
  process.exitCode = 2;
}
