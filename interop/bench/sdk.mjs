// Both SDKs against the same scripted runtime, in alternating rounds: events dispatched a second, round trips, creates.
// `npm run bench:interop` in the repository's root installs what it needs and runs it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROUNDS = 5;
const EVENTS = 100_000;
const PINGS = 300;
const CREATES = 100;
const SDKS = { narthex: "@narthex/sdk", official: "@github/copilot-sdk" };

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Times `count` calls, one after the other; the median in milliseconds. */
async function timed(count, call) {
  const times = [];
  for (let n = 0; n < count; n += 1) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  return median(times);
}

/** Events of ~320 bytes that reach a handler in a second. */
async function dispatch(session) {
  let seen = 0;
  const start = performance.now();
  const done = new Promise((resolve) =>
    session.on((event) => (event.type === "session.idle" ? resolve() : (seen += 1))),
  );
  await session.send(String(EVENTS));
  await done;
  if (seen !== EVENTS) throw new Error(`${seen} of ${EVENTS} events arrived`);
  return (EVENTS / (performance.now() - start)) * 1_000;
}

async function round(name) {
  const { CopilotClient, RuntimeConnection, approveAll } = await import(SDKS[name]);
  const child = spawn(process.execPath, [fileURLToPath(new URL("burst-runtime.mjs", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [address] = await once(child.stdout.setEncoding("utf8"), "data");
  const client = new CopilotClient({ connection: RuntimeConnection.forUri(address.trim()) });
  await client.start();
  const ping = await timed(PINGS, () => client.ping());
  const create = await timed(CREATES, () => client.createSession({ onPermissionRequest: approveAll }));
  const events = await dispatch(await client.createSession({ onPermissionRequest: approveAll }));
  await client.forceStop();
  child.stdin.end();
  await once(child, "exit");
  return { events, ping, create };
}

const results = { narthex: [], official: [] };
for (let n = 0; n < ROUNDS; n += 1) {
  for (const name of Object.keys(SDKS)) results[name].push(await round(name));
}
const of = (name, what) => median(results[name].map((result) => result[what]));
console.log(
  `node ${process.version}; medians of ${ROUNDS} alternating rounds over TCP, the runtime in a process of its own`,
);
console.table(
  Object.fromEntries(
    [...Object.keys(SDKS), "ratio"].map((name) => [
      name,
      name === "ratio"
        ? {
            "events/s": `${(of("narthex", "events") / of("official", "events")).toFixed(1)}×`,
            "ping p50 ms": `${(of("official", "ping") / of("narthex", "ping")).toFixed(1)}×`,
            "create p50 ms": `${(of("official", "create") / of("narthex", "create")).toFixed(1)}×`,
          }
        : {
            "events/s": Math.round(of(name, "events")),
            "ping p50 ms": of(name, "ping").toFixed(3),
            "create p50 ms": of(name, "create").toFixed(3),
          },
    ]),
  ),
);
