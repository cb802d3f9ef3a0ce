// A client process as the suite sees it: what it said, and its end.
import { spawn, type ChildProcess } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { within } from "@narthex/testkit";
import type { ClientLine, ClientOrder } from "./client-order.ts";
import type { JournalWriter } from "./journal-writer.ts";
import type { Send } from "./record.ts";
import { own } from "./runtime-process.ts";
import type { Signals } from "./signals.ts";
import { SuiteError } from "./suite-error.ts";

const PROGRAM = fileURLToPath(new URL("client-child.js", import.meta.url));
const END_TIMEOUT_MS = 90_000;

export class ClientProcess {
  readonly journal: JournalWriter;
  readonly sends = new Map<string, Send>();
  sessionId: string | undefined;
  isDone = false;
  /** Resolves when the process is gone and everything it said was read. */
  readonly #ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #signals: Signals;
  #failure: string | undefined;

  constructor(order: ClientOrder, journal: JournalWriter, signals: Signals) {
    this.journal = journal;
    this.#signals = signals;
    this.sessionId = order.sessionId;
    for (const send of order.known) this.sends.set(send.key, send);
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify(order)], { stdio: ["ignore", "pipe", "inherit"] });
    this.#child = own(child);
    const lines = createInterface({ input: child.stdout });
    lines.on("line", (line) => this.#heard(line));
    this.#ended = new Promise((resolve) => lines.once("close", resolve));
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await within("the end of a client", this.#ended, END_TIMEOUT_MS);
    this.journal.isCut = !this.isDone;
  }

  /** Waits until its work is done. */
  async finish(): Promise<void> {
    await within("the work of a client", this.#ended, END_TIMEOUT_MS);
    if (this.isDone) return;
    throw new SuiteError(`A client process ended early: ${this.#failure ?? "it does not say why"}`);
  }

  #heard(text: string): void {
    if (!text.endsWith("}")) return; // killed while it wrote
    const line = JSON.parse(text) as ClientLine;
    if (line.say === "seen") this.journal.add(line.entry);
    else if (line.say === "doing") this.#signals.tell(line.what);
    else if (line.say === "sent") this.sends.set(line.send.key, line.send);
    else if (line.say === "done") this.isDone = true;
    else if (line.say === "failed") this.#failure = line.text;
    else {
      this.sessionId = line.sessionId;
      this.journal.isWhole = line.isWhole;
    }
  }
}
