// Runtimes that are started by hand, for clients that come by address.
import { spawn, type ChildProcess } from "node:child_process";
import process from "node:process";
import { within } from "@narthex/testkit";
import { afterAll } from "vitest";
import { tempFolder } from "./environment.ts";
import { NARTHEX_RUNTIME, officialRuntime } from "./places.ts";

export interface Serving {
  /** What `RuntimeConnection.forUri` takes. */
  readonly port: string;
  /** Asks it to end; resolves with its exit code. */
  readonly end: () => Promise<number | null>;
}

const running = new Set<ChildProcess>();
// A test that failed half-way has not ended what it started.
afterAll(() => running.forEach((child) => child.kill("SIGKILL")));

/** `narthex serve`; a token stands in `NARTHEX_CONNECTION_TOKEN`. */
export function serveNarthex(env: Record<string, string>, args: readonly string[] = []): Promise<Serving> {
  return serve(process.execPath, [NARTHEX_RUNTIME, "serve", "--port", "0", ...args], env);
}

/** The official runtime; a token stands in `COPILOT_CONNECTION_TOKEN`. */
export function serveOfficial(env: Record<string, string>): Promise<Serving> {
  return serve(officialRuntime(), ["--headless", "--no-auto-update", "--no-auto-login"], env);
}

async function serve(program: string, args: readonly string[], env: Record<string, string>): Promise<Serving> {
  const child = spawn(program, args, { env, cwd: tempFolder(), stdio: ["ignore", "pipe", "inherit"] });
  running.add(child);
  child.once("close", () => running.delete(child));
  const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  const listening = new Promise<string>((resolve) => {
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      const port = /listening on port (\d+)/.exec(text)?.[1];
      if (port !== undefined) resolve(port);
    });
  });
  const port = await within("the runtime to listen", listening);
  return {
    port,
    end: () => {
      child.kill("SIGTERM");
      return within("the runtime to end", ended);
    },
  };
}
