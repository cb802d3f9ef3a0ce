import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { messageOf, NarthexError } from "@narthex/protocol";
import { invalidArguments } from "./arguments.ts";
import { grepWorkerMain, type GrepOrder, type GrepResult } from "./grep-worker.ts";

/** Time limit of one search in milliseconds; a pattern that needs longer is refused. */
export const GREP_TIMEOUT_MS = 10_000;
const MAX_WORKER_MEMORY_MB = 256;

const WORKER_SOURCE = `
const { parentPort, workerData } = require("node:worker_threads");
(${grepWorkerMain.toString()})(workerData, require("node:fs"), parentPort);
`;

/**
 * Searches files in a worker thread, so that neither a large repository nor a pattern that never ends holds up the
 * runtime.
 * @throws {NarthexError} TOOL_ARGUMENTS_INVALID when the pattern is malformed or takes too long; ABORTED, TOOL_FAILED
 */
export async function searchFiles(
  order: GrepOrder,
  signal: AbortSignal,
  timeoutMs: number = GREP_TIMEOUT_MS,
): Promise<GrepResult> {
  const worker = new Worker(WORKER_SOURCE, {
    eval: true,
    workerData: order,
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: MAX_WORKER_MEMORY_MB },
  });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    const [result] = (await once(worker, "message", { signal: limit })) as [GrepResult];
    return result;
  } catch (error) {
    throw searchFailed(error, signal, limit, timeoutMs);
  } finally {
    await worker.terminate();
  }
}

function searchFailed(error: unknown, signal: AbortSignal, limit: AbortSignal, timeoutMs: number): NarthexError {
  if (signal.aborted) return new NarthexError("ABORTED", "The search was cancelled.", { cause: signal.reason });
  if (limit.aborted) {
    return invalidArguments(`The search took longer than ${timeoutMs} ms; use a simpler pattern or a narrower path.`);
  }
  return new NarthexError("TOOL_FAILED", `The search failed: ${messageOf(error)}.`, { cause: error });
}
