import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openLocalEngine } from "../src/index.ts";
import { describeEngineContract } from "./engine-contract.ts";

describeEngineContract("local", async () => {
  const directory = mkdtempSync(join(tmpdir(), "narthex-engine-"));
  return {
    open: (options) => openLocalEngine({ directory, ...options }),
    dispose: async () => rmSync(directory, { recursive: true, force: true }),
  };
});
