// One scenario over one transport, from an empty stage to a verdict.
import { AutoAnswers } from "./auto-answers.ts";
import { Unsupported, type DriverProcess } from "./driver-process.ts";
import { KitError, Mismatch } from "./kit-error.ts";
import { Listener, type Transport } from "./listener.ts";
import { runSteps } from "./run-steps.ts";
import { RuntimeUnderTest, type RuntimeCommand } from "./runtime-under-test.ts";
import type { Scenario } from "./scenario-schema.ts";
import { Stage, type Subject } from "./stage.ts";
import * as sdkSteps from "./steps-sdk.ts";

export type Verdict =
  | { readonly verdict: "passed" }
  | { readonly verdict: "failed"; readonly detail: string }
  | { readonly verdict: "skipped"; readonly detail: string };

/** What a scenario is run against. */
export type Target =
  | {
      readonly kind: "sdk";
      readonly driver: DriverProcess;
      readonly features: ReadonlySet<string>;
      /** Most milliseconds that a step waits, whatever the scenario says. */
      readonly deadlineMs?: number | undefined;
    }
  | { readonly kind: "runtime"; readonly command: RuntimeCommand };

/** @param seed where random parts begin */
export async function runScenario(
  scenario: Scenario,
  transport: Transport,
  target: Target,
  seed = 1,
): Promise<Verdict> {
  if (target.kind === "sdk") {
    const wanted = [...scenario.needs, ...(transport === "tcp" ? [] : [`transport-${transport}`])];
    const missing = wanted.filter((feature) => !target.features.has(feature));
    if (missing.length > 0) return { verdict: "skipped", detail: `the SDK has no ${missing.join(", ")}` };
  }
  const subject: Subject =
    target.kind === "sdk"
      ? { kind: "sdk", driver: target.driver, listener: new Listener(transport) }
      : { kind: "runtime", runtime: new RuntimeUnderTest(target.command) };
  const auto = new AutoAnswers(target.kind === "sdk" ? scenario.auto : { ...NO_AUTO, ...scenario.auto });
  const limitMs = (target.kind === "sdk" ? target.deadlineMs : undefined) ?? scenario.deadlineMs;
  const deadlineMs = Math.min(limitMs, scenario.deadlineMs);
  const stage = new Stage({ subject, transport, deadlineMs, auto, seed });
  try {
    await play(scenario, stage);
    return { verdict: "passed" };
  } catch (error) {
    return { verdict: "failed", detail: explain(error, stage, target) };
  } finally {
    await strike(stage, subject);
  }
}

/** A client answers a runtime's requests as the scenario says, and not by itself. */
const NO_AUTO = { ping: false, connect: false };

async function play(scenario: Scenario, stage: Stage): Promise<void> {
  if (stage.subject.kind === "runtime") {
    await stage.runtime.says(scenario.model);
    await stage.runtime.start(scenario.start);
  } else if (scenario.open !== false) {
    await sdkSteps.open(stage, { open: "main", options: scenario.open });
  }
  await runSteps(stage, scenario.steps);
  if (!scenario.leavesConnection) await settleRequests(scenario, stage);
  if (stage.problems.length > 0) throw new Mismatch(`on the wire: ${stage.problems.join(" | ")}`);
}

/** However a scenario went, every request of ours has an answer at its end, and one only. */
async function settleRequests(scenario: Scenario, stage: Stage): Promise<void> {
  for (const connection of stage.connections) {
    const open = await connection.unanswered(stage.fill(scenario.unanswered), stage.deadlineMs);
    if (open.length > 0) throw new Mismatch(`at the end: requests without an answer: ${open.slice(0, 10).join(", ")}`);
  }
}

function explain(error: unknown, stage: Stage, target: Target): string {
  const text = error instanceof Error ? error.message : String(error);
  // A missing feature that hello does not admit is a failure: nothing is skipped by the way.
  if (error instanceof Unsupported)
    return `the driver says that it cannot do ${error.feature}, but it was not told in time`;
  const wire = stage.problems.length > 0 ? ` | on the wire: ${stage.problems.join(" | ")}` : "";
  const kit = error instanceof KitError ? "kit: " : "";
  const said =
    target.kind === "runtime" && stage.subject.kind === "runtime" ? stage.runtime.output.trim().slice(-600) : "";
  return `${kit}${text}${wire}${said === "" ? "" : `\n      the runtime said: ${said}`}`;
}

async function strike(stage: Stage, subject: Subject): Promise<void> {
  if (subject.kind === "sdk") {
    for (const client of stage.connectionNames) {
      await subject.driver.ask({ verb: "close", client, how: "force" }).catch(() => undefined);
    }
    for (const connection of stage.connections) connection.end("end");
    subject.listener.end();
    return;
  }
  for (const connection of stage.connections) connection.end("end");
  await subject.runtime.dispose();
}
