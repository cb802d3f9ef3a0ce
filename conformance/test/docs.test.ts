// docs/conformance.md tells of everything that a scenario can use, and what it shows of the example is the example.
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { driverAnswer, driverCommand } from "../runner/src/driver-protocol.ts";
import { KIT, featuresSchema, loadScenarios, loadYaml } from "../runner/src/load.ts";

const text = readFileSync(path.join(KIT, "../docs/conformance.md"), "utf8");
const scenarios = loadScenarios();

/** Every object anywhere in a value. */
function objectsIn(value: unknown): Record<string, unknown>[] {
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.values(value).flatMap(objectsIn);
  return Array.isArray(value) ? inner : [value as Record<string, unknown>, ...inner];
}

function stepsIn(steps: readonly object[]): Record<string, unknown>[] {
  return steps.flatMap((step) => [
    step as Record<string, unknown>,
    ...("steps" in step ? stepsIn(step.steps as object[]) : []),
  ]);
}

const steps = scenarios.flatMap((scenario) => stepsIn(scenario.steps));
const objects = scenarios.flatMap(objectsIn);
const distinct = (values: readonly unknown[]): string[] => [...new Set(values.map(String))].toSorted();
const valuesOf = (key: string): string[] =>
  distinct(objects.flatMap((object) => (typeof object[key] === "string" ? [object[key]] : [])));

describe("docs/conformance.md", () => {
  it.each(distinct(steps.map((step) => Object.keys(step)[0])))("tells of the step %s", (name) => {
    expect(text).toMatch(new RegExp(`\`${name}(: [^\`]*)?\``));
  });

  it.each(distinct(steps.flatMap((step) => (typeof step["start"] === "string" ? [step["start"]] : []))))(
    "tells of the operation %s",
    (name) => {
      expect(text).toContain(`| \`${name}\` |`);
    },
  );

  it.each(valuesOf("stream"))("tells of the stream %s", (name) => {
    expect(text).toContain(`| \`${name}\` |`);
  });

  it.each(distinct(objects.flatMap((object) => Object.keys(object).filter((key) => /^\$[a-z]/i.test(key)))))(
    "tells of the operator %s",
    (name) => {
      expect(text).toContain(`\`{${name}: `);
    },
  );

  it.each(distinct(objects.flatMap((object) => Object.keys((object["handlers"] as object | undefined) ?? {}))))(
    "tells of the handler %s",
    (name) => {
      expect(text).toMatch(new RegExp(`\\| \`${name}(: [^\`]*)?\` \\|`));
    },
  );

  it.each(driverCommand.options.map(({ shape }) => shape.verb.value))("shows the verb %s", (verb) => {
    expect(text).toContain(`| \`${verb}\` |`);
    expect(text).toContain(`"verb":"${verb}"`);
  });

  it.each(Object.keys(loadYaml("features.yaml", featuresSchema)))("says what %s asks of a driver", (name) => {
    expect(text).toContain(`| \`${name}\` |`);
  });

  it("names the mutants of each lesson", () => {
    const mutants = parse(readFileSync(path.join(KIT, "mutants/mutants.yaml"), "utf8")) as {
      id: string;
      lesson?: number;
    }[];
    const lessons = text.split(/^(?=\d\. \*\*|## )/m);
    for (const { id, lesson } of mutants) {
      if (lesson === undefined) continue;
      const told = lessons.find((part) => part.startsWith(`${lesson}. **`)) ?? "";
      expect([id, told.includes(`\`${id}\``)]).toEqual([id, true]);
    }
  });

  it("shows the lines of the protocol as they may be", () => {
    const lines = [...text.matchAll(/^\{"seq".*$/gm)].map(([line]) => JSON.parse(line) as object);
    expect(lines.length).toBeGreaterThanOrEqual(20);
    const protocol = z.union([driverCommand, driverAnswer]);
    for (const line of lines) expect([line, protocol.safeParse(line).success]).toEqual([line, true]);
  });

  it("shows the example in Python as it is", () => {
    const folder = path.join(KIT, "examples/python");
    const files = readdirSync(folder).filter((file) => file.endsWith(".py"));
    const sources = files.map((file) => readFileSync(path.join(folder, file), "utf8"));
    const shown = [...text.matchAll(/^```python\n([^]*?)^```$/gm)].map(([, code]) => code ?? "");
    expect(shown.length).toBeGreaterThanOrEqual(3);
    for (const code of shown) expect([code, sources.some((source) => source.includes(code))]).toEqual([code, true]);
  });
});
