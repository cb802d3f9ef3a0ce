// SIGTERM in the middle of turns: the runtime ends in good order, and the next one goes on.
import type { Random } from "../random.ts";
import { runStage, type StageContext, type StageResult } from "../stage.ts";
import { SuiteError } from "../suite-error.ts";

const SESSIONS_AT_ONCE = 5;

export function drain(random: Random, drains: number): Promise<StageResult> {
  return runStage("SIGTERM within turns", random, (context) => strike(context, drains));
}

async function strike({ world, crew, random }: StageContext, drains: number): Promise<{ strikes: number }> {
  let strikes = 0;
  const working = crew.work(SESSIONS_AT_ONCE, () => strikes >= drains);
  while (strikes < drains && !crew.hasFailed) {
    const when = await world.signals.instant(random);
    world.gate.close();
    const code = await world.end("SIGTERM");
    if (code !== 0) throw new SuiteError(`The runtime ended with ${code} after SIGTERM: ${world.runtime.output}`);
    strikes += 1;
    world.note(`SIGTERM ${strikes}, at ${when}`);
    await world.start();
    world.gate.open();
  }
  await working;
  return { strikes };
}
