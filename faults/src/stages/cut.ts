// The connection is cut in the middle of a frame, in either direction.
import type { Cut } from "../cable.ts";
import type { Random } from "../random.ts";
import { runStage, type StageContext, type StageResult } from "../stage.ts";

const SESSIONS_AT_ONCE = 5;

export function cut(random: Random, cuts: number): Promise<StageResult> {
  return runStage("connection cut within a frame", random, (context) => strike(context, cuts));
}

async function strike({ world, crew, random }: StageContext, cuts: number): Promise<{ strikes: number }> {
  const { cable } = world;
  cable.nextCut = () => (cable.cuts < cuts ? somewhere(random) : undefined);
  await crew.work(SESSIONS_AT_ONCE, () => cable.cuts >= cuts);
  return { strikes: cable.cuts };
}

/** In the handshake, in what resumes the sessions, or in the midst of their work. */
function somewhere(random: Random): Cut {
  const direction = random.chance(0.4) ? "to-runtime" : "to-client";
  const scale = random.pick([300, 3_000, direction === "to-client" ? 60_000 : 6_000]);
  return { direction, afterBytes: random.int(1, scale) };
}
