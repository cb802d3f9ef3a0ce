// A data folder, a model, a cable, and the runtimes that are started on that folder one after the other.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { openLocalEngine } from "@narthex/engine";
import { CopilotClient, RuntimeConnection } from "@narthex/sdk";
import { startScriptedModel, type ScriptedModel } from "@narthex/testkit";
import { Cable } from "./cable.ts";
import { Gate } from "./gate.ts";
import { lawOfCommands } from "./laws/work.ts";
import type { Violation } from "./record.ts";
import { RuntimeProcess, type RuntimeStart } from "./runtime-process.ts";
import { Signals } from "./signals.ts";
import { SuiteError } from "./suite-error.ts";
import { thinking } from "./work.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

export type RuntimeExtras = Pick<RuntimeStart, "nodeArgs" | "env" | "wrapper">;

export class World {
  readonly folder: string;
  /** The data folder. */
  readonly home: string;
  readonly signals = new Signals();
  readonly gate = new Gate();
  readonly cable: Cable;
  /** When what was done to the world, in milliseconds since it began. */
  readonly instants: string[] = [];
  readonly startedAt = performance.now();
  readonly #model: ScriptedModel;
  readonly #extras: RuntimeExtras;
  #runtime: RuntimeProcess | undefined;

  private constructor(folder: string, cable: Cable, model: ScriptedModel, extras: RuntimeExtras) {
    this.folder = folder;
    this.home = path.join(folder, "home");
    this.cable = cable;
    this.#model = model;
    this.#extras = extras;
  }

  static async open(name: string, extras: RuntimeExtras = {}): Promise<World> {
    const folder = mkdtempSync(path.join(tmpdir(), `narthex-faults-${name}-`));
    mkdirSync(path.join(folder, "work"));
    mkdirSync(path.join(folder, "home"));
    const model = await startScriptedModel(thinking(path.join(folder, "ran")));
    return new World(folder, await Cable.open(), model, extras);
  }

  get runtime(): RuntimeProcess {
    if (this.#runtime === undefined) throw new SuiteError("No runtime has been started.");
    return this.#runtime;
  }

  /** Starts a runtime and lets connections through to it. */
  async start(extras: RuntimeExtras = {}): Promise<void> {
    const cwd = path.join(this.folder, "work");
    const modelUrl = this.#model.baseUrl;
    this.#runtime = await RuntimeProcess.start({ home: this.home, modelUrl, cwd, ...this.#extras, ...extras });
    this.cable.pointTo(this.#runtime.port);
  }

  /** Ends the runtime; new connections lead nowhere until the next start. */
  end(signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
    this.cable.pointTo(undefined);
    return this.runtime.end(signal);
  }

  note(what: string): void {
    this.instants.push(`${Math.round(performance.now() - this.startedAt)} ms: ${what}`);
  }

  /** A client that comes over the cable and tries again quickly. */
  client(): CopilotClient {
    return new CopilotClient({
      connection: RuntimeConnection.forUri(`127.0.0.1:${this.cable.port}`),
      logger: silent,
      reconnect: { initialDelayMs: 10, maxDelayMs: 60 },
    });
  }

  /** Ends everything in good order, and looks whether the store is sound and nothing is left to do. */
  async finish(sessionIds: readonly string[]): Promise<Violation[]> {
    const code = await this.end("SIGTERM");
    const found = code === 0 ? [] : [`the runtime ended with ${code} after SIGTERM: ${this.runtime.output}`];
    const engine = await openLocalEngine({ directory: this.home });
    try {
      found.push(...(await engine.verify()));
      for (const id of sessionIds) {
        const left = await engine.mailbox.take(id);
        if (left.length > 0) found.push(`session ${id} still has to do: ${left.map(({ kind }) => kind).join(", ")}`);
      }
    } finally {
      await engine.close();
    }
    const violations = found.map((text): Violation => ({ law: "S1", harm: "other", text }));
    return [...violations, ...lawOfCommands(this.#commandsThatRan())];
  }

  /** Nothing uses the data folder any more. */
  async halt(): Promise<void> {
    if (this.#runtime?.hasEnded === false) await this.end("SIGKILL");
  }

  /** Lets go of everything; the data stay when they are evidence. */
  async close(isEvidence: boolean): Promise<void> {
    await this.halt();
    await this.cable.close();
    await this.#model.close();
    if (!isEvidence) rmSync(this.folder, { recursive: true, force: true });
  }

  #commandsThatRan(): string[] {
    try {
      return readFileSync(path.join(this.folder, "ran"), "utf8").trim().split("\n");
    } catch {
      return []; // no command has run
    }
  }
}
