import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { analyzeShellCommand } from "../../src/tools/shell-command.ts";
import { parseShellLine } from "../../src/tools/shell-parser.ts";
import { temporaryFolder } from "../workspace/temporary-folder.ts";

// Real bash is the judge: every program is a function that writes its name and arguments down, and every line runs in
// its own subshell in an empty folder, without globs.
const PROGRAMS = ["ls", "cat", "sort", "rm", "uniq", "find"];
const JUDGE = `
${PROGRAMS.map((name) => `${name}() { printf '%s\\0' ${name} "$@" @end >&9; }`).join("\n")}
command_not_found_handle() { printf '%s\\0' "$@" @end >&9; }
exec 9>&1 1>/dev/null 2>/dev/null </dev/null
set -f
for line in "$@"; do
  ( eval "$line"; wait )
  printf '%s\\0' @line >&9
done
`;

/** What bash ran for each line: lists of words. */
function runInBash(folder: string, lines: readonly string[]): string[][][] {
  // A home called "~" makes the expansion of a tilde the word itself.
  const env = { PATH: "/nonexistent", LC_ALL: "C.UTF-8", HOME: "~" };
  const output = execFileSync("/bin/bash", ["-c", JUDGE, "judge", ...lines], {
    cwd: folder,
    encoding: "utf8",
    env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 20_000,
  });
  const perLine: string[][][] = [[]];
  let words: string[] = [];
  for (const word of output.split("\0").slice(0, -1)) {
    if (word === "@line") {
      perLine.push([]);
      words = [];
    } else if (word === "@end") {
      perLine.at(-1)?.push(words);
      words = [];
    } else words.push(word);
  }
  return perLine.slice(0, -1);
}

const piece = fc.constantFrom(
  ...PROGRAMS,
  "-o",
  "-la",
  "a",
  "b.txt",
  "*",
  "?",
  "[x]",
  " ",
  " ",
  " ",
  " ",
  "  ",
  "\t",
  "\n",
  ";",
  "|",
  "||",
  "&&",
  "&",
  "|&",
  "(",
  ")",
  "'",
  '"',
  "\\",
  "\\\n",
  "$x",
  "`",
  "$(",
  "{",
  "}",
  "{a,b}",
  "!",
  "#",
  "=",
  "A=1 ",
  "2>&1",
  "1>&2",
  ">/dev/null",
  "2> /dev/null",
  "&>/dev/null",
  "<",
  "<<",
  "<<<",
  "<(",
  "<&",
  ">&",
  "<>",
  ">|",
  "1",
  "~",
  "-",
  "--",
  "if ",
  "then ",
  "fi",
  "é",
);

describe("parseShellLine", () => {
  it("names, for every line it calls clear, all commands that bash really runs, with the same words", async () => {
    const folder = await temporaryFolder();
    const lines = fc.sample(
      fc.array(piece, { minLength: 2, maxLength: 14 }).map((parts) => parts.join("")),
      {
        numRuns: 3_000,
        seed: 7,
      },
    );
    const clear = lines.filter((line) => parseShellLine(line).isClear && analyzeShellCommand(line).isClear);
    expect(clear.length).toBeGreaterThan(400);
    const ran = runInBash(folder, clear);
    for (const [i, line] of clear.entries()) {
      const parsed = parseShellLine(line).commands.map((command) =>
        JSON.stringify(command.words.map((word) => word.text)),
      );
      for (const words of ran[i] ?? [])
        expect({ line, parsed }).toEqual({ line, parsed: expect.arrayContaining([JSON.stringify(words)]) });
    }
  });

  it("never calls a line read-only in which bash runs something that writes", async () => {
    const folder = await temporaryFolder();
    const lines = fc.sample(
      fc
        .array(fc.oneof(piece, fc.constantFrom(" rm ", " rm x", "> made", ">made", ">> made ", " sort -o x ")), {
          minLength: 2,
          maxLength: 12,
        })
        .map((parts) => parts.join("")),
      { numRuns: 25_000, seed: 11 },
    );
    const readOnly = lines.filter((line) => {
      const { commands, hasWriteFileRedirection } = analyzeShellCommand(line);
      return commands.length > 0 && !hasWriteFileRedirection && commands.every((command) => command.readOnly);
    });
    expect(readOnly.length).toBeGreaterThan(50);
    const ran = runInBash(folder, readOnly);
    for (const [i, line] of readOnly.entries()) {
      const writing = (ran[i] ?? []).filter(
        (words) => words[0] === "rm" || (words[0] === "sort" && words.includes("-o")),
      );
      expect({ line, writing }).toEqual({ line, writing: [] });
    }
    expect(readdirSync(folder)).toEqual([]);
  });
});
