// The table at the end.
import type { StageResult } from "./stage.ts";

const COLUMNS = ["fault", "sessions", "strikes", "prompts", "events", "lost", "duplicated", "other"] as const;

export function tableOf(results: readonly StageResult[]): string {
  const rows = results.map(({ fault, sessions, strikes, prompts, events, harms }) =>
    [fault, sessions, strikes, prompts, events, harms.lost, harms.duplicated, harms.other].map(String),
  );
  const total = COLUMNS.slice(1).map((_, index) => rows.reduce((sum, row) => sum + Number(row[index + 1]), 0));
  const all = [[...COLUMNS], ...rows, ["total", ...total.map(String)]];
  const widths = COLUMNS.map((_, index) => Math.max(...all.map((row) => row[index]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0))).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  const [head = [], ...body] = all;
  return [line(head), rule, ...body.map(line)].join("\n");
}

/** Did every law hold? */
export function isClean(results: readonly StageResult[]): boolean {
  return results.every(({ harms }) => harms.lost + harms.duplicated + harms.other === 0);
}
