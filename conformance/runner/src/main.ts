// npm run conformance -- <driver> [--id PREFIX] [--json FILE] [--baseline FILE]
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { judge } from "./baseline.ts";
import { KitError } from "./kit-error.ts";
import {
  KIT,
  baselineOf,
  baselineSchema,
  loadScenarios,
  loadYaml,
  subjectsSchema,
  type Baseline,
  type SubjectEntry,
} from "./load.ts";
import { knownOf, lineOf, summaryOf } from "./report.ts";
import { runAll } from "./run-all.ts";

const USAGE = `Usage: npm run conformance -- <driver> [options]

  <driver>         a name of conformance/subjects.yaml (ts, official-ts, runtime, …), or the command line of a driver,
                   in quotes where it has options of its own: python3 driver.py
  --id PREFIX      only scenarios, or scenarios that prove clauses, whose id begins like this
  --json FILE      write the results there
  --baseline FILE  what is known to fail, for a driver given by its command line
  --seed N         where random interleavings begin (default 1; "random" for a new one)
  --list           say which scenarios there are
`;

interface Options {
  readonly id: string;
  readonly json: string | undefined;
  readonly baseline: string | undefined;
  readonly seed: number;
}

function subjectNamed(name: string): SubjectEntry {
  const known = loadYaml("subjects.yaml", subjectsSchema)[name];
  if (known !== undefined) return known;
  if (name.includes(" ") || existsSync(name)) {
    return { kind: "sdk", title: name, command: name, isOurs: false };
  }
  throw new KitError(`There is no driver ${JSON.stringify(name)} in conformance/subjects.yaml, and no such command.`);
}

function givenBaseline(file: string): Baseline {
  return loadYaml(path.relative(KIT, path.resolve(file)), baselineSchema);
}

async function run(name: string, { id, json, baseline, seed }: Options): Promise<number> {
  const subject = subjectNamed(name);
  const scenarios = loadScenarios().filter(
    (scenario) => scenario.id.startsWith(id) || scenario.clauses.some((clause) => clause.startsWith(id)),
  );
  const done = await runAll({ name, subject, scenarios, seed, onResult: (result) => console.log(lineOf(result)) });
  if (done.results.length === 0) throw new KitError(`No scenario for a ${subject.kind} has an id like ${id}.`);
  const known = baseline === undefined ? baselineOf(name, subject) : givenBaseline(baseline);
  const { results, complaints } = judge(done, known, id === "");
  if (json !== undefined) {
    writeFileSync(json, `${JSON.stringify({ name, hello: done.hello, results, complaints }, undefined, 2)}\n`);
  }
  for (const result of results) if (result.known !== undefined) console.log(`known ${result.id}: ${result.known}`);
  for (const complaint of complaints) console.log(`! ${complaint}`);
  if (knownOf(results) > 0) console.log(`${knownOf(results)} of the failures are in the baseline`);
  console.log(summaryOf(results));
  return complaints.length === 0 ? 0 : 1;
}

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      id: { type: "string", default: "" },
      json: { type: "string" },
      baseline: { type: "string" },
      seed: { type: "string", default: "1" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.list) {
    for (const { id, title, clauses } of loadScenarios()) console.log(`${id}  [${clauses.join(", ")}]  ${title}`);
    return 0;
  }
  // Several words are a command line: `npm run conformance -- python3 driver.py --id park`.
  const name = positionals
    .map((word) => (/\s/.test(word) && positionals.length > 1 ? JSON.stringify(word) : word))
    .join(" ");
  if (values.help || name === "") {
    console.error(USAGE);
    return values.help ? 0 : 2;
  }
  const seed = values.seed === "random" ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  if (!Number.isSafeInteger(seed)) throw new KitError(`--seed ${values.seed}: a whole number, or "random".`);
  if (values.seed === "random") console.log(`seed ${seed}`);
  return run(name, { id: values.id, json: values.json, baseline: values.baseline, seed });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isOurs = error instanceof KitError || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
  console.error(isOurs === true ? (error as Error).message : error);
  process.exitCode = 2;
}
