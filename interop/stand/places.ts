// Where the two runtimes are.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** Our runtime, built: what an SDK gets as `path`. */
export const NARTHEX_RUNTIME = fileURLToPath(new URL("../../packages/cli/dist/main.js", import.meta.url));

/** The runtime that the official SDK brings along for this machine. */
export function officialRuntime(): string {
  const require = createRequire(import.meta.url);
  const platforms = process.platform === "linux" ? ["linux", "linuxmusl"] : [process.platform];
  const program = process.platform === "win32" ? "copilot-runtime.exe" : "copilot-runtime";
  for (const platform of platforms) {
    const name = `@github/copilot-sdk-${platform}-${process.arch}`;
    const folder = folderOf(require, name);
    const found = folder && path.join(folder, "prebuilds", `${platform}-${process.arch}`, program);
    if (found !== undefined && existsSync(found)) return found;
  }
  throw new Error(`The official SDK has no runtime for ${process.platform}-${process.arch} here: npm ci in interop/.`);
}

function folderOf(require: NodeJS.Require, name: string): string | undefined {
  return require.resolve
    .paths(name)
    ?.map((folder) => path.join(folder, name))
    .find((folder) => existsSync(folder));
}
