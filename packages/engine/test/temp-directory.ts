import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { onTestFinished } from "vitest";

/** A new directory that is removed when the test is over. */
export function makeTempDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "narthex-engine-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
