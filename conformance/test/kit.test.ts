// The kit has to be able to fail: drivers that break the protocol, SDKs that do nothing, baselines that lie.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { afterAll, describe, expect, it } from "vitest";
import { judge } from "../runner/src/baseline.ts";
import { KIT } from "../runner/src/load.ts";
import type { Result, Run } from "../runner/src/run-all.ts";

const folder = mkdtempSync(path.join(tmpdir(), "kit-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly lastLine: string;
}

/** Runs the runner, as `npm run conformance --` does. */
function conformance(...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [path.join(KIT, "runner/dist/main.js"), ...args],
      { cwd: path.join(KIT, "..") },
      (error, stdout, stderr) => {
        const text = stdout + stderr;
        resolve({
          code: error === null ? 0 : Number(error.code),
          stdout: text,
          lastLine: text.trimEnd().split("\n").at(-1) ?? "",
        });
      },
    );
  });
}

function driver(name: string, source: string): string {
  const file = path.join(folder, `${name}.mjs`);
  writeFileSync(file, source);
  return `node ${file}`;
}

const LOOP = `
import { createInterface } from "node:readline";
const say = (line) => process.stdout.write(line + "\\n");
const hello = { name: "toy", version: "1", language: "none", features: FEATURES };
createInterface({ input: process.stdin }).on("line", (line) => {
  const { seq, verb } = JSON.parse(line);
  if (verb === "hello") return say(JSON.stringify({ seq, ok: hello }));
  ANSWER
});`;
const toy = (name: string, features: readonly string[], answer: string): string =>
  driver(name, LOOP.replace("FEATURES", JSON.stringify(features)).replace("ANSWER", answer));

describe("a run", () => {
  it("ends with the counts, and with exit code 0 when everything holds", async () => {
    const { code, lastLine } = await conformance("ts", "--id", "entry/error");
    expect([code, lastLine]).toEqual([0, "1 passed, 0 failed, 0 skipped"]);
  });

  it("writes its results as JSON", async () => {
    const file = path.join(folder, "results.json");
    await conformance("ts", "--id", "entry-6", "--json", file);
    const { hello, results } = JSON.parse(readFileSync(file, "utf8")) as { hello: object; results: object[] };
    expect(hello).toMatchObject({ name: "@narthex/sdk", language: "TypeScript" });
    expect(results).toMatchObject([{ id: "entry/error-reaches-the-caller", clauses: ["entry-6"], verdict: "passed" }]);
  });

  it("fails for an SDK that says yes and does nothing", async () => {
    const command = toy("nothing", ["cloud-sessions"], `say(JSON.stringify({ seq, ok: {} }));`);
    const { code, lastLine } = await conformance(command, "--id", "entry/error");
    expect([code, lastLine]).toEqual([1, "0 passed, 1 failed, 0 skipped"]);
  }, 60_000);

  it("skips what the SDK does not claim to have, and only that", async () => {
    const command = toy("nothing-claimed", [], `say(JSON.stringify({ seq, ok: {} }));`);
    const { lastLine } = await conformance(command, "--id", "entry/error");
    expect(lastLine).toBe("0 passed, 0 failed, 1 skipped");
  });

  it.each([
    ["that answers something that is no answer", `say("hello world");`, /stdout is for answers only/],
    ["that answers under another number", `say(JSON.stringify({ seq: 999, ok: {} }));`, /answers nothing/],
    ["that says it is broken", `say(JSON.stringify({ seq, broken: "no idea" }));`, /no idea/],
    ["that ends", `process.exit(3);`, /exit code 3/],
    [
      "that claims a feature and then does not have it",
      `say(JSON.stringify({ seq, unsupported: "cloud-sessions" }));`,
      /cannot do/,
    ],
  ])("fails for a driver %s", async (name, answer, text) => {
    const command = toy(name.replaceAll(" ", "-"), ["cloud-sessions"], answer);
    const { code, stdout } = await conformance(command, "--id", "entry/error");
    expect(code).not.toBe(0);
    expect(stdout).toMatch(text);
  });

  it.each([
    [["nobody-knows-this"], /no driver "nobody-knows-this"/],
    [["ts", "--id", "no/such"], /No scenario/],
    [["ts", "--seed", "x"], /whole number/],
    [["ts", "--colour"], /colour/],
  ])("refuses %j with exit code 2", async (args, text) => {
    const { code, stdout } = await conformance(...args);
    expect(code).toBe(2);
    expect(stdout).toMatch(text);
  });
});

describe("a baseline", () => {
  const result = (id: string, verdict: Result["verdict"]): Result => ({
    id,
    clauses: ["x-1"],
    verdict,
    detail: "",
    ms: 1,
  });
  const run = (results: readonly Result[], features: readonly string[] = []): Run => ({
    name: "toy",
    hello: { name: "toy", version: "1", language: "x", features: [...features] },
    results,
  });
  const failing = { "a/known": "a reason that is long enough" };

  it("covers a failure that it names", () => {
    const { complaints, results } = judge(run([result("a/known", "failed")]), { failing, missing: {} }, true);
    expect(complaints).toEqual([]);
    expect(results[0]?.known).toMatch(/reason/);
  });

  it.each([
    [
      "a failure that it does not name",
      run([result("a/known", "failed"), result("a/new", "failed")]),
      ["a/new failed"],
    ],
    ["an entry that passes", run([result("a/known", "passed")]), [expect.stringContaining("stale")]],
    ["an entry that is skipped", run([result("a/known", "skipped")]), [expect.stringContaining("stale")]],
    ["an entry without a scenario", run([]), [expect.stringContaining("no scenario a/known")]],
  ])("complains of %s", (_name, done, wanted) => {
    expect(judge(done, { failing, missing: {} }, true).complaints).toEqual(wanted);
  });

  it("complains of a missing feature that is there", () => {
    const missing = { requests: "a reason that is long enough" };
    expect(judge(run([], ["requests"]), { failing: {}, missing }, true).complaints).toHaveLength(1);
  });
});
