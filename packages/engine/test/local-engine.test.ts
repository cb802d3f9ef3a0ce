import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openLocalEngine } from "../src/index.ts";
import { scriptPath } from "./child-process.ts";
import { describeEngineContract } from "./engine-contract.ts";

describeEngineContract("local", async () => {
  const directory = mkdtempSync(join(tmpdir(), "narthex-engine-"));
  return {
    open: (options) => openLocalEngine({ directory, ...options }),
    child: { module: scriptPath("open-local"), place: directory },
    dispose: async () => rmSync(directory, { recursive: true, force: true }),
  };
});
