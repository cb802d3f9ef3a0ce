// The meta-test: no clause without a scenario, no scenario without a clause, no feature that an SDK of ours lacks in silence.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { wordsOf } from "../runner/src/command-line.ts";
import { DriverProcess } from "../runner/src/driver-process.ts";
import { KIT, baselineOf, featuresSchema, loadScenarios, loadYaml, subjectsSchema } from "../runner/src/load.ts";
import { casesOf } from "../runner/src/run-all.ts";

const ROOT = path.join(KIT, "..");
const scenarios = loadScenarios();
const features = loadYaml("features.yaml", featuresSchema);
const subjects = loadYaml("subjects.yaml", subjectsSchema);

/** Clause to what spec/PROTOCOL.md says of it in its "kept" column. */
const clauses = new Map(
  readFileSync(path.join(ROOT, "spec/PROTOCOL.md"), "utf8")
    .split("\n")
    .flatMap((line) => {
      const [, id, , kept] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
      return id !== undefined && /^[a-z]+-\d+$/.test(id) ? [[id, kept ?? ""] as const] : [];
    }),
);

describe("clauses and scenarios", () => {
  it("finds the clauses of the contract", () => {
    expect(clauses.size).toBeGreaterThan(60);
  });

  it.each([...clauses.keys()])("%s is proven by a scenario", (clause) => {
    expect(scenarios.filter((scenario) => scenario.clauses.includes(clause)).length).toBeGreaterThan(0);
  });

  it.each(scenarios.map(({ id, clauses: cited }) => [id, cited] as const))(
    "%s cites clauses that exist",
    (_id, cited) => {
      expect(cited.filter((clause) => !clauses.has(clause))).toEqual([]);
    },
  );

  it("proves a clause of the runtime on a runtime, and every other one on an SDK", () => {
    for (const { id, target, clauses: cited } of scenarios) {
      const isOfRuntime = cited.some((clause) => clause.startsWith("rt-"));
      expect([id, target]).toEqual([id, isOfRuntime ? "runtime" : "sdk"]);
    }
  });

  it("has no clause that is not kept", () => {
    expect([...clauses].filter(([, kept]) => !kept.startsWith("yes"))).toEqual([]);
  });

  it("checks something in every scenario", () => {
    const checks = /"(see|absent|noReply|quiet|unsettled|count|closed|ordered|fuzz|reply|expect|before|after)":/;
    for (const { id, steps } of scenarios) expect([id, checks.test(JSON.stringify(steps))]).toEqual([id, true]);
  });
});

describe("the rule of one change", () => {
  const used = new Set(scenarios.flatMap(({ needs }) => needs));
  const transports = new Set(
    scenarios.flatMap((scenario) => casesOf(scenario)).map(({ transport }) => `transport-${transport}`),
  );

  it("names every feature that a scenario needs, and none that no scenario needs", () => {
    const wanted = [...used, "transport-ws", "transport-stdio"].toSorted();
    expect(Object.keys(features).toSorted()).toEqual(wanted);
    expect([...transports].toSorted()).toEqual(["transport-stdio", "transport-tcp", "transport-ws"]);
  });

  it.each(Object.entries(features))("%s has clauses and a document that tells of it", (name, feature) => {
    expect(feature.clauses.filter((clause) => !clauses.has(clause))).toEqual([]);
    const text = readFileSync(path.join(ROOT, feature.docs), "utf8");
    expect(text).toContain(feature.word ?? name);
  });

  const ours = Object.entries(subjects).filter(([, subject]) => subject.kind === "sdk" && subject.isOurs);
  it.each(ours)("%s has every feature, or says why not", async (name, subject) => {
    const command = wordsOf(subject.command).map((word) => (word === "node" ? process.execPath : word));
    const driver = new DriverProcess(command, {}, ROOT);
    const hello = await driver.hello();
    await driver.end();
    const { failing, missing } = baselineOf(name, subject);
    expect([...hello.features, ...Object.keys(missing)].toSorted()).toEqual(Object.keys(features).toSorted());
    expect(failing).toEqual({});
  });

  it("knows every SDK that the project has", () => {
    const folder = path.join(ROOT, "sdks");
    const languages = existsSync(folder) ? readdirSync(folder) : [];
    expect(languages.filter((language) => subjects[language] === undefined)).toEqual([]);
  });

  it("has a baseline only for subjects that exist, naming only scenarios that exist", () => {
    const ids = new Set(scenarios.flatMap((scenario) => casesOf(scenario)).map(({ id }) => id));
    for (const file of readdirSync(path.join(KIT, "baselines"))) {
      expect([file, subjects[file.replace(/\.yaml$/, "")] !== undefined]).toEqual([file, true]);
    }
    for (const [name, subject] of Object.entries(subjects)) {
      expect(Object.keys(baselineOf(name, subject).failing).filter((id) => !ids.has(id))).toEqual([]);
    }
  });
});

describe("mutants", () => {
  const mutants = parse(readFileSync(path.join(KIT, "mutants/mutants.yaml"), "utf8")) as {
    id: string;
    kills: string[];
    lesson?: number;
    patches: { file: string; find: string }[];
  }[];

  it.each(mutants)("$id finds the text that it replaces, once", ({ patches }) => {
    for (const { file, find } of patches) {
      expect(readFileSync(path.join(ROOT, file), "utf8").split(find)).toHaveLength(2);
    }
  });

  it("are at least 25, each with scenarios that exist and are for SDKs", () => {
    const ids = new Set(scenarios.filter(({ target }) => target === "sdk").map(({ id }) => id));
    expect(mutants.length).toBeGreaterThanOrEqual(25);
    expect(new Set(mutants.map(({ id }) => id)).size).toBe(mutants.length);
    for (const { id, kills } of mutants) expect([id, kills.filter((scenario) => !ids.has(scenario))]).toEqual([id, []]);
  });

  it("stand for each of the nine defects of earlier implementations", () => {
    const lessons = new Set(mutants.flatMap(({ lesson }) => (lesson === undefined ? [] : [lesson])));
    expect([...lessons].toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
