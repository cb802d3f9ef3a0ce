// kill -9 of the runtime, at random instants of everything that sessions do.
import type { Random } from "../random.ts";
import { runStage, type StageContext, type StageResult } from "../stage.ts";

const SESSIONS_AT_ONCE = 5;

export function kill(random: Random, kills: number, lane: string): Promise<StageResult> {
  return runStage(`kill -9 of the runtime${lane}`, random, (context) => strike(context, kills));
}

async function strike({ world, crew, random }: StageContext, kills: number): Promise<{ strikes: number }> {
  let strikes = 0;
  const working = crew.work(SESSIONS_AT_ONCE, () => strikes >= kills);
  while (strikes < kills && !crew.hasFailed) {
    const when = await world.signals.instant(random);
    world.gate.close();
    await world.end("SIGKILL");
    strikes += 1;
    world.note(`kill ${strikes}, at ${when}`);
    await world.start();
    world.gate.open();
  }
  await working;
  return { strikes };
}
