// Would every package work once it is published? Entry points, types and files, as publint sees them.
import { readFileSync, readdirSync } from "node:fs";
import process from "node:process";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

let problems = 0;
const names = readdirSync("packages");
for (const name of names) {
  const pkgDir = `packages/${name}`;
  const pkg = JSON.parse(readFileSync(`${pkgDir}/package.json`, "utf8"));
  const { messages } = await publint({ pkgDir, level: "warning", strict: true });
  for (const message of messages) {
    console.error(`${pkg.name}: ${formatMessage(message, pkg)}`);
    problems += 1;
  }
}
if (problems > 0) process.exit(1);
console.log(`packages: ${names.length} can be published as they are`);
