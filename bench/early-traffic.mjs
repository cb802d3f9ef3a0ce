// 5,000 cloud creates at once on one connection: responses shuffled, early events and early requests for each. Counts
// what arrived, and looks whether memory goes back. `node bench/run.mjs early-traffic` runs it alone.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { CopilotClient, RuntimeConnection } from "@narthex/sdk";
import { startScriptedRuntime } from "@narthex/testkit";

const CREATES = 5_000;
const EVENTS = 20;
const REQUESTS = 3;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");
const heapMegabytes = () => {
  collectGarbage();
  return process.memoryUsage().heapUsed / 1e6;
};

/** The same order every time, without being in order. */
function shuffled(items, seed) {
  let state = seed;
  const random = () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
  return items
    .map((item) => [random(), item])
    .toSorted(([a], [b]) => a - b)
    .map(([, item]) => item);
}

/** Sends the early traffic of one session; its requests are answered with the session's own number. */
async function sendEarly(runtime, number, round) {
  const id = `s-${round}-${number}`;
  const replies = [];
  for (let n = 0; n < EVENTS; n += 1) {
    runtime.event(id, "session.info", { infoType: "bench", message: String(n) });
    if (n < REQUESTS) replies.push(runtime.request("userInput.request", { sessionId: id, question: number }));
  }
  if (runtime.peer.bufferedBytes > 4e6) await runtime.peer.drained();
  return replies;
}

async function soak(runtime, client, round) {
  const seen = new Map();
  const creating = Array.from({ length: CREATES }, (_, number) => {
    seen.set(number, []);
    return client.createCloudSession({
      cloud: {},
      model: String(number),
      onEvent: (event) => seen.get(number).push(Number(event.data.message)),
      onUserInputRequest: () => ({ answer: String(number), wasFreeform: true }),
    });
  });
  const calls = [];
  for (let n = 0; n < CREATES; n += 1) calls.push(await runtime.nextCall("session.create", 60_000));
  const replies = [];
  for (const { params } of shuffled(calls, 1)) {
    for (const reply of await sendEarly(runtime, params.model, round))
      replies.push(reply.then(({ answer }) => answer === params.model));
  }
  for (const call of shuffled(calls, 2)) call.reply({ sessionId: `s-${round}-${call.params.model}` });
  const sessions = await Promise.all(creating);
  const answers = await Promise.all(replies);
  const inOrder = [...seen.values()].filter((list) => list.length === EVENTS && list.every((n, index) => n === index));
  await Promise.all(sessions.map((session) => session.disconnect()));
  return {
    "sessions whose events came whole and in order": inOrder.length,
    "requests answered, and by their own session": answers.filter(Boolean).length,
    "events dropped": sessions.reduce((sum, { startup }) => sum + startup.droppedEvents, 0),
  };
}

export async function run() {
  const runtime = await startScriptedRuntime({ answers: { "session.detach": () => ({ success: true }) } });
  const client = new CopilotClient({ connection: RuntimeConnection.forUri(runtime.uri) });
  await client.start();
  const before = heapMegabytes();
  console.log(
    `early traffic: ${CREATES} creates at once, ${EVENTS} events and ${REQUESTS} requests each before the response`,
  );
  // The first round warms up; what the second one leaves behind is what is kept for good.
  for (const round of [1, 2]) {
    const start = performance.now();
    const counts = await soak(runtime, client, round);
    const ms = Math.round(performance.now() - start);
    const heap = { "heap at the start (MB)": before.toFixed(1), "heap after (MB)": heapMegabytes().toFixed(1) };
    console.table({ round, ...counts, ms, ...heap });
  }
  await client.forceStop();
  await runtime.close();
}
