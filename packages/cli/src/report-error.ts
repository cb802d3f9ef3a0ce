import process from "node:process";
import { NarthexError } from "@narthex/protocol";
import { colorsFor } from "./colors.ts";
import { EXIT_FAILED, EXIT_USAGE } from "./exit-codes.ts";

/** Says in one line what went wrong, with its code; returns the exit code. */
export function reportError(error: unknown): number {
  const failure = NarthexError.from(error);
  const colors = colorsFor(process.stderr);
  const message = failure.message.replace(/\s*\n\s*/g, " ");
  process.stderr.write(`${colors.red("error")} [${failure.code}] ${message}\n`);
  if (failure.code === "INTERNAL" && process.env.NARTHEX_DEBUG !== undefined && failure.cause instanceof Error) {
    process.stderr.write(`${failure.cause.stack}\n`);
  }
  return failure.code === "USAGE" ? EXIT_USAGE : EXIT_FAILED;
}
