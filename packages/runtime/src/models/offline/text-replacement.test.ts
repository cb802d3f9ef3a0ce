import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planReplacement } from "./text-replacement.ts";

const text = fc.string({ unit: fc.constantFrom("a", "b", "\n"), maxLength: 40 });

describe("planReplacement", () => {
  it("gives one edit with a text that occurs once and whose effect is the whole replacement", () => {
    const part = fc.string({ unit: fc.constantFrom("a", "b", "\n"), minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(
        text,
        part,
        fc.string({ unit: fc.constantFrom("a", "x", "$&", "\n"), maxLength: 3 }),
        (content, oldText, newText) => {
          const edit = planReplacement(content, oldText, newText);
          if (!content.includes(oldText)) {
            expect(edit).toBeUndefined();
            return;
          }
          const at = content.indexOf(edit!.oldText);
          expect(at).toBeGreaterThanOrEqual(0);
          expect(content.indexOf(edit!.oldText, at + 1)).toBe(-1);
          const after = content.slice(0, at) + edit!.newText + content.slice(at + edit!.oldText.length);
          expect(after).toBe(content.split(oldText).join(newText));
          expect(edit!.occurrences).toBe(content.split(oldText).length - 1);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it("takes no more of the file than it needs", () => {
    expect(planReplacement("1\n2 x\n3\n4 x\n5\n", "x", "y")).toEqual({
      oldText: "2 x\n3\n4 x",
      newText: "2 y\n3\n4 y",
      occurrences: 2,
      lines: [2, 4],
    });
  });
});
