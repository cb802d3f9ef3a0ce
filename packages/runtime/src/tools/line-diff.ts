// The shortest way from one list of lines to another (Myers' greedy algorithm), with a bound on the work.

/** A run of lines: kept in both, taken away from the old, or added to the new. */
export interface DiffRun {
  readonly kind: "same" | "removed" | "added";
  readonly lines: readonly string[];
}

/** Differences beyond this are shown as "all old lines out, all new lines in". */
const MAX_DIFFERENCES = 1_000;

/** The differences between two lists of lines, in order. */
export function diffLines(oldLines: readonly string[], newLines: readonly string[]): DiffRun[] {
  let start = 0;
  while (start < oldLines.length && start < newLines.length && oldLines[start] === newLines[start]) start += 1;
  let end = 0;
  const room = Math.min(oldLines.length, newLines.length) - start;
  while (end < room && oldLines[oldLines.length - 1 - end] === newLines[newLines.length - 1 - end]) end += 1;
  const oldMiddle = oldLines.slice(start, oldLines.length - end);
  const newMiddle = newLines.slice(start, newLines.length - end);
  const runs: DiffRun[] = [
    { kind: "same", lines: oldLines.slice(0, start) },
    ...diffMiddle(oldMiddle, newMiddle),
    { kind: "same", lines: oldLines.slice(oldLines.length - end) },
  ];
  return runs.filter((run) => run.lines.length > 0);
}

function diffMiddle(oldLines: readonly string[], newLines: readonly string[]): DiffRun[] {
  const trace = oldLines.length === 0 || newLines.length === 0 ? undefined : findPath(oldLines, newLines);
  if (trace !== undefined) return walkBack(trace, oldLines, newLines);
  return [
    { kind: "removed", lines: oldLines },
    { kind: "added", lines: newLines },
  ];
}

/** For each number of differences, how far each diagonal reached before; undefined when the bound was hit. */
function findPath(oldLines: readonly string[], newLines: readonly string[]): Int32Array[] | undefined {
  const max = Math.min(oldLines.length + newLines.length, MAX_DIFFERENCES);
  const reach = new Int32Array(2 * max + 3);
  const trace: Int32Array[] = [];
  for (let differences = 0; differences <= max; differences += 1) {
    trace.push(reach.slice(max + 1 - differences - 1, max + 1 + differences + 2));
    for (let diagonal = -differences; diagonal <= differences; diagonal += 2) {
      const at = max + 1 + diagonal;
      let x = stepsDown(reach, at, diagonal, differences) ? (reach[at + 1] ?? 0) : (reach[at - 1] ?? 0) + 1;
      while (x < oldLines.length && x - diagonal < newLines.length && oldLines[x] === newLines[x - diagonal]) x += 1;
      reach[at] = x;
      if (x >= oldLines.length && x - diagonal >= newLines.length) return trace;
    }
  }
  return undefined;
}

/** Adding a line (a step down) gets further on this diagonal than removing one. */
function stepsDown(reach: Int32Array, at: number, diagonal: number, differences: number): boolean {
  return diagonal === -differences || (diagonal !== differences && (reach[at - 1] ?? 0) < (reach[at + 1] ?? 0));
}

function walkBack(trace: readonly Int32Array[], oldLines: readonly string[], newLines: readonly string[]): DiffRun[] {
  const steps: { kind: DiffRun["kind"]; line: string }[] = [];
  let x = oldLines.length;
  let y = newLines.length;
  for (let differences = trace.length - 1; differences >= 0; differences -= 1) {
    const reach = trace[differences] ?? new Int32Array();
    const diagonal = x - y;
    const at = diagonal + differences + 1;
    const isDown = stepsDown(reach, at, diagonal, differences);
    const fromX = differences === 0 ? 0 : (reach[isDown ? at + 1 : at - 1] ?? 0);
    const fromY = differences === 0 ? 0 : fromX - (isDown ? diagonal + 1 : diagonal - 1);
    const cornerX = isDown ? fromX : fromX + 1;
    while (x > cornerX) {
      x -= 1;
      y -= 1;
      steps.push({ kind: "same", line: oldLines[x] ?? "" });
    }
    if (differences === 0) break;
    steps.push(
      isDown ? { kind: "added", line: newLines[fromY] ?? "" } : { kind: "removed", line: oldLines[fromX] ?? "" },
    );
    x = fromX;
    y = fromY;
  }
  return joinSteps(steps.toReversed());
}

function joinSteps(steps: readonly { kind: DiffRun["kind"]; line: string }[]): DiffRun[] {
  const runs: { kind: DiffRun["kind"]; lines: string[] }[] = [];
  for (const step of steps) {
    const last = runs.at(-1);
    if (last?.kind === step.kind) last.lines.push(step.line);
    else runs.push({ kind: step.kind, lines: [step.line] });
  }
  return runs;
}
