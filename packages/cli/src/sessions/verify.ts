import process from "node:process";
import { parseSessionId } from "@narthex/protocol";
import { EXIT_FAILED, EXIT_OK } from "../exit-codes.ts";
import { readStore, storeOf, type StoreFlags } from "./store.ts";

/** Says what is wrong with the store, or with one session of it; returns the exit code. */
export async function verifyCommand(id: string | undefined, flags: StoreFlags): Promise<number> {
  const only = id === undefined ? undefined : parseSessionId(id);
  const findings = await readStore(storeOf(flags), (engine) => engine.verify(only));
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify({ ok: findings.length === 0, findings })}\n`);
  } else {
    const verdict = findings.length === 0 ? "Everything is as it was written." : `${findings.length} findings.`;
    process.stdout.write([...findings, verdict].map((line) => `${line}\n`).join(""));
  }
  return findings.length === 0 ? EXIT_OK : EXIT_FAILED;
}
