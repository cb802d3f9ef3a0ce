// How fast a session that has left memory comes back, and what sessions cost in memory, live and hibernated.
// `node bench/run.mjs session-life` runs it alone (after npm run build). SESSIONS and EVENTS set the second part's size.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { median, percentile, printTable } from "./figures.mjs";
import { openHost, untilAll } from "./session-host.mjs";

const TEXT = "The quick brown fox jumps over the lazy dog. ".repeat(5);
const WAKES = 30;
const SESSIONS = Number(process.env.SESSIONS ?? 200);
const EVENTS = Number(process.env.EVENTS ?? 1_000);

/** A finished conversation: turns of four events each, of the sizes that turns without tools have. */
function conversation(count) {
  const types = ["user.message", "assistant.turn_start", "assistant.message", "assistant.turn_end"];
  return Array.from({ length: count }, (_, index) => {
    const turn = String(Math.floor(index / types.length));
    const data = { turnId: turn, messageId: `m-${index}`, content: TEXT };
    return {
      id: `00000000-0000-7000-8000-${String(index).padStart(12, "0")}`,
      timestamp: "2026-11-22T10:00:00.000Z",
      parentId: null,
      type: types[index % types.length],
      data,
    };
  });
}

/** Stores sessions with so many events each; returns their ids. */
async function store(home, sessions, events) {
  const host = await openHost(home);
  const ids = [];
  for (let index = 0; index < sessions; index += 1) {
    const { sessionId } = await host.runtime.createSession({ cloud: {} }, host.client);
    await host.engine.log.append(sessionId, conversation(events));
    ids.push(sessionId);
  }
  await host.close();
  return ids;
}

async function inHome(work) {
  const home = mkdtempSync(join(tmpdir(), "narthex-bench-"));
  try {
    return await work(home);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function wakeRow(events) {
  return inHome(async (home) => {
    const [id] = await store(home, 1, events);
    const host = await openHost(home, { attachedIdleMs: 1, upkeepMs: 2, callGraceMs: 0 });
    await host.runtime.resumeSession({ sessionId: id }, host.client);
    const samples = [];
    for (let wake = 0; wake < WAKES; wake += 1) {
      await untilAll(host.runtime, [id], "hibernated");
      const start = performance.now();
      await host.runtime.open(id);
      samples.push(performance.now() - start);
    }
    await host.close();
    const figures = [median(samples), percentile(samples, 0.95), Math.max(...samples)];
    return [events.toLocaleString("en"), ...figures.map((ms) => ms.toFixed(1))];
  });
}

async function memoryRows() {
  return inHome(async (home) => {
    const ids = await store(home, SESSIONS, EVENTS);
    const child = fileURLToPath(new URL("session-memory-child.mjs", import.meta.url));
    const { stdout } = spawn(process.execPath, ["--expose-gc", "--no-warnings", child, home, ids.join(",")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    stdout.setEncoding("utf8").on("data", (chunk) => (text += chunk));
    await once(stdout, "end");
    const { empty, live, hibernated } = JSON.parse(text);
    const row = (name, { heap, rss }) => [
      name,
      (heap / 2 ** 20).toFixed(1),
      (rss / 2 ** 20).toFixed(1),
      ((heap - empty.heap) / 1024 / SESSIONS).toFixed(1),
    ];
    return [
      row("none in memory", empty),
      row(`${SESSIONS} live, idle, attached`, live),
      row(`${SESSIONS} hibernated, attached`, hibernated),
    ];
  });
}

export async function run() {
  console.log(`Waking a hibernated session, ${WAKES} times each:`);
  const wakes = [];
  for (const events of [1_000, 10_000]) wakes.push(await wakeRow(events));
  printTable(["events in its log", "median ms", "p95 ms", "max ms"], wakes);
  console.log(`\nMemory of a runtime whose sessions have ${EVENTS} events each, after a collection:`);
  printTable(["sessions", "heap MiB", "RSS MiB", "heap KiB each"], await memoryRows());
}
