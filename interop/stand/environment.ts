// What the processes of these tests live in: throwaway folders, nothing of this machine's user, no way to a network.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { afterAll } from "vitest";

const ROOT = mkdtempSync(path.join(tmpdir(), "narthex-interop-"));
afterAll(() => rmSync(ROOT, { recursive: true, force: true, maxRetries: 5 }));

/** A new folder, gone after the file's tests. */
export function tempFolder(): string {
  return mkdtempSync(path.join(ROOT, "f-"));
}

/** Nobody listens here: whoever tries to reach the world fails at once. */
const NOWHERE = "http://127.0.0.1:9";

/** An environment for a runtime, with a home of its own unless `home` names one that exists already. */
export function cleanEnvironment(home = tempFolder(), extra: Record<string, string> = {}): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "",
    HOME: home,
    USERPROFILE: home,
    XDG_CONFIG_HOME: path.join(home, "config"),
    XDG_CACHE_HOME: path.join(home, "cache"),
    XDG_STATE_HOME: path.join(home, "state"),
    COPILOT_HOME: path.join(home, "copilot"),
    NARTHEX_HOME: path.join(home, "narthex"),
    COPILOT_API_URL: NOWHERE,
    COPILOT_DEBUG_GITHUB_API_URL: NOWHERE,
    COPILOT_MC_BASE_URL: NOWHERE,
    HTTP_PROXY: NOWHERE,
    HTTPS_PROXY: NOWHERE,
    NO_PROXY: "127.0.0.1,localhost",
    ...extra,
  };
}
