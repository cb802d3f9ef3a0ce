// Measures the memory of a runtime with stored sessions: in none, in all, and when they hibernate.
// Arguments: data directory, ids of the sessions. Prints JSON. Needs --expose-gc.
import { setTimeout as delay } from "node:timers/promises";

import { openHost, untilAll } from "./session-host.mjs";

const [home, list] = process.argv.slice(2);
const ids = list.split(",");

async function memory() {
  // Twice, with time for what is finalised in between.
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc();
    await delay(50);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, rss };
}

// Resting for three seconds after the last of them has come is long enough to measure them first.
const host = await openHost(home, { attachedIdleMs: 3_000 + ids.length * 50, upkeepMs: 100 });
const empty = await memory();
for (const sessionId of ids) await host.runtime.resumeSession({ sessionId }, host.client);
if (ids.some((id) => host.runtime.whereabouts(id).state !== "idle")) process.exitCode = 1;
const live = await memory();
await untilAll(host.runtime, ids, "hibernated");
const hibernated = await memory();
await host.close();
process.stdout.write(JSON.stringify({ empty, live, hibernated }));
