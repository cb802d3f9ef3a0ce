import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BoundedOutput, cutMiddle } from "./bounded-output.ts";

describe("BoundedOutput", () => {
  it("keeps short text as it is", () => {
    expect(cutMiddle("abc", 3)).toBe("abc");
  });

  it("keeps both ends and says how much is missing", () => {
    expect(cutMiddle("aaaaabbbbbccccc", 10)).toBe("aaaaa\n[… 5 characters cut …]\nccccc");
  });

  it("does not leave half characters behind", () => {
    expect(cutMiddle("😀".repeat(10), 10)).toBe("😀😀\n[… 12 characters cut …]\n😀😀");
  });

  it("gives the same text however it is split into pieces, and accounts for every character", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 30 })), fc.integer({ min: 2, max: 40 }), (pieces, maxChars) => {
        const output = new BoundedOutput(maxChars);
        for (const piece of pieces) output.add(piece);
        const whole = pieces.join("");
        expect(output.toString()).toBe(cutMiddle(whole, maxChars));
        const cut = /\n\[… (\d+) characters cut …\]\n/.exec(output.toString());
        if (cut === null || whole.length <= maxChars) expect(output.toString()).toBe(whole);
        else expect(output.toString().length - cut[0].length + Number(cut[1])).toBe(whole.length);
      }),
    );
  });
});
