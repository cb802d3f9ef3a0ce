// The built `narthex serve` as a process that is killed, told to end, and measured.
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { within } from "@narthex/testkit";
import { SuiteError } from "./suite-error.ts";

const MAIN = fileURLToPath(new URL("../../packages/cli/dist/main.js", import.meta.url));
const START_TIMEOUT_MS = 30_000;
const END_TIMEOUT_MS = 30_000;
const MAX_OUTPUT_CHARS = 20_000;

export interface RuntimeStart {
  readonly home: string;
  readonly modelUrl: string;
  /** Folder that local sessions work in. */
  readonly cwd: string;
  /** Arguments of Node itself, such as a preload. */
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A program that runs the rest of its arguments, such as a shell with limits. */
  readonly wrapper?: readonly string[];
}

/** Children that must not outlive the suite, however it ends. */
const alive = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

/** Makes sure that a child ends with the suite. */
export function own(child: ChildProcess): ChildProcess {
  alive.add(child);
  child.once("close", () => alive.delete(child));
  return child;
}

export class RuntimeProcess {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #closed: Promise<number | null>;
  readonly #output: { text: string };

  private constructor(child: ChildProcess, port: number, closed: Promise<number | null>, output: { text: string }) {
    this.#child = child;
    this.port = port;
    this.#closed = closed;
    this.#output = output;
  }

  /** Starts it; resolves once it listens, rejects with what it said when it ends before that. */
  static async start(options: RuntimeStart): Promise<RuntimeProcess> {
    const { home, modelUrl, cwd, nodeArgs = [], env = {}, wrapper = [] } = options;
    const serve = [process.execPath, ...nodeArgs, MAIN, "serve", "--port", "0", "--log-level", "error"];
    const [program = process.execPath, ...args] = [...wrapper, ...serve];
    const own_ = { NARTHEX_HOME: home, NARTHEX_MODEL: "scripted", NARTHEX_MODEL_BASE_URL: modelUrl };
    const child = own(
      spawn(program, args, { cwd, env: { ...process.env, ...own_, ...env }, stdio: ["ignore", "pipe", "pipe"] }),
    );
    const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
    const output = { text: "" };
    const listening = new Promise<number>((resolve, reject) => {
      const keep = (text: string): void => {
        output.text = (output.text + text).slice(-MAX_OUTPUT_CHARS);
        const port = /listening on port (\d+)/.exec(output.text)?.[1];
        if (port !== undefined) resolve(Number(port));
      };
      child.stdout?.setEncoding("utf8").on("data", keep);
      child.stderr?.setEncoding("utf8").on("data", keep);
      child.once("error", reject);
      void closed.then((code) => reject(new SuiteError(`The runtime ended with ${code}: ${output.text.trim()}`)));
    });
    const port = await within("the runtime's port", listening, START_TIMEOUT_MS);
    return new RuntimeProcess(child, port, closed, output);
  }

  /** What it wrote last. */
  get output(): string {
    return this.#output.text;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends it; resolves with its exit code, null after a kill, when it is gone. */
  end(name: "SIGKILL" | "SIGTERM"): Promise<number | null> {
    this.#child.kill(name);
    return within(`the end of the runtime after ${name}`, this.#closed, END_TIMEOUT_MS);
  }

  /** Its memory in MiB, as the system counts it. */
  residentMiB(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
  }
}
