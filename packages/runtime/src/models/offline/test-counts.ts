// Reading how many tests passed and failed out of a test runner's output.

/** Numbers found in the output; each only when the runner gives it. */
export interface TestCounts {
  readonly runner: string;
  readonly passed?: number;
  readonly failed?: number;
  readonly skipped?: number;
  /** Tests that could not be set up or torn down. */
  readonly errors?: number;
}

interface Reader {
  readonly runner: string;
  readonly passed?: RegExp;
  readonly failed?: RegExp;
  readonly skipped?: RegExp;
  readonly errors?: RegExp;
}

const NUMBERS = ["passed", "failed", "skipped", "errors"] as const;

// The first capture is the number. A reader applies when `passed` or `failed` is found; numbers of several lines (one per
// package or crate) are added up.
const READERS: readonly Reader[] = [
  {
    runner: "vitest",
    passed: /^\s*Tests\s+(?:.*?\| )?(\d+) passed/gm,
    failed: /^\s*Tests\s+(\d+) failed/gm,
    skipped: /^\s*Tests\s+.*?(\d+) skipped/gm,
  },
  {
    runner: "jest",
    passed: /^Tests:.*?(\d+) passed/gm,
    failed: /^Tests:.*?(\d+) failed/gm,
    skipped: /^Tests:.*?(\d+) skipped/gm,
  },
  {
    runner: "node --test",
    passed: /^(?:#|ℹ) pass (\d+)/gm,
    failed: /^(?:#|ℹ) fail (\d+)/gm,
    skipped: /^(?:#|ℹ) skipped (\d+)/gm,
  },
  { runner: "mocha", passed: /^\s+(\d+) passing/gm, failed: /^\s+(\d+) failing/gm, skipped: /^\s+(\d+) pending/gm },
  {
    runner: "cargo test",
    passed: /^test result: .*?(\d+) passed/gm,
    failed: /^test result: .*?(\d+) failed/gm,
    skipped: /^test result: .*?(\d+) ignored/gm,
  },
  {
    runner: "pytest",
    passed: /^(?:=+ )?(?:.*, )?(\d+) passed\b.* in [\d.]+/gm,
    failed: /^(?:=+ )?(?:.*, )?(\d+) failed\b.* in [\d.]+/gm,
    skipped: /^(?:=+ )?(?:.*, )?(\d+) skipped\b.* in [\d.]+/gm,
    errors: /^(?:=+ )?(?:.*, )?(\d+) errors?\b.* in [\d.]+/gm,
  },
  { runner: "rspec", passed: /^(\d+) examples?, 0 failures/gm, failed: /^\d+ examples?, ([1-9]\d*) failures?/gm },
  { runner: "phpunit", passed: /^OK \((\d+) tests?/gm, failed: /^Tests: .*Failures: (\d+)/gm },
];

/** The counts in an output; undefined when no known form is in it. */
export function readTestCounts(output: string): TestCounts | undefined {
  // oxlint-disable-next-line no-control-regex -- the escape sequences of colours
  const plain = output.replace(/\u001b\[[0-9;]*m/g, "");
  for (const reader of READERS) {
    const numbers = NUMBERS.flatMap((name) => {
      const number = total(plain, reader[name]);
      return number === undefined ? [] : [[name, number] as const];
    });
    if (numbers.some(([name]) => name !== "skipped")) return { runner: reader.runner, ...Object.fromEntries(numbers) };
  }
  return goCounts(plain) ?? ranAndFailed(plain);
}

function total(text: string, pattern: RegExp | undefined): number | undefined {
  if (pattern === undefined) return undefined;
  const numbers = [...text.matchAll(pattern)].map((match) => Number(match[1]));
  return numbers.length === 0 ? undefined : numbers.reduce((sum, number) => sum + number, 0);
}

/** `go test` counts packages unless it is told to be verbose. */
function goCounts(text: string): TestCounts | undefined {
  const lines = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
  const verbose = {
    passed: lines(/^\s*--- PASS: /gm),
    failed: lines(/^\s*--- FAIL: /gm),
    skipped: lines(/^\s*--- SKIP: /gm),
  };
  if (verbose.passed > 0) return { runner: "go test", ...verbose };
  const packages = { passed: lines(/^ok\s+\S+\s/gm), failed: lines(/^FAIL\s+\S+\s/gm) };
  return packages.passed + packages.failed === 0 ? undefined : { runner: "go test (packages)", ...packages };
}

/** unittest and JUnit say how many ran and how many of those failed. */
function ranAndFailed(text: string): TestCounts | undefined {
  const unittest = /^Ran (\d+) tests? in /m.exec(text);
  if (unittest !== null) {
    const failed = Number(/failures=(\d+)/.exec(text)?.[1] ?? 0) + Number(/errors=(\d+)/.exec(text)?.[1] ?? 0);
    return { runner: "unittest", passed: Number(unittest[1]) - failed, failed };
  }
  const junit = [...text.matchAll(/Tests run: (\d+), Failures: (\d+), Errors: (\d+), Skipped: (\d+)/g)].at(-1);
  if (junit === undefined) return undefined;
  const [ran = 0, failures = 0, errors = 0, skipped = 0] = junit.slice(1).map(Number);
  return { runner: "JUnit", passed: ran - failures - errors - skipped, failed: failures + errors, skipped };
}
