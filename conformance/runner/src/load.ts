// Reads the kit's data files and checks each of them before anything runs.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";
import { KitError } from "./kit-error.ts";
import { scenarioSchema, type Scenario } from "./scenario-schema.ts";

/** The folder `conformance/`. */
export const KIT = fileURLToPath(new URL("../../", import.meta.url));

/** A YAML file of the kit as a checked value. @throws {KitError} */
export function loadYaml<T>(file: string, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(parse(readFileSync(path.join(KIT, file), "utf8")));
  if (parsed.success) return parsed.data;
  throw new KitError(`conformance/${file}: ${z.prettifyError(parsed.error)}`);
}

/** All scenarios, in the order of their ids. @throws {KitError} when one is malformed or its id is not its path */
export function loadScenarios(): Scenario[] {
  const files = readdirSync(path.join(KIT, "scenarios"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".yaml"))
    .toSorted();
  return files.map((file) => {
    const scenario = loadYaml(`scenarios/${file}`, scenarioSchema);
    const id = file.replaceAll(path.sep, "/").replace(/\.yaml$/, "");
    if (scenario.id !== id) throw new KitError(`conformance/scenarios/${file}: its id is ${scenario.id}, not ${id}`);
    return scenario;
  });
}

const feature = z.strictObject({
  clauses: z.array(z.string()).min(1),
  /** The document that tells users about it. */
  docs: z.string(),
  /** A word of that document that belongs to it (default: the feature's own name). */
  word: z.string().optional(),
  summary: z.string(),
});
export const featuresSchema = z.record(z.string(), feature);

const subject = z.union([
  z.strictObject({
    kind: z.literal("sdk"),
    title: z.string(),
    command: z.string(),
    /** Where to install what it needs, when the main install does not have it. */
    install: z.string().optional(),
    /** Where it is known what fails, below `conformance/` (default: baselines/NAME.yaml). */
    baseline: z.string().optional(),
    /** Most milliseconds that a step waits, where the scenarios' own limits are longer than this SDK deserves. */
    deadlineMs: z.number().int().optional(),
    /** Our own SDKs keep every clause: their baseline may name features to come, never a failure. */
    isOurs: z.boolean().default(true),
  }),
  z.strictObject({
    kind: z.literal("runtime"),
    title: z.string(),
    command: z.string(),
    env: z.record(z.string(), z.string()).default({}),
    webSocketPath: z.string().default("/"),
    isOurs: z.boolean().default(true),
  }),
]);
export type SubjectEntry = z.infer<typeof subject>;
export const subjectsSchema = z.record(z.string(), subject);

export const baselineSchema = z.strictObject({
  /** Scenario (with its transport where there are several) to the reason why it fails. */
  failing: z.record(z.string(), z.string().min(10)).default({}),
  /** Feature to the reason why this SDK does not have it. */
  missing: z.record(z.string(), z.string().min(10)).default({}),
});
export type Baseline = z.infer<typeof baselineSchema>;

/** What is known to fail for a subject; nothing where no file says so. */
export function baselineOf(name: string, subject: SubjectEntry): Baseline {
  const own = subject.kind === "sdk" ? subject.baseline : undefined;
  const file = own ?? `baselines/${name}.yaml`;
  return existsSync(path.join(KIT, file)) ? loadYaml(file, baselineSchema) : { failing: {}, missing: {} };
}
