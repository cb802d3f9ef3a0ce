// Glob patterns over relative paths: `*`, `?`, `[a-z]`, `{a,b}`, `**`. Matching takes time proportional to pattern times
// path at worst (the last star is the only place to go back to), so no pattern can stall the runtime.
import { invalidArguments } from "./arguments.ts";

const MAX_PATTERN_CHARS = 1_000;
const MAX_ALTERNATIVES = 64;

/** Tells whether a path (relative, with `/`) matches. */
export type PathMatcher = (path: string) => boolean;

/**
 * Compiles a pattern.
 * @throws {NarthexError} TOOL_ARGUMENTS_INVALID for a pattern that is absolute, climbs up, or is too large
 */
export function compileGlob(pattern: string): PathMatcher {
  const relative = pattern.replace(/^(?:\.\/+)+/, "");
  if (relative.length > MAX_PATTERN_CHARS)
    throw invalidArguments(`A pattern has at most ${MAX_PATTERN_CHARS} characters.`);
  if (relative.startsWith("/") || relative.split("/").includes("..")) {
    throw invalidArguments(
      `The pattern ${JSON.stringify(pattern)} leads out of the folder; use one relative to it, such as "src/**/*.ts".`,
    );
  }
  const alternatives = expandBraces(relative).map((alternative) => alternative.split("/").map(compileSegment));
  return (path) => {
    const steps = path.split("/");
    return alternatives.some((segments) => matchWild(segments, steps, (segment, step) => segment.matches(step)));
  };
}

interface Wild {
  /** True for something that stands for any run of items. */
  readonly isAnyRun: boolean;
}

interface Segment extends Wild {
  readonly matches: (step: string) => boolean;
}

interface CharTest extends Wild {
  readonly matches: (char: string) => boolean;
}

/** Do the items match, where some tests stand for any run of them? */
function matchWild<T extends Wild, I>(
  tests: readonly T[],
  items: readonly I[],
  matches: (test: T, item: I) => boolean,
): boolean {
  let at = 0;
  let lastRun = -1;
  let resumeAt = 0;
  let i = 0;
  while (i < items.length) {
    const test = tests[at];
    const item = items[i] as I;
    if (test?.isAnyRun === true) {
      lastRun = at;
      resumeAt = i;
      at += 1;
    } else if (test !== undefined && matches(test, item)) {
      at += 1;
      i += 1;
    } else if (lastRun !== -1) {
      at = lastRun + 1;
      resumeAt += 1;
      i = resumeAt;
    } else return false;
  }
  return tests.slice(at).every((test) => test.isAnyRun);
}

function compileSegment(text: string): Segment {
  if (text === "**") return { isAnyRun: true, matches: () => true };
  if (!/[*?[\\]/.test(text)) return { isAnyRun: false, matches: (step) => step === text };
  const tests = charTests(text);
  return { isAnyRun: false, matches: (step) => matchWild(tests, Array.from(step), (test, char) => test.matches(char)) };
}

function charTests(text: string): CharTest[] {
  const tests: CharTest[] = [];
  const chars = Array.from(text);
  for (let i = 0; i < chars.length; i += 1) {
    const char = chars[i] ?? "";
    const classEnd = char === "[" ? findClassEnd(chars, i) : -1;
    if (char === "*") tests.push({ isAnyRun: true, matches: () => true });
    else if (char === "?") tests.push({ isAnyRun: false, matches: () => true });
    else if (classEnd !== -1) {
      tests.push({ isAnyRun: false, matches: compileClass(chars.slice(i + 1, classEnd)) });
      i = classEnd;
    } else {
      const literal = char === "\\" && i + 1 < chars.length ? (chars[(i += 1)] ?? "") : char;
      tests.push({ isAnyRun: false, matches: (candidate) => candidate === literal });
    }
  }
  return tests;
}

/** The `]` that ends a class; one right at its start stands for itself. */
function findClassEnd(chars: readonly string[], start: number): number {
  const first = chars[start + 1] === "!" || chars[start + 1] === "^" ? start + 2 : start + 1;
  return chars.indexOf("]", first + 1);
}

function compileClass(chars: readonly string[]): (char: string) => boolean {
  const isNegated = chars[0] === "!" || chars[0] === "^";
  const members = isNegated ? chars.slice(1) : chars;
  const ranges: [string, string][] = [];
  for (let i = 0; i < members.length; i += 1) {
    const from = members[i] ?? "";
    const to = members[i + 1] === "-" ? members[i + 2] : undefined;
    ranges.push([from, to ?? from]);
    if (to !== undefined) i += 2;
  }
  return (char) => ranges.some(([from, to]) => from <= char && char <= to) !== isNegated;
}

function expandBraces(pattern: string): string[] {
  const done: string[] = [];
  const open = [pattern];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const group = /\{([^{}]*,[^{}]*)\}/.exec(next);
    if (group === null) done.push(next);
    else {
      const [before, after] = [next.slice(0, group.index), next.slice(group.index + group[0].length)];
      open.push(...(group[1] ?? "").split(",").map((choice) => before + choice + after));
    }
    if (done.length + open.length > MAX_ALTERNATIVES) {
      throw invalidArguments(`A pattern has at most ${MAX_ALTERNATIVES} alternatives in braces.`);
    }
  }
  return done;
}
