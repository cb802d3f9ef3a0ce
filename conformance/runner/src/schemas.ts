// Writes conformance/schema/*.json from the definitions in code; `--check` only compares. For editors and other languages.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { z } from "zod";
import { driverAnswer, driverCommand, helloAnswer, outcome } from "./driver-protocol.ts";
import { KIT } from "./load.ts";
import { scenarioSchema } from "./scenario-schema.ts";

const files = {
  "scenario.json": z.toJSONSchema(scenarioSchema, { io: "input" }),
  "driver.json": {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "One line of the driver protocol",
    $defs: {
      command: z.toJSONSchema(driverCommand),
      answer: z.toJSONSchema(driverAnswer),
      hello: z.toJSONSchema(helloAnswer),
      outcome: z.toJSONSchema(outcome),
    },
    anyOf: [{ $ref: "#/$defs/command" }, { $ref: "#/$defs/answer" }],
  },
};

let stale = 0;
for (const [name, schema] of Object.entries(files)) {
  const file = path.join(KIT, "schema", name);
  const text = `${JSON.stringify(schema, undefined, 2)}\n`;
  if (!process.argv.includes("--check")) writeFileSync(file, text);
  else if (!existsSync(file) || JSON.stringify(JSON.parse(readFileSync(file, "utf8"))) !== JSON.stringify(schema)) {
    console.error(`conformance/schema/${name} is stale: run npm run conformance:schemas`);
    stale += 1;
  }
}
process.exitCode = stale === 0 ? 0 : 1;
