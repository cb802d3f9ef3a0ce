// A driver: the small program around the SDK under test, spoken to in JSON lines.
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { driverAnswer, helloAnswer, type DriverAnswer, type DriverRequest, type Hello } from "./driver-protocol.ts";
import { KitError, Mismatch } from "./kit-error.ts";
import { show } from "./matcher.ts";

/** Milliseconds that a driver has beyond the time it was told to wait. */
const GRACE_MS = 10_000;
const MAX_STDERR_CHARS = 4_000;

/** A driver said that its SDK cannot do something. */
export class Unsupported extends Error {
  readonly feature: string;
  constructor(feature: string) {
    super(`The SDK does not support ${feature}.`);
    this.feature = feature;
  }
}

export class DriverProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (answer: DriverAnswer) => void; reject: (error: Error) => void }>();
  readonly #gone: Promise<void>;
  #seq = 0;
  #stderr = "";
  #end: Error | undefined;

  constructor(command: readonly string[], env: Readonly<Record<string, string>>, cwd: string) {
    const [program, ...args] = command;
    if (program === undefined) throw new KitError("There is no command line for the driver.");
    this.#child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stdin?.on("error", () => undefined); // its end is reported by "close"
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-MAX_STDERR_CHARS);
    });
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on("line", (line) => this.#line(line));
    }
    this.#gone = new Promise((resolve) => {
      this.#child.once("error", (error) => {
        this.#fail(new KitError(`The driver cannot be started: ${error.message}`));
        resolve();
      });
      this.#child.once("close", (code, signal) => {
        this.#fail(new KitError(`The driver ended (${signal ?? `exit code ${code}`}). ${this.#stderr.trim()}`.trim()));
        resolve();
      });
    });
  }

  /** True once the driver has ended or said something that is no answer. */
  get isBroken(): boolean {
    return this.#end !== undefined;
  }

  /** What it wrote to stderr last. */
  get stderr(): string {
    return this.#stderr;
  }

  async hello(): Promise<Hello> {
    const hello = helloAnswer.safeParse(await this.ask({ verb: "hello", protocol: 1 }));
    if (hello.success) return hello.data;
    throw new KitError(
      `The driver's hello is wrong: ${hello.error.issues.map((i) => `${i.path.join(".")} ${i.message}`).join("; ")}`,
    );
  }

  /**
   * Sends a command; resolves with what stands in `ok`.
   * @throws {Unsupported} when the SDK cannot do it
   * @throws {KitError} when the driver itself failed
   */
  async ask(command: DriverRequest): Promise<unknown> {
    const answer = await this.#exchange(command);
    if ("ok" in answer) return answer.ok;
    if ("unsupported" in answer) throw new Unsupported(answer.unsupported);
    throw new KitError(`The driver failed at ${command.verb}: ${answer.broken}`);
  }

  /** Asks it to end, waits, then kills it. */
  async end(): Promise<void> {
    if (this.#end === undefined) await this.ask({ verb: "bye" }).catch(() => undefined);
    const timer = setTimeout(() => this.kill(), 2_000);
    await this.#gone;
    clearTimeout(timer);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #exchange(command: DriverRequest): Promise<DriverAnswer> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const seq = ++this.#seq;
    const limitMs = GRACE_MS + ("withinMs" in command ? command.withinMs : 0);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.kill();
        this.#fail(new Mismatch(`The driver did not answer ${command.verb} within ${limitMs} ms: the SDK hangs.`));
      }, limitMs);
      const settled = (act: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(seq);
        act();
      };
      this.#waiting.set(seq, {
        resolve: (answer) => settled(() => resolve(answer)),
        reject: (error) => settled(() => reject(error)),
      });
      this.#child.stdin?.write(`${JSON.stringify({ seq, ...command })}\n`);
    });
  }

  #line(line: string): void {
    if (line.trim() === "") return;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return this.#fail(new KitError(`The driver's stdout is for answers only, but it wrote: ${show(line)}`));
    }
    const answer = driverAnswer.safeParse(value);
    const waiter = answer.success ? this.#waiting.get(answer.data.seq) : undefined;
    if (!answer.success || waiter === undefined) {
      return this.#fail(new KitError(`The driver wrote a line that answers nothing: ${show(value)}`));
    }
    waiter.resolve(answer.data);
  }

  #fail(error: Error): void {
    this.#end ??= error;
    for (const waiter of this.#waiting.values()) waiter.reject(this.#end);
  }
}
