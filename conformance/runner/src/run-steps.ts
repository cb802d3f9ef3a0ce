// The steps of a scenario, one after the other. A step is named by its first key.
import { fuzz } from "./fuzz.ts";
import { KitError, Mismatch } from "./kit-error.ts";
import type { RepeatStep, Step } from "./scenario-schema.ts";
import type { Stage } from "./stage.ts";
import * as runtime from "./steps-runtime.ts";
import * as sdk from "./steps-sdk.ts";
import * as wire from "./steps-wire.ts";

type Run = (stage: Stage, step: never) => Promise<void>;

const STEPS: Readonly<Record<string, Run>> = {
  // At the wire.
  send: wire.send,
  expect: wire.expect,
  reply: wire.reply,
  noReply: wire.noReply,
  absent: wire.absent,
  count: wire.count,
  fence: wire.fence,
  hangUp: wire.hangUp,
  closed: wire.closed,
  ghosts: wire.ghosts,
  ordered: wire.ordered,
  poll: wire.poll,
  before: wire.before,
  after: wire.after,
  auto: async (stage: Stage, step: { auto: Record<string, unknown> }) => stage.auto.change(stage.fill(step.auto)),
  fuzz,
  // At the front of an SDK.
  open: sdk.open,
  created: sdk.created,
  start: sdk.start,
  await: sdk.awaitOutcome,
  unsettled: sdk.unsettled,
  cancel: sdk.cancel,
  events: sdk.events,
  quiet: sdk.quiet,
  answer: sdk.answer,
  state: sdk.state,
  close: sdk.close,
  listen: sdk.listen,
  reconnected: sdk.reconnected,
  // With a runtime under test.
  attach: runtime.attach,
  runtime: runtime.runtime,
  model: runtime.model,
};

/** Runs steps; an error says which step it was. */
export async function runSteps(stage: Stage, steps: readonly Step[], where = ""): Promise<void> {
  for (const [index, step] of steps.entries()) {
    const place = `${where}${index + 1}`;
    if ("repeat" in step) await repeat(stage, step, place);
    else await runStep(stage, step, place);
  }
}

async function runStep(stage: Stage, step: Exclude<Step, RepeatStep>, place: string): Promise<void> {
  const name = Object.keys(step)[0] ?? "";
  const run = STEPS[name];
  if (run === undefined) throw new KitError(`Step ${place}: there is no step ${name}.`);
  try {
    await run(stage, step as never);
  } catch (error) {
    if (error instanceof Mismatch) throw new Mismatch(`step ${place}, ${name}: ${error.message}`);
    if (error instanceof KitError) throw new KitError(`step ${place}, ${name}: ${error.message}`);
    throw error;
  }
}

async function repeat(stage: Stage, { repeat: times, as, from = 0, steps }: RepeatStep, place: string): Promise<void> {
  const end = from + Number(stage.fill(times));
  for (let index = from; index < end; index += 1) {
    if (as !== undefined) stage.variables.set(as, index);
    await runSteps(stage, steps, `${place}[${index}].`);
  }
}
