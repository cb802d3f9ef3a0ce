// Rules that the linter has no words for: errors have codes, tests are not switched off, layers are not silenced.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";

const RULES = [
  {
    what: "a bare error: throw a NarthexError with a code",
    pattern: /\bthrow new (?:Type|Range)?Error\(/,
    files: /^packages\/[^/]+\/src\/(?!.*\.test\.ts$).*\.ts$/,
  },
  {
    what: "a test that is switched off or runs alone",
    pattern: /\b(?:it|test|describe)\.(?:only|skip|todo)\(/,
    files: /\.(?:test|spec)\.ts$/,
  },
  { what: "a silenced layer rule", pattern: /oxlint-disable[^\n]*(?:import\/no-cycle|max-lines)/, files: /\.ts$/ },
  {
    what: "a left-over",
    pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/,
    files: /^(?:packages|bench|conformance)\/.*\.(?:ts|mjs)$/,
  },
  { what: "a file name that says nothing", pattern: /^/, files: /\/(?:utils?|helpers?|common|misc)\.ts$/ },
  {
    what: "a sleep in a test: wait for an event with a deadline",
    pattern: /await new Promise\(\s*\(?\w*\)?\s*=>\s*setTimeout\(\w+,\s*\d+\s*\)\s*\)/,
    files: /\.test\.ts$/,
  },
];

const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { encoding: "utf8" });
const files = listed.split("\n").filter((file) => file !== "" && existsSync(file) && !file.startsWith("tools/"));
let problems = 0;
for (const file of files) {
  const rules = RULES.filter((rule) => rule.files.test(file));
  if (rules.length === 0) continue;
  for (const [index, line] of readFileSync(file, "utf8").split("\n").entries()) {
    for (const rule of rules) {
      if (!rule.pattern.test(line)) continue;
      console.error(`${file}:${index + 1}: ${rule.what}`);
      problems += 1;
      if (rule.pattern.source === "^") break;
    }
  }
}
if (problems > 0) process.exit(1);
console.log(`source rules: ${files.length} files looked at`);
