// A whole run of one subject: which scenarios, over which transports, and what came of each.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { wordsOf } from "./command-line.ts";
import { Conversation } from "./conversation.ts";
import { DriverProcess } from "./driver-process.ts";
import type { Hello } from "./driver-protocol.ts";
import { KitError } from "./kit-error.ts";
import { KIT, type SubjectEntry } from "./load.ts";
import type { Transport } from "./listener.ts";
import { runScenario, type Target, type Verdict } from "./run-scenario.ts";
import { RuntimeUnderTest, type RuntimeCommand } from "./runtime-under-test.ts";
import type { Scenario } from "./scenario-schema.ts";
import { valueAt } from "./values.ts";

/** Milliseconds that a runtime has for the handshake. */
const CONNECT_TIMEOUT_MS = 10_000;

/** The project's root: commands of drivers are run from there. */
const ROOT = path.join(KIT, "..");

export interface Result {
  /** The scenario's id, with the transport where it runs over several. */
  readonly id: string;
  readonly clauses: readonly string[];
  readonly verdict: Verdict["verdict"];
  readonly detail: string;
  readonly ms: number;
}

export interface Run {
  readonly name: string;
  readonly hello: Hello;
  readonly results: readonly Result[];
}

export interface RunOptions {
  readonly name: string;
  readonly subject: SubjectEntry;
  readonly scenarios: readonly Scenario[];
  /** More environment for the driver. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where random parts begin (default 1). */
  readonly seed?: number;
  readonly onResult?: (result: Result) => void;
}

/** The runs that a scenario stands for. */
export function casesOf(scenario: Scenario): { id: string; transport: Transport }[] {
  const { id, transports } = scenario;
  return transports.map((transport) => ({
    id: transports.length === 1 ? id : `${id} [${transport}]`,
    transport,
  }));
}

/** Runs every scenario for this kind of subject, in order. */
export async function runAll(options: RunOptions): Promise<Run> {
  const { name, subject } = options;
  const scenarios = options.scenarios.filter((scenario) => scenario.target === subject.kind);
  if (subject.kind === "runtime") {
    const hello = { name, version: await versionOf(subject), language: "", features: [] };
    const results = await runEach(options, scenarios, async () => ({ kind: "runtime", command: subject }));
    return { name, hello, results };
  }
  install(subject.install);
  const command = wordsOf(subject.command).map((word) => (word === "node" ? process.execPath : word));
  const spawnDriver = (): DriverProcess => new DriverProcess(command, options.env ?? {}, ROOT);
  let driver = spawnDriver();
  try {
    const hello = await driver.hello();
    const features = new Set(hello.features);
    const results = await runEach(options, scenarios, async () => {
      if (driver.isBroken) {
        driver.kill();
        driver = spawnDriver();
        await driver.hello();
      }
      return { kind: "sdk", driver, features, deadlineMs: subject.deadlineMs };
    });
    return { name, hello, results };
  } finally {
    await driver.end();
  }
}

/** What a runtime says of itself in the handshake. */
async function versionOf(command: RuntimeCommand): Promise<string> {
  const runtime = new RuntimeUnderTest(command);
  try {
    await runtime.start();
    const connection = new Conversation(await runtime.wire("tcp"), () => undefined);
    const id = connection.ask("connect", "connect");
    await connection.write([{ body: JSON.stringify({ jsonrpc: "2.0", id, method: "connect", params: {} }) }]);
    const version = valueAt(await connection.reply("connect", CONNECT_TIMEOUT_MS), "result.version");
    connection.end("end");
    return typeof version === "string" ? version : "";
  } finally {
    await runtime.dispose();
  }
}

/** Installs what a subject needs and the main install does not have; once. */
function install(folder: string | undefined): void {
  if (folder === undefined || existsSync(path.join(ROOT, folder, "node_modules"))) return;
  console.log(`installing ${folder}`);
  const args = ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"];
  const { status, stderr } = spawnSync("npm", args, { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new KitError(`npm ci in ${folder} failed: ${stderr.trim()}`);
}

async function runEach(
  options: RunOptions,
  scenarios: readonly Scenario[],
  target: () => Promise<Target>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const scenario of scenarios) {
    for (const { id, transport } of casesOf(scenario)) {
      const begin = performance.now();
      const verdict = await runScenario(scenario, transport, await target(), options.seed);
      const result: Result = {
        id,
        clauses: scenario.clauses,
        verdict: verdict.verdict,
        detail: "detail" in verdict ? verdict.detail : "",
        ms: Math.round(performance.now() - begin),
      };
      results.push(result);
      options.onResult?.(result);
    }
  }
  return results;
}
