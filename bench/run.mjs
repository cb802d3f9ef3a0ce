// Runs every benchmark, one after the other, on the built packages. `node bench/run.mjs [name …]` runs only those named.
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";

const BENCHMARKS = {
  "rpc-throughput": () => import("./rpc-throughput.mjs"),
  "engine-append": () => import("./engine-append.mjs"),
  "session-wake": () => import("./session-wake.mjs"),
  "session-life": () => import("./session-life.mjs"),
  "early-traffic": () => import("./early-traffic.mjs"),
};

function printMachine() {
  const model = cpus()[0]?.model ?? "unknown processor";
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const load = loadavg()[0]?.toFixed(1);
  console.log(
    `node ${process.version}, ${process.platform} ${process.arch}, ${availableParallelism()} × ${model}, ${memory}`,
  );
  console.log(`load average before the start: ${load} (what else runs here costs the faster contestant more)`);
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown.length > 0) {
  console.error(`No such benchmark: ${unknown.join(", ")}. There are: ${Object.keys(BENCHMARKS).join(", ")}.`);
  process.exitCode = 2;
} else {
  printMachine();
  for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHMARKS)) {
    console.log();
    const { run } = await BENCHMARKS[name]();
    await run();
  }
}
