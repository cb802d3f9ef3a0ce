// npm run test:properties [-- RUNS]: the laws of the routing core, many times: from a fixed seed, and from a new one.
import { spawnSync } from "node:child_process";
import process from "node:process";

const runs = process.argv[2] ?? "10000";
const seeds = [20_261_126, Math.floor(Math.random() * 2 ** 31)];
for (const seed of seeds) {
  console.log(`${runs} runs from seed ${seed}`);
  const { status } = spawnSync("npx", ["vitest", "run", ".properties.test.ts"], {
    stdio: "inherit",
    env: { ...process.env, NARTHEX_PROPERTY_RUNS: runs, NARTHEX_PROPERTY_SEED: String(seed) },
  });
  if (status !== 0) process.exit(status ?? 1);
}
