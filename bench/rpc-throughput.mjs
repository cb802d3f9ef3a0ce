// @narthex/rpc against vscode-jsonrpc: one-way notifications and request round trips, two processes over a pipe.
// Contestants take turns, each round with a fresh pair of processes, so that drift of the machine meets both alike.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { contestants } from "./rpc-contestants.mjs";
import { median, percentile, printTable } from "./figures.mjs";

const NOTIFICATIONS = Number(process.env.BENCH_NOTIFICATIONS ?? 200_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7);
const WARM_UP_NOTIFICATIONS = 20_000;
const SEQUENTIAL_CALLS = 5_000;
const PARALLEL_CALLS = 30_000;
const IN_FLIGHT = 64;
const TARGET_RATIO = 4;

/** About 300 bytes of JSON, shaped like one streamed piece of an answer. */
function eventParams(i) {
  return {
    sessionId: "0b54f7be-7c0f-4c5e-9d1e-6f4f6d2f7a10",
    event: {
      id: `5f0c9a52-3a51-4a0e-8a54-${String(i).padStart(12, "0")}`,
      timestamp: "2026-11-22T10:00:00.000Z",
      parentId: "9e107d9d-372b-4c81-8b5e-3f1f0f3c2d11",
      type: "assistant.message_delta",
      data: { deltaContent: " and then" },
    },
  };
}

function notificationBytes() {
  return JSON.stringify({ jsonrpc: "2.0", method: "session.event", params: eventParams(0) }).length;
}

async function withChild(name, measure) {
  const script = fileURLToPath(new URL("rpc-child.mjs", import.meta.url));
  const child = spawn(process.execPath, [script, name], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const sender = contestants[name].sender(child);
  try {
    await sender.request("echo", {});
    return await measure(sender);
  } finally {
    sender.close();
    await exited;
  }
}

function cpuMicros({ user, system }) {
  return user + system;
}

async function notificationThroughput(sender) {
  await sender.flood("session.event", eventParams, WARM_UP_NOTIFICATIONS);
  const before = await sender.request("received", {});
  const cpuBefore = cpuMicros(process.cpuUsage()) + cpuMicros(before.cpu);
  const start = process.hrtime.bigint();
  await sender.flood("session.event", eventParams, NOTIFICATIONS);
  const after = await sender.request("received", {});
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const cpu = cpuMicros(process.cpuUsage()) + cpuMicros(after.cpu) - cpuBefore;
  const received = after.received - before.received;
  if (received !== NOTIFICATIONS) throw new Error(`${received} of ${NOTIFICATIONS} notifications arrived`);
  return { perSecond: NOTIFICATIONS / seconds, cpuMicros: cpu / NOTIFICATIONS };
}

async function timedCall(sender, params) {
  const start = process.hrtime.bigint();
  await sender.request("echo", params);
  return Number(process.hrtime.bigint() - start) / 1e3;
}

async function roundTrips(sender) {
  const params = eventParams(0);
  for (let i = 0; i < 1_000; i++) await timedCall(sender, params);
  const sequential = [];
  for (let i = 0; i < SEQUENTIAL_CALLS; i++) sequential.push(await timedCall(sender, params));
  const parallel = [];
  const caller = async () => {
    while (parallel.length < PARALLEL_CALLS) parallel.push(await timedCall(sender, params));
  };
  const start = process.hrtime.bigint();
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  return {
    sequentialP50: percentile(sequential, 0.5),
    parallelP50: percentile(parallel, 0.5),
    callsPerSecond: parallel.length / seconds,
  };
}

export async function run() {
  const names = Object.keys(contestants);
  const figures = Object.fromEntries(names.map((name) => [name, { floods: [], trips: [] }]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      figures[name].floods.push(await withChild(name, notificationThroughput));
      figures[name].trips.push(await withChild(name, roundTrips));
    }
  }
  report(names, figures);
}

function report(names, figures) {
  const typical = (name, kind, key) => median(figures[name][kind].map((round) => round[key]));
  const thousands = (value) => `${Math.round(value / 1000)}k`;
  const rates = (name) => figures[name].floods.map((flood) => flood.perSecond);
  console.log(
    `rpc: ${NOTIFICATIONS} notifications of ${notificationBytes()} bytes, ${ROUNDS} alternating rounds, medians`,
  );
  printTable(
    [
      "",
      "msg/s",
      "min … max",
      "CPU/msg",
      "round trip p50",
      `p50, ${IN_FLIGHT} in flight`,
      `calls/s, ${IN_FLIGHT} in flight`,
    ],
    names.map((name) => [
      name,
      Math.round(median(rates(name))).toLocaleString("en"),
      `${thousands(Math.min(...rates(name)))} … ${thousands(Math.max(...rates(name)))}`,
      `${typical(name, "floods", "cpuMicros").toFixed(1)} µs`,
      `${typical(name, "trips", "sequentialP50").toFixed(0)} µs`,
      `${typical(name, "trips", "parallelP50").toFixed(0)} µs`,
      Math.round(typical(name, "trips", "callsPerSecond")).toLocaleString("en"),
    ]),
  );
  judge(rates("narthex"), rates("vscode-jsonrpc"));
}

function judge(ours, theirs) {
  const ratio = median(ours) / median(theirs);
  const perRound = ours.map((rate, i) => rate / theirs[i]);
  const spread = `${Math.min(...perRound).toFixed(1)} … ${Math.max(...perRound).toFixed(1)}`;
  const verdict = ratio >= TARGET_RATIO ? "met" : "MISSED";
  console.log(`ratio ${ratio.toFixed(1)}× (single rounds ${spread}); target ${TARGET_RATIO}×: ${verdict}`);
  if (ratio < TARGET_RATIO) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run();
