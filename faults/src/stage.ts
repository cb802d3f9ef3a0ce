// One fault, tried in a world of its own.
import { Crew } from "./crew.ts";
import type { Random } from "./random.ts";
import type { Harm } from "./record.ts";
import { World, type RuntimeExtras } from "./world.ts";

/** One line of the table. */
export interface StageResult {
  readonly fault: string;
  readonly sessions: number;
  readonly strikes: number;
  readonly prompts: number;
  readonly events: number;
  readonly harms: Readonly<Record<Harm, number>>;
  readonly notes: readonly string[];
  /** What was found, ready to be printed. */
  readonly evidence: readonly string[];
}

export interface StageContext {
  readonly world: World;
  readonly crew: Crew;
  readonly random: Random;
}

/** What a fault did. */
export interface Strikes {
  readonly strikes: number;
  readonly notes?: readonly string[];
}

export interface StageOptions {
  /** What every runtime of the stage is started with. */
  readonly extras?: RuntimeExtras;
  /** Prepares the data folder; what it throws says that the fault cannot be tried here. */
  readonly before?: (world: World) => void;
  /** Undoes that; the data are to be kept when they are evidence. */
  readonly after?: (world: World, isEvidence: boolean) => void;
}

/** Runs a stage in a new world, and checks what is left when everything is done. */
export async function runStage(
  fault: string,
  random: Random,
  strike: (context: StageContext) => Promise<Strikes>,
  { extras = {}, before, after }: StageOptions = {},
): Promise<StageResult> {
  const name = fault.replaceAll(/\W+/g, "-");
  const world = await World.open(name, extras);
  const crew = new Crew(name, world, random.fork());
  let done: Strikes = { strikes: 0 };
  try {
    before?.(world);
  } catch (error) {
    await world.close(false);
    return resultOf(fault, world, crew, { strikes: 0, notes: [`BLOCKED on this machine: ${String(error)}`] });
  }
  try {
    await world.start();
    done = await strike({ world, crew, random });
    const violations = await world.finish(crew.sessionIds);
    if (violations.length > 0) crew.findings.push({ sessionId: "(all)", violations });
  } catch (error) {
    crew.fail("(all)", error);
  }
  await world.halt();
  after?.(world, crew.hasFailed);
  await world.close(crew.hasFailed);
  return resultOf(fault, world, crew, done);
}

function resultOf(fault: string, world: World, crew: Crew, { strikes, notes = [] }: Strikes): StageResult {
  const harms = { lost: 0, duplicated: 0, other: 0 };
  const evidence: string[] = [];
  for (const { sessionId, violations } of crew.findings) {
    for (const { law, harm, text } of violations) {
      harms[harm] += 1;
      evidence.push(`${fault}: session ${sessionId}: ${law} (${harm}): ${text}`);
    }
  }
  if (evidence.length > 0) {
    evidence.push(`${fault}: the data are in ${world.folder}`, `${fault}: ${world.instants.slice(-40).join("; ")}`);
  }
  const { sessions, prompts, events, missedIdles } = crew.tally;
  const idles = missedIdles === 0 ? [] : [`${missedIdles} idles fell into an outage`];
  return { fault, sessions, strikes, prompts, events, harms, notes: [...notes, ...idles], evidence };
}
