// npm run test:faults [-- --seed N --kills N --only NAME]: real processes, real faults, and the laws that hold all the same.
import { performance } from "node:perf_hooks";
import process from "node:process";
import { parseArgs } from "node:util";
import { Random } from "./random.ts";
import { isClean, tableOf } from "./report.ts";
import type { StageResult } from "./stage.ts";
import { clientDeath } from "./stages/client-death.ts";
import { clock } from "./stages/clock.ts";
import { cut } from "./stages/cut.ts";
import { deaf } from "./stages/deaf.ts";
import { diskFull, diskReadOnly, whyNoDisk } from "./stages/disk.ts";
import { drain } from "./stages/drain.ts";
import { duel } from "./stages/duel.ts";
import { kill } from "./stages/kill.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    kills: { type: "string", default: "200" },
    only: { type: "string", default: "" },
  },
});
const seed = Number(values.seed ?? process.env["NARTHEX_FAULTS_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const kills = Number(values.kills);
console.log(`seed ${seed}`);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1)); // children end with it

const random = new Random(seed);
const stages: readonly (readonly [name: string, run: (random: Random) => Promise<StageResult>])[] = [
  ["kill-1", (source) => kill(source, Math.ceil(kills / 2), ", lane 1")],
  ["kill-2", (source) => kill(source, Math.floor(kills / 2), ", lane 2")],
  ["cut", (source) => cut(source, 120)],
  ["duel", (source) => duel(source, 15)],
  ["client", (source) => clientDeath(source, 20)],
  ["deaf", (source) => deaf(source)],
  ["clock", (source) => clock(source, 32)],
  ["disk-full", (source) => diskFull(source, 15)],
  ["disk-read-only", (source) => diskReadOnly(source, 5)],
  ["drain", (source) => drain(source, 15)],
];
const LANES = 2;

const queue = stages.map(([name, run]) => ({ name, run, source: random.fork() }));
const asked = queue.filter(({ name }) => name.startsWith(values.only));
/** Faults that cannot be tried on this machine; they are named at the end, and never counted as tried. */
const noDisk = asked.some(({ name }) => name.startsWith("disk-")) ? whyNoDisk() : undefined;
const isBlocked = (name: string): boolean => noDisk !== undefined && name.startsWith("disk-");
const wanted = asked.filter(({ name }) => !isBlocked(name)).values();
const results: StageResult[] = [];
const lane = async (): Promise<void> => {
  for (const { name, run, source } of wanted) {
    const result = await run(source);
    results.push(result);
    console.log(`${Math.round(performance.now() / 1_000)} s: ${name} is done, ${result.strikes} strikes`);
  }
};
await Promise.all(Array.from({ length: LANES }, lane));
for (const { evidence } of results) for (const line of evidence) console.log(line);
console.log(tableOf(results));
for (const { fault, notes } of results) for (const note of notes) console.log(`${fault}: ${note}`);
for (const { name } of asked.filter((stage) => isBlocked(stage.name))) {
  console.log(`BLOCKED, not tried here: ${name} needs the right to mount a file system (${noDisk})`);
}
process.exitCode = isClean(results) && results.length > 0 ? 0 : 1;
