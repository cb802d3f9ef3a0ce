import { describe, expect, it } from "vitest";
import { readTestCounts } from "./test-counts.ts";

describe("readTestCounts", () => {
  it.each([
    [
      " Test Files  1 failed | 3 passed (4)\n      Tests  1 failed | 88 passed | 2 skipped (91)\n",
      { runner: "vitest", passed: 88, failed: 1, skipped: 2 },
    ],
    ["\u001b[32m      Tests  5 passed (5)\u001b[39m", { runner: "vitest", passed: 5 }],
    ["      Tests  \u001b[32m5 passed\u001b[39m (5)", { runner: "vitest", passed: 5 }],
    [
      "Tests:       1 failed, 2 skipped, 3 passed, 6 total\nSnapshots:   0 total",
      { runner: "jest", passed: 3, failed: 1, skipped: 2 },
    ],
    ["# tests 3\n# pass 2\n# fail 1\n# skipped 0\n", { runner: "node --test", passed: 2, failed: 1, skipped: 0 }],
    ["ℹ tests 3\nℹ pass 3\nℹ fail 0\n", { runner: "node --test", passed: 3, failed: 0 }],
    ["  12 passing (3s)\n  1 failing\n", { runner: "mocha", passed: 12, failed: 1 }],
    [
      "test result: ok. 5 passed; 0 failed; 1 ignored;\n\ntest result: FAILED. 2 passed; 3 failed; 0 ignored;",
      { runner: "cargo test", passed: 7, failed: 3, skipped: 1 },
    ],
    ["=== 2 failed, 5 passed, 1 skipped in 0.12s ===", { runner: "pytest", passed: 5, failed: 2, skipped: 1 }],
    [
      "8 failed, 380 passed, 14 skipped, 1 xfailed, 7 warnings, 204 errors in 35.71s",
      { runner: "pytest", passed: 380, failed: 8, skipped: 14, errors: 204 },
    ],
    ["3 passed in 0.01s", { runner: "pytest", passed: 3 }],
    ["Ran 5 tests in 0.001s\n\nFAILED (failures=1, errors=1)", { runner: "unittest", passed: 3, failed: 2 }],
    ["Ran 1 test in 0.001s\n\nOK", { runner: "unittest", passed: 1, failed: 0 }],
    [
      "ok  \texample.test/a\t0.2s\nFAIL\texample.test/b\t0.1s\nFAIL\n",
      { runner: "go test (packages)", passed: 1, failed: 1 },
    ],
    ["--- PASS: TestA (0.00s)\n--- FAIL: TestB (0.00s)\n", { runner: "go test", passed: 1, failed: 1, skipped: 0 }],
    ["[INFO] Tests run: 9, Failures: 1, Errors: 1, Skipped: 2", { runner: "JUnit", passed: 5, failed: 2, skipped: 2 }],
    ["OK (4 tests, 9 assertions)", { runner: "phpunit", passed: 4 }],
    ["4 examples, 0 failures", { runner: "rspec", passed: 4 }],
    ["all good", undefined],
  ])("reads %j", (output, expected) => {
    expect(readTestCounts(output)).toEqual(expected);
  });
});
