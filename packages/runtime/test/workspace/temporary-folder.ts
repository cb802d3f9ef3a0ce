import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A real, symlink-free temporary folder that goes with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "narthex-runtime-")));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
