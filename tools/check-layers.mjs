// Which package may use which: compares every package.json, and every import, with the table of the architecture.
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import process from "node:process";

/** Package to the packages it may import. The arrows of docs/architecture.md are this table. */
const ALLOWED = {
  protocol: [],
  rpc: ["protocol"],
  sdk: ["protocol", "rpc"],
  engine: ["protocol"],
  runtime: ["protocol", "engine"],
  server: ["protocol", "rpc", "engine", "runtime"],
  cli: ["protocol", "rpc", "sdk", "engine", "runtime", "server"],
  testkit: ["protocol", "rpc"],
};
/** What tests may use beside it: any package, since they stand outside of the product. */
const TEST_FILE = /(\.test\.ts$)|(^packages\/[^/]+\/test\/)/;

const problems = [];
const nameOf = (specifier) => {
  const match = /^(?:@narthex\/([a-z]+)|(narthex))(?:\/|$)/.exec(specifier);
  return match === null ? undefined : (match[1] ?? "cli");
};

function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return ["node_modules", "dist"].includes(entry.name) ? [] : filesIn(file);
    return /\.(ts|tsx|mjs)$/.test(entry.name) ? [file] : [];
  });
}

for (const [name, allowed] of Object.entries(ALLOWED)) {
  const manifest = JSON.parse(readFileSync(`packages/${name}/package.json`, "utf8"));
  const declared = Object.keys(manifest.dependencies ?? {});
  for (const dependency of declared) {
    const target = nameOf(dependency);
    if (target !== undefined && !allowed.includes(target)) {
      problems.push(
        `packages/${name}/package.json depends on ${dependency}; ${name} may use: ${allowed.join(", ") || "nothing"}`,
      );
    }
  }
  for (const file of filesIn(`packages/${name}`)) {
    const text = readFileSync(file, "utf8");
    for (const match of text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
      const specifier = match[1];
      const target = nameOf(specifier);
      if (
        specifier.startsWith(".") &&
        !path.resolve(path.dirname(file), specifier).startsWith(path.resolve(`packages/${name}`) + path.sep)
      ) {
        problems.push(`${file} reaches into another package with ${specifier}: import it by name`);
      }
      if (target === undefined || target === name || TEST_FILE.test(file)) continue;
      if (!allowed.includes(target))
        problems.push(`${file} imports ${specifier}; ${name} may use: ${allowed.join(", ") || "nothing"}`);
      if (/\/src\/|\/dist\//.test(specifier)) problems.push(`${file} imports ${specifier}: use the package's entry`);
    }
  }
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(`layers: ${Object.keys(ALLOWED).length} packages keep to the table`);
