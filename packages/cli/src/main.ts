#!/usr/bin/env node
// The command line. Official SDKs start a runtime with `--headless …`; people use the commands.
import process from "node:process";
import { CommanderError } from "commander";
import { EXIT_OK, EXIT_USAGE } from "./exit-codes.ts";
import { createProgram } from "./program.ts";
import { reportError } from "./report-error.ts";
import { isHeadlessStart, parseHeadlessArguments } from "./serve/headless-arguments.ts";
import { resolveServeOptions } from "./serve/options.ts";
import { serve } from "./serve/serve.ts";

async function main(args: readonly string[]): Promise<number> {
  if (isHeadlessStart(args)) {
    await serve(resolveServeOptions(parseHeadlessArguments(args), process.env, true));
    return EXIT_OK;
  }
  let exitCode = EXIT_OK;
  const program = createProgram((code) => {
    exitCode = code;
  });
  await program.parseAsync([...args], { from: "user" });
  return exitCode;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
  else process.exitCode = reportError(error);
}
