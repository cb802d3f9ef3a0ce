// How long a stored session takes until it can go on, and how much memory that needs: a fresh process for each size.
// `node bench/run.mjs session-wake` runs it alone (after npm run build).
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { openLocalEngine } from "@narthex/engine";
import { Runtime } from "@narthex/runtime";

const SIZES = [100, 1_000, 10_000, 100_000];
const EVENTS_OF_A_TURN = 10;
const TEXT = "The quick brown fox jumps over the lazy dog. ".repeat(8);
const TIMESTAMP = "2026-11-22T10:00:00.000Z";

/** The events of one turn with a tool call, as the runtime writes them. */
function* eventsOfTurn(turn) {
  const call = { toolCallId: `call-${turn}`, name: "view", arguments: { path: "README.md" } };
  const usage = { model: "m", inputTokens: 900, outputTokens: 80, duration: 12 };
  yield ["user.message", { content: TEXT, messageId: `m-${turn}`, delivery: "idle" }];
  yield ["assistant.turn_start", { turnId: "0" }];
  yield ["assistant.usage", usage];
  yield ["assistant.message", { messageId: `a-${turn}`, content: TEXT, toolRequests: [call] }];
  yield ["tool.execution_start", { ...call, toolName: "view" }];
  yield ["tool.execution_complete", { toolCallId: call.toolCallId, success: true, result: { content: TEXT } }];
  yield ["assistant.usage", usage];
  yield ["assistant.message", { messageId: `b-${turn}`, content: TEXT }];
  yield ["assistant.turn_end", { turnId: "0" }];
  yield ["session.title_changed", { title: "a title" }];
}

async function fill(engine, directory, id, count) {
  const config = { workingDirectory: directory };
  await engine.directory.create({ id, isCloud: false, attributes: { clientName: "bench", cwd: directory, config } });
  let parentId = null;
  const event = ([type, data], n) => {
    const made = { id: `${id}-${n}`, timestamp: TIMESTAMP, parentId, type, data };
    parentId = made.id;
    return made;
  };
  await engine.log.append(id, [event(["session.start", { sessionId: id, version: 1 }], "start")]);
  for (let turn = 0; turn < count / EVENTS_OF_A_TURN; turn += 1) {
    const events = [...eventsOfTurn(turn)].map((parts, index) => event(parts, `${turn}-${index}`));
    await engine.log.append(id, events);
  }
}

/** In the child process: brings one session into memory and says what it took. */
async function wake(directory, id) {
  const engine = await openLocalEngine({ directory });
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const runtime = new Runtime({
    engine,
    workspacesDirectory: join(directory, "workspaces"),
    repositories: {},
    model: { kind: "offline" },
    defaultWorkingDirectory: directory,
    remoteUrlOf: () => undefined,
    logger: silent,
  });
  const before = process.resourceUsage().maxRSS;
  const start = performance.now();
  await runtime.open(id);
  const ms = performance.now() - start;
  const peakMiB = (process.resourceUsage().maxRSS - before) / 1024;
  globalThis.gc();
  const heldMiB = process.memoryUsage().heapUsed / 1024 / 1024;
  process.stdout.write(JSON.stringify({ ms, peakMiB, heldMiB }));
  await runtime.close();
  await engine.close();
}

/** Measures and prints its table. */
export async function run() {
  const directory = mkdtempSync(join(tmpdir(), "narthex-bench-"));
  try {
    const engine = await openLocalEngine({ directory, synchronous: "normal" });
    for (const size of SIZES) await fill(engine, directory, `s-${size}`, size);
    await engine.close();
    const rows = SIZES.map((size) => {
      const args = ["--no-warnings", "--expose-gc", fileURLToPath(import.meta.url), "wake", directory, `s-${size}`];
      const told = [1, 2, 3].map(() => JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })));
      const { ms, peakMiB, heldMiB } = told.sort((a, b) => a.ms - b.ms)[1];
      const round = (value) => Math.round(value * 10) / 10;
      return { events: size, "open (ms)": round(ms), "peak (MiB)": round(peakMiB), "held (MiB)": round(heldMiB) };
    });
    console.log(`node ${process.version}; the median of three fresh processes for each size`);
    console.table(rows);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === "wake") await wake(process.argv[3], process.argv[4]);
  else await run();
}
