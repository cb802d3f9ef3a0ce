// npm run test:faults [-- --seed N --kills N --only NAME]: real processes, real faults, and the laws that hold all the same.
import process from "node:process";
import { parseArgs } from "node:util";
import { Random } from "./random.ts";
import { isClean, tableOf } from "./report.ts";
import type { StageResult } from "./stage.ts";
import { clientDeath } from "./stages/client-death.ts";
import { cut } from "./stages/cut.ts";
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

const random = new Random(seed);
const stages: readonly (readonly [name: string, run: (random: Random) => Promise<StageResult>])[] = [
  ["kill-1", (source) => kill(source, Math.ceil(kills / 2), ", lane 1")],
  ["kill-2", (source) => kill(source, Math.floor(kills / 2), ", lane 2")],
  ["cut", (source) => cut(source, 150)],
  ["duel", (source) => duel(source, 15)],
  ["client", (source) => clientDeath(source, 40)],
  ["drain", (source) => drain(source, 20)],
];
const LANES = 2;

const queue = stages.map(([name, run]) => ({ name, run, source: random.fork() }));
const wanted = queue.filter(({ name }) => name.startsWith(values.only)).values();
const results: StageResult[] = [];
const lane = async (): Promise<void> => {
  for (const { run, source } of wanted) results.push(await run(source));
};
await Promise.all(Array.from({ length: LANES }, lane));
for (const { evidence } of results) for (const line of evidence) console.log(line);
console.log(tableOf(results));
for (const { fault, notes } of results) for (const note of notes) console.log(`${fault}: ${note}`);
process.exitCode = isClean(results) ? 0 : 1;
