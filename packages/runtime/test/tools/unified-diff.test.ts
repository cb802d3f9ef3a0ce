import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unifiedDiff } from "../../src/tools/unified-diff.ts";
import { temporaryFolder } from "../workspace/temporary-folder.ts";

const text = fc
  .tuple(fc.array(fc.constantFrom("a", "b", "c", "", "d d"), { maxLength: 30 }), fc.boolean())
  .map(([lines, endsOpen]) => lines.join("\n") + (endsOpen || lines.length === 0 ? "" : "\n"));

describe("unifiedDiff", () => {
  it("shows changed lines with three lines around them", () => {
    const lines = (letters: string): string =>
      letters
        .split("")
        .map((letter) => `${letter}\n`)
        .join("");
    expect(unifiedDiff("src/a.txt", lines("abcdefghij"), lines("abcdeXghij"))).toBe(
      "--- a/src/a.txt\n+++ b/src/a.txt\n@@ -3,7 +3,7 @@\n c\n d\n e\n-f\n+X\n g\n h\n i\n",
    );
    expect(unifiedDiff("new file.txt", undefined, "x")).toBe(
      "--- /dev/null\n+++ b/new file.txt\t\n@@ -0,0 +1 @@\n+x\n\\ No newline at end of file\n",
    );
    expect(unifiedDiff("a", "x", "x")).toBe("");
  });

  it("turns the old text into the new when git applies it", async () => {
    const folder = await temporaryFolder();
    fc.assert(
      fc.property(text, text, (before, after) => {
        fc.pre(before !== after && before !== "" && after !== "");
        writeFileSync(join(folder, "f"), before);
        const diff = unifiedDiff("f", before, after);
        execFileSync("git", ["apply", "--whitespace=nowarn", "-"], { cwd: folder, input: diff });
        expect(readFileSync(join(folder, "f"), "utf8")).toBe(after);
      }),
      { numRuns: 150 },
    );
  });

  it("finds no more changed lines than git does", async () => {
    const folder = await temporaryFolder();
    const changed = (diff: string): number => diff.split("\n").filter((line) => /^[+-](?![+-]{2} )/.test(line)).length;
    fc.assert(
      fc.property(text, text, (before, after) => {
        writeFileSync(join(folder, "x"), before);
        writeFileSync(join(folder, "y"), after);
        let git = "";
        try {
          git = execFileSync("git", ["diff", "--no-index", "--minimal", "x", "y"], {
            cwd: folder,
            encoding: "utf8",
            stdio: "pipe",
          });
        } catch (error) {
          git = String((error as { stdout: unknown }).stdout); // exit code 1: they differ
        }
        expect(changed(unifiedDiff("x", before, after))).toBeLessThanOrEqual(changed(git));
      }),
      { numRuns: 60 },
    );
  });

  it("stays quick and correct where nearly every line differs", () => {
    const before = Array.from({ length: 20_000 }, (_, i) => `old ${i}\n`).join("");
    const after = Array.from({ length: 20_000 }, (_, i) => (i % 1_000 === 0 ? `old ${i}\n` : `new ${i}\n`)).join("");
    const diff = unifiedDiff("f", before, after);
    expect(diff.split("\n").filter((line) => line.startsWith("+new")).length).toBe(19_980);
  });
});
