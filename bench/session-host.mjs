// A runtime in this process with one client that reads nothing, for the benchmarks of sessions.
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { openLocalEngine } from "@narthex/engine";
import { Runtime } from "@narthex/runtime";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

export async function openHost(home, limits = {}) {
  const engine = await openLocalEngine({ directory: home, synchronous: "normal" });
  const runtime = new Runtime({
    engine,
    workspacesDirectory: join(home, "workspaces"),
    repositories: {},
    model: { kind: "offline" },
    defaultWorkingDirectory: home,
    remoteUrlOf: () => undefined,
    logger: silent,
    limits: { maxLiveSessions: 100_000, attachedIdleMs: Infinity, ...limits },
  });
  const client = { id: "bench", isConnected: true, event() {}, request: () => new Promise(() => undefined) };
  const close = async () => {
    await runtime.close();
    await engine.close();
  };
  return { engine, runtime, client, close };
}

/** Waits until every session is where it should be. */
export async function untilAll(runtime, ids, state) {
  while (ids.some((id) => runtime.whereabouts(id).state !== state)) await delay(5);
}
