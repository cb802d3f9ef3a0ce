// Steps of the kit as a client of a runtime under test.
import { Mismatch } from "./kit-error.ts";
import { show } from "./matcher.ts";
import type { SimpleStep } from "./scenario-schema.ts";
import type { Stage } from "./stage.ts";

type StepOf<K extends string> = Extract<SimpleStep, Record<K, unknown>>;

export async function attach(stage: Stage, step: StepOf<"attach">): Promise<void> {
  const name = stage.fill(step.attach);
  const wire = await stage.runtime.wire(step.transport ?? (stage.transport === "ws" ? "ws" : "tcp"));
  const connection = stage.connect(name, wire);
  if (step.connect === false) return;
  const id = connection.ask("connect", `connect-${name}`);
  const params = stage.fill(step.connect ?? {});
  await connection.write([{ body: JSON.stringify({ jsonrpc: "2.0", id, method: "connect", params }) }]);
  const answer = await connection.reply(`connect-${name}`, stage.deadlineMs);
  if (answer.error !== undefined) throw new Mismatch(`The runtime refused connect: ${show(answer.error)}`);
}

export async function runtime(stage: Stage, step: StepOf<"runtime">): Promise<void> {
  if (step.runtime === "start") await stage.runtime.start({ env: step.env, args: step.args });
  else await stage.runtime.end(step.runtime);
}

export async function model(stage: Stage, step: StepOf<"model">): Promise<void> {
  await stage.runtime.says(stage.fill(step.model));
}
