/**
 * One JSON-RPC connection as the kit sees it: everything that came in, what was asked, and what was answered.
 *
 * It judges what no scenario has to spell out: every message is JSON-RPC 2.0, every request of ours is answered at most
 * once, nobody answers what was not asked. `problems` collects the violations; a scenario with problems fails.
 */
import { KitError, Mismatch } from "./kit-error.ts";
import { matches, show } from "./matcher.ts";
import { Changes } from "./waiting.ts";
import type { Wire, WriteOptions } from "./wire.ts";

export interface Message {
  readonly id?: number | string | null;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** An answer that the conversation gives by itself; false leaves the call to the scenario. */
export type AutoAnswer = false | { readonly result?: unknown; readonly error?: unknown };

interface Asked {
  readonly method: string;
  readonly responses: Message[];
}

const NO_OPTIONS: WriteOptions = { glue: false, cut: undefined };

export class Conversation {
  readonly #wire: Wire;
  readonly #changes = new Changes();
  readonly #auto: (method: string) => AutoAnswer | undefined;
  /** Requests and notifications of the other side, in order. */
  readonly #received: Message[] = [];
  readonly #taken = new Set<Message>();
  /** Our requests, by id and by name. */
  readonly #asked = new Map<number | string, Asked>();
  readonly #byName = new Map<string, Asked>();
  readonly problems: string[] = [];
  #nextId = 1;
  #isClosed = false;

  constructor(wire: Wire, auto: (method: string) => AutoAnswer | undefined) {
    this.#wire = wire;
    this.#auto = auto;
    wire.listen({
      body: (text) => this.#body(text),
      malformed: (error) => this.#problem(error.message),
      closed: () => {
        this.#isClosed = true;
        this.#changes.notify();
      },
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get received(): readonly Message[] {
    return this.#received;
  }

  /** Puts bodies or raw text on the wire. */
  async write(messages: readonly { body?: string; raw?: string }[], options: WriteOptions = NO_OPTIONS): Promise<void> {
    await this.#wire.write(messages, options);
  }

  /** Notes that a request is about to be written; returns its id. */
  ask(method: string, name: string | undefined, wantedId?: unknown): number | string {
    const id = typeof wantedId === "string" || typeof wantedId === "number" ? wantedId : this.#nextId++;
    if (this.#asked.has(id)) throw new KitError(`The request id ${id} is used twice.`);
    const asked: Asked = { method, responses: [] };
    this.#asked.set(id, asked);
    if (name !== undefined) this.#byName.set(name, asked);
    return id;
  }

  /** Takes the first message that matches and was not taken before; waits for it. */
  async take(wanted: unknown, withinMs: number): Promise<Message> {
    const find = (): Message | undefined =>
      this.#received.find((message) => !this.#taken.has(message) && matches(message, wanted));
    const found = await this.#changes.wait(() => find() ?? (this.#isClosed ? NOTHING : undefined), withinMs);
    if (found !== undefined && found !== NOTHING) {
      this.#taken.add(found);
      return found;
    }
    const rest = this.#received.filter((message) => !this.#taken.has(message));
    throw new Mismatch(
      `No message like ${show(wanted)} came${this.#isClosed ? " before the connection ended" : ` within ${withinMs} ms`}; there were: ${show(rest)}`,
    );
  }

  /** The answer to a request of ours; waits for it. */
  async reply(name: string, withinMs: number): Promise<Message> {
    const asked = this.#named(name);
    const found = await this.#changes.wait(
      () => asked.responses[0] ?? (this.#isClosed ? NOTHING : undefined),
      withinMs,
    );
    if (found !== undefined && found !== NOTHING) return found;
    const why = this.#isClosed ? "the connection ended" : `${withinMs} ms passed`;
    throw new Mismatch(`The request ${name} (${asked.method}) was not answered before ${why}.`);
  }

  /** Was a request of this name sent here? */
  knows(name: string): boolean {
    return this.#byName.has(name);
  }

  hasReply(name: string): boolean {
    return this.#named(name).responses.length > 0;
  }

  /** Names of requests that have no answer, waiting for those that are still due. */
  async unanswered(allowed: readonly string[], withinMs: number): Promise<string[]> {
    const names = new Map([...this.#byName].map(([name, asked]) => [asked, name]));
    const open = (): string[] =>
      [...this.#asked.values()]
        .filter((asked) => asked.responses.length === 0 && !allowed.includes(names.get(asked) ?? ""))
        .map((asked) => names.get(asked) ?? asked.method);
    await this.#changes.wait(() => (open().length === 0 || this.#isClosed ? true : undefined), withinMs);
    return open();
  }

  /** Waits until everything sent so far has been read: an answer to a later request says so. */
  async fence(method: string, withinMs: number): Promise<void> {
    const name = `fence-${this.#nextId}`;
    const id = this.ask(method, name);
    await this.write([{ body: JSON.stringify({ jsonrpc: "2.0", id, method, params: {} }) }]);
    await this.reply(name, withinMs);
  }

  async closed(withinMs: number): Promise<boolean> {
    return (await this.#changes.wait(() => (this.#isClosed ? true : undefined), withinMs)) === true;
  }

  end(how: "end" | "reset"): void {
    this.#wire.end(how);
  }

  #named(name: string): Asked {
    const asked = this.#byName.get(name);
    if (asked === undefined) throw new KitError(`The scenario names a request ${name} that it has not sent.`);
    return asked;
  }

  #body(text: string): void {
    let message: Message & { jsonrpc?: unknown };
    try {
      message = JSON.parse(text) as Message;
    } catch {
      this.#problem(`A message is not JSON: ${show(text)}`);
      return;
    }
    if (typeof message !== "object" || message === null || message.jsonrpc !== "2.0") {
      this.#problem(`A message is not JSON-RPC 2.0: ${show(message)}`);
    } else if (typeof message.method === "string") {
      this.#received.push(message);
      this.#answerByItself(message);
    } else {
      this.#response(message);
    }
    this.#changes.notify();
  }

  #response(message: Message): void {
    if (message.id === null) {
      this.#received.push(message); // an answer to something that could not be read
      return;
    }
    const asked = this.#asked.get(message.id ?? "");
    if (asked === undefined) {
      this.#problem(`A response to a request that was never sent: ${show(message)}`);
      return;
    }
    if ("result" in message === "error" in message) {
      this.#problem(`A response needs a result or an error: ${show(message)}`);
    }
    asked.responses.push(message);
    if (asked.responses.length > 1) this.#problem(`${asked.method} was answered ${asked.responses.length} times.`);
  }

  #answerByItself(message: Message): void {
    if (message.id === undefined || message.method === undefined) return;
    const answer = this.#auto(message.method);
    if (answer === undefined || answer === false) return;
    void this.write([{ body: JSON.stringify({ jsonrpc: "2.0", id: message.id, ...answer }) }]);
  }

  #problem(text: string): void {
    this.problems.push(text);
    this.#changes.notify();
  }
}

/** Stands for "it will not come any more". */
const NOTHING: Message = { method: "" };
