// npm run conformance:matrix: clauses × subjects, pass, fail or skip, into conformance/MATRIX.md.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { judge, type Judgement } from "./baseline.ts";
import { KitError } from "./kit-error.ts";
import { KIT, baselineOf, loadScenarios, loadYaml, subjectsSchema, type SubjectEntry } from "./load.ts";
import { summaryOf } from "./report.ts";
import { runAll, type Run } from "./run-all.ts";

interface Column {
  readonly title: string;
  readonly kind: SubjectEntry["kind"];
  readonly run: Run;
  readonly judgement: Judgement;
}

const MARK = { passed: "pass", failed: "**fail**", skipped: "skip" } as const;

/** Id and words of each clause, in the order of the document. */
function clausesOf(file: string): { id: string; text: string }[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line) => {
      const [, id, text] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
      return id !== undefined && /^[a-z]+-\d+$/.test(id) ? [{ id, text: text ?? "" }] : [];
    });
}

/** A clause fails with any of its scenarios; it is skipped only when none could be run. */
function cellOf(column: Column, clause: string): string {
  const verdicts = column.run.results.filter(({ clauses }) => clauses.includes(clause)).map(({ verdict }) => verdict);
  if (verdicts.length === 0) return "–";
  const passed = verdicts.filter((verdict) => verdict === "passed").length;
  if (verdicts.includes("failed")) return passed === 0 ? MARK.failed : `${MARK.failed} (${passed}/${verdicts.length})`;
  return passed === 0 ? MARK.skipped : MARK.passed;
}

function tableOf(columns: readonly Column[], clauses: readonly { id: string; text: string }[]): string {
  const rows = clauses
    .filter(({ id }) => columns.some((column) => cellOf(column, id) !== "–"))
    .map(({ id, text }) => `| ${id} | ${text} | ${columns.map((column) => cellOf(column, id)).join(" | ")} |`);
  const titles = columns.map(({ title, run }) => `${title} ${run.hello.version}`.trim());
  return [
    `| clause | | ${titles.join(" | ")} |`,
    `| --- | --- | ${titles.map(() => "---").join(" | ")} |`,
    ...rows,
  ].join("\n");
}

function pageOf(columns: readonly Column[]): string {
  const clauses = clausesOf(path.join(KIT, "../spec/PROTOCOL.md"));
  const sdks = columns.filter(({ kind }) => kind === "sdk");
  const runtimes = columns.filter(({ kind }) => kind === "runtime");
  const totals = columns.map(
    ({ title, run }) => `| ${title} | ${run.hello.version || "–"} | ${summaryOf(run.results)} |`,
  );
  return `# Conformance

Which clauses of the [contract](../spec/PROTOCOL.md) hold for which SDK and runtime, as the [kit](../docs/conformance.md) saw
it. Written by \`npm run conformance:matrix\`. A clause passes when all its scenarios do; *(2/3)* says how many of them passed
where one fails; it is skipped when it needs a feature that the SDK does not claim to have.

| subject | version | scenarios |
| --- | --- | --- |
${totals.join("\n")}

## SDKs

${tableOf(sdks, clauses)}

## Runtimes

${tableOf(runtimes, clauses)}

## Why the official SDK fails

Each failure with its reason stands in [baselines/official-ts.yaml](baselines/official-ts.yaml).
`;
}

async function main(): Promise<number> {
  const subjects = loadYaml("subjects.yaml", subjectsSchema);
  const scenarios = loadScenarios();
  const columns: Column[] = [];
  for (const [name, subject] of Object.entries(subjects)) {
    console.log(`${name}: ${subject.title}`);
    const run = await runAll({ name, subject, scenarios });
    const judgement = judge(run, baselineOf(name, subject), true);
    console.log(`  ${summaryOf(run.results)}`);
    for (const complaint of judgement.complaints) console.log(`  ! ${complaint}`);
    columns.push({ title: subject.title, kind: subject.kind, run, judgement });
  }
  writeFileSync(path.join(KIT, "MATRIX.md"), pageOf(columns));
  return columns.every(({ judgement }) => judgement.complaints.length === 0) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof KitError ? error.message : error);
  process.exitCode = 2;
}
