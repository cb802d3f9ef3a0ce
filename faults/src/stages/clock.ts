// The clock of the runtime's machine jumps, forwards and back, within turns and between lives of the process.
import { fileURLToPath } from "node:url";
import type { Random } from "../random.ts";
import { runStage, type StageContext, type StageResult } from "../stage.ts";

const SESSIONS_AT_ONCE = 5;
const JUMPS_EACH_LIFE = 4;
const DAY_MS = 86_400_000;
const PRELOAD = fileURLToPath(new URL("../../clock-preload.mjs", import.meta.url));

export function clock(random: Random, jumps: number): Promise<StageResult> {
  return runStage("clock jumps", random, (context) => strike(context, jumps));
}

async function strike({ world, crew, random }: StageContext, jumps: number): Promise<{ strikes: number }> {
  let strikes = 0;
  const working = crew.work(SESSIONS_AT_ONCE, () => strikes >= jumps);
  while (strikes < jumps && !crew.hasFailed) {
    world.gate.close();
    await world.end(random.chance(0.5) ? "SIGKILL" : "SIGTERM");
    const shifts = Array.from(
      { length: JUMPS_EACH_LIFE },
      () => random.int(-400, 400) * DAY_MS + random.int(0, DAY_MS),
    );
    await world.start({ nodeArgs: ["--import", PRELOAD], env: { NARTHEX_FAULTS_CLOCK: shifts.join(",") } });
    world.gate.open();
    strikes += 1;
    for (const shift of shifts.slice(1)) {
      const when = await world.signals.instant(random);
      world.runtime.signal("SIGUSR2");
      strikes += 1;
      world.note(`the clock is ${shift} ms off, at ${when}`);
    }
  }
  await working;
  return { strikes };
}
