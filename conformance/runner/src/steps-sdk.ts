// Steps at the SDK's front: what the application does, and what it sees.
import { KitError, Mismatch } from "./kit-error.ts";
import type { Transport } from "./listener.ts";
import { show } from "./matcher.ts";
import type { SimpleStep } from "./scenario-schema.ts";
import type { Stage } from "./stage.ts";
import { expect, fenceOf, send } from "./steps-wire.ts";

type StepOf<K extends string> = Extract<SimpleStep, Record<K, unknown>>;

export async function open(stage: Stage, step: StepOf<"open">): Promise<void> {
  const client = stage.fill(step.open);
  const transport: Transport = step.transport ?? stage.transport;
  if (transport !== stage.transport) throw new KitError("All clients of a scenario use its transport.");
  const { listener } = stage;
  await listener.start();
  const { address, args } = listener.target;
  const options = stage.fill(step.options ?? {});
  const opening = stage.driver.ask({ verb: "open", client, transport, address, args, options });
  const accepted = listener.accept(stage.deadlineMs);
  const first = await Promise.race([accepted, opening.then(() => undefined)]);
  const wire = first ?? (await accepted);
  if (wire !== undefined) stage.connect(client, wire);
  const seen = await opening;
  if (step.see === undefined && "error" in Object(seen))
    throw new Mismatch(`The client did not connect: ${show(seen)}`);
  stage.check(seen, step);
}

export async function reconnected(stage: Stage, step: StepOf<"reconnected">): Promise<void> {
  const wire = await stage.listener.accept(stage.withinMs(step.withinMs));
  if (wire === undefined) throw new Mismatch("The client did not connect again.");
  stage.connect(stage.fill(step.reconnected), wire);
}

export async function listen(stage: Stage, step: StepOf<"listen">): Promise<void> {
  if (step.listen) await stage.listener.start();
  else stage.listener.stop();
}

export async function start(stage: Stage, step: StepOf<"start">): Promise<void> {
  const args = stage.fill(step.args ?? {});
  const client = stage.fill(step.connection ?? "main");
  await stage.driver.ask({ verb: "start", client, op: step.start, as: stage.fill(step.as), args });
}

export async function created(stage: Stage, step: StepOf<"created">): Promise<void> {
  const { created: as, session, config = {}, result = {} } = step;
  const connection = step.connection ?? "main";
  await start(stage, { start: "createCloudSession", as, connection, args: { config: { cloud: {}, ...config } } });
  await expect(stage, { expect: { method: "session.create" }, as: `create of ${as}`, connection });
  await send(stage, { send: { respond: `create of ${as}`, result: { sessionId: session, ...result } }, connection });
  await awaitOutcome(stage, { await: as, see: { value: { sessionId: session } } });
}

export async function awaitOutcome(stage: Stage, step: StepOf<"await">): Promise<void> {
  const as = stage.fill(step.await);
  const withinMs = stage.withinMs(step.withinMs);
  const seen = await stage.driver.ask({ verb: "await", as, withinMs });
  if ("pending" in Object(seen)) throw new Mismatch(`${as} had not settled after ${withinMs} ms.`);
  if (step.see === undefined && "error" in Object(seen)) throw new Mismatch(`${as} failed: ${show(seen)}`);
  stage.check(seen, step);
}

export async function unsettled(stage: Stage, step: StepOf<"unsettled">): Promise<void> {
  const as = stage.fill(step.unsettled);
  await fenceAll(stage);
  const seen = await stage.driver.ask({ verb: "await", as, withinMs: 0 });
  if (!("pending" in Object(seen))) throw new Mismatch(`${as} has settled already: ${show(seen)}`);
}

export async function cancel(stage: Stage, step: StepOf<"cancel">): Promise<void> {
  await stage.driver.ask({ verb: "cancel", as: stage.fill(step.cancel) });
}

export async function events(stage: Stage, step: StepOf<"events">): Promise<void> {
  const wanted = stage.fill(step.see);
  const count = step.count === undefined ? sizeOf(wanted) : Number(stage.fill(step.count));
  const [of, stream] = [stage.fill(step.events), step.stream ?? "journal"];
  const seen = await stage.driver.ask({ verb: "events", of, stream, count, withinMs: stage.withinMs(step.withinMs) });
  stage.check(seen, step);
}

function sizeOf(wanted: unknown): number {
  if (Array.isArray(wanted)) return wanted.length;
  const unordered: unknown = Object(wanted).$unordered;
  if (Array.isArray(unordered)) return unordered.length;
  throw new KitError("An `events` step that does not list what it wants needs a count.");
}

export async function quiet(stage: Stage, step: StepOf<"quiet">): Promise<void> {
  await fenceAll(stage);
  const [of, stream] = [stage.fill(step.quiet), step.stream ?? "journal"];
  const seen = await stage.driver.ask({ verb: "events", of, stream, count: 1, withinMs: 0 });
  if (!Array.isArray(seen) || seen.length > 0) throw new Mismatch(`The ${stream} of ${of} has more: ${show(seen)}`);
}

async function fenceAll(stage: Stage): Promise<void> {
  for (const name of stage.connectionNames) await fenceOf(stage, name);
}

export async function answer(stage: Stage, step: StepOf<"answer">): Promise<void> {
  const { handler, policy, call = 0 } = stage.fill(step);
  await stage.driver.ask({ verb: "answer", of: stage.fill(step.answer), handler, policy, call });
}

export async function state(stage: Stage, step: StepOf<"state">): Promise<void> {
  stage.check(await stage.driver.ask({ verb: "state", of: stage.fill(step.state) }), step);
}

export async function close(stage: Stage, step: StepOf<"close">): Promise<void> {
  const client = stage.fill(step.close);
  await stage.driver.ask({ verb: "close", client, how: step.how ?? "stop" });
}
