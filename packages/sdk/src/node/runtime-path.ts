// Which program the runtime is, and how it is started.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { NarthexError } from "@narthex/protocol";

export interface RuntimeCommand {
  readonly file: string;
  readonly args: readonly string[];
}

/**
 * The runtime to start: an explicit path, else `NARTHEX_RUNTIME_PATH` or `COPILOT_CLI_PATH` of the environment, else the
 * installed `narthex` package. A path that ends in `.js` runs with this Node.
 * @throws {NarthexError} RUNTIME_NOT_FOUND
 */
export function runtimeCommand(explicit: string | undefined, env: Record<string, string | undefined>): RuntimeCommand {
  const chosen = explicit ?? env.NARTHEX_RUNTIME_PATH ?? env.COPILOT_CLI_PATH ?? installedRuntime();
  if (chosen.includes(path.sep) && !existsSync(chosen)) {
    throw new NarthexError("RUNTIME_NOT_FOUND", `There is no runtime at ${chosen}: check the connection's \`path\`.`);
  }
  return /\.[cm]?js$/.test(chosen) ? { file: process.execPath, args: [chosen] } : { file: chosen, args: [] };
}

function installedRuntime(): string {
  try {
    const require = createRequire(import.meta.url);
    const manifest = require.resolve("narthex/package.json");
    return path.join(path.dirname(manifest), "dist", "main.js");
  } catch (cause) {
    throw new NarthexError(
      "RUNTIME_NOT_FOUND",
      "No runtime is installed beside the SDK: run `npm install narthex`, set NARTHEX_RUNTIME_PATH, or connect to a running one with RuntimeConnection.forUri(...).",
      { cause },
    );
  }
}
