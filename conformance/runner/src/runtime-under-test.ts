// A runtime under test: a process with a data folder, a repository to clone and a scripted model, started and killed at will.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { startScriptedModel, type ScriptedAnswer, type ScriptedModel } from "@narthex/testkit";
import { WebSocket } from "ws";
import { wordsOf } from "./command-line.ts";
import { KitError, Mismatch } from "./kit-error.ts";
import { SocketWire, WebSocketWire, type Wire } from "./wire.ts";

/** How a runtime is started; `{home}`, `{repositories}` and `{model}` are filled in. */
export interface RuntimeCommand {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  /** Path of its WebSocket, such as `/rpc`. */
  readonly webSocketPath: string;
}

const START_TIMEOUT_MS = 20_000;
const MAX_OUTPUT_CHARS = 8_000;

export class RuntimeUnderTest {
  readonly #command: RuntimeCommand;
  readonly #folder = mkdtempSync(path.join(tmpdir(), "conformance-"));
  #model: ScriptedModel | undefined;
  #child: ChildProcess | undefined;
  #port = 0;
  #output = "";

  constructor(command: RuntimeCommand) {
    this.#command = command;
    makeRepository(path.join(this.#folder, "repositories"));
  }

  /** What it wrote to stderr and stdout last. */
  get output(): string {
    return this.#output;
  }

  async says(answers: readonly unknown[]): Promise<void> {
    this.#model ??= await startScriptedModel();
    this.#model.add(...(answers as ScriptedAnswer[]));
  }

  async start(
    extra: { env?: Record<string, string> | undefined; args?: readonly string[] | undefined } = {},
  ): Promise<void> {
    this.#model ??= await startScriptedModel();
    const places = {
      home: path.join(this.#folder, "home"),
      repositories: path.join(this.#folder, "repositories"),
      model: this.#model.baseUrl,
    };
    const filled = (text: string): string =>
      text.replace(/\{(home|repositories|model)\}/g, (_all, key: keyof typeof places) => places[key]);
    const [program, ...args] = [...wordsOf(this.#command.command).map(filled), ...(extra.args ?? [])];
    if (program === undefined) throw new KitError("There is no command line for the runtime.");
    const env = Object.fromEntries(
      Object.entries({ ...this.#command.env, ...extra.env }).map(([k, v]) => [k, filled(v)]),
    );
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    this.#port = await this.#listening(child);
  }

  /** Ends the process: at once and without a word to it, or with SIGTERM. */
  async end(how: "kill" | "stop"): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
    child.kill(how === "kill" ? "SIGKILL" : "SIGTERM");
    await closed;
  }

  async wire(transport: "tcp" | "ws"): Promise<Wire> {
    if (transport === "tcp") {
      const socket = connect({ host: "127.0.0.1", port: this.#port, noDelay: true });
      await new Promise<void>((resolve, reject) => {
        socket.once("connect", resolve).once("error", reject);
      });
      return new SocketWire(socket);
    }
    const socket = new WebSocket(`ws://127.0.0.1:${this.#port}${this.#command.webSocketPath}`);
    await new Promise<void>((resolve, reject) => {
      socket.once("open", () => resolve()).once("error", reject);
    });
    return new WebSocketWire(socket);
  }

  /** Ends it and removes what it left. */
  async dispose(): Promise<void> {
    await this.end("kill");
    await this.#model?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #listening(child: ChildProcess): Promise<number> {
    return new Promise((resolve, reject) => {
      let stdout = "";
      const fail = (why: string): void => reject(new Mismatch(`The runtime ${why}: ${this.#output.trim()}`));
      const timer = setTimeout(() => fail(`did not listen within ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
      child.once("error", (error) => reject(new KitError(`The runtime cannot be started: ${error.message}`)));
      child.once("close", (code) => {
        clearTimeout(timer);
        fail(`ended with ${code}`);
      });
      const keep = (text: string): void => {
        this.#output = (this.#output + text).slice(-MAX_OUTPUT_CHARS);
      };
      child.stderr?.setEncoding("utf8").on("data", keep);
      child.stdout?.setEncoding("utf8").on("data", (text: string) => {
        keep(text);
        stdout = (stdout + text).slice(-MAX_OUTPUT_CHARS);
        const port = /listening on port (\d+)/i.exec(stdout)?.[1];
        if (port === undefined) return;
        clearTimeout(timer);
        resolve(Number(port));
      });
    });
  }
}

/** A bare repository octo/demo with one commit. */
function makeRepository(folder: string): void {
  const work = path.join(folder, "..", "work");
  mkdirSync(work, { recursive: true });
  mkdirSync(path.join(folder, "octo"), { recursive: true });
  writeFileSync(path.join(work, "README.md"), "# demo\n\nA repository for tests.\n");
  const git = (...args: string[]): void => {
    const identity = ["-c", "user.name=kit", "-c", "user.email=kit@localhost", "-c", "init.defaultBranch=main"];
    execFileSync("git", [...identity, ...args], { cwd: work, stdio: "pipe" });
  };
  git("init", "-q");
  git("add", ".");
  git("commit", "-q", "-m", "first");
  git("clone", "-q", "--bare", "--no-hardlinks", work, path.join(folder, "octo", "demo.git"));
}
