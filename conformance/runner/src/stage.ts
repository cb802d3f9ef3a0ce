// Everything a running scenario works with: its variables, its connections, and what is on the other side of them.
import type { AutoAnswers } from "./auto-answers.ts";
import { Conversation } from "./conversation.ts";
import type { DriverProcess } from "./driver-process.ts";
import { KitError, Mismatch } from "./kit-error.ts";
import type { Listener, Transport } from "./listener.ts";
import { mismatchOf } from "./matcher.ts";
import type { RuntimeUnderTest } from "./runtime-under-test.ts";
import { fillIn, valueAt, type Variables } from "./values.ts";
import type { Wire } from "./wire.ts";

/** What a scenario runs against: an SDK behind its driver, or a runtime. */
export type Subject =
  | { readonly kind: "sdk"; readonly driver: DriverProcess; readonly listener: Listener }
  | { readonly kind: "runtime"; readonly runtime: RuntimeUnderTest };

interface Call {
  readonly connection: string;
  readonly id: number | string;
}

export class Stage {
  readonly subject: Subject;
  readonly transport: Transport;
  readonly deadlineMs: number;
  readonly auto: AutoAnswers;
  /** From the start there are `kilo`, a text of a thousand characters, and `seed`, for what is random. */
  readonly variables: Variables;
  readonly calls = new Map<string, Call>();
  readonly #connections = new Map<string, Conversation>();
  readonly #problems: string[] = [];
  #events = 0;
  readonly #parents = new Map<string, string>();

  constructor(options: {
    subject: Subject;
    transport: Transport;
    deadlineMs: number;
    auto: AutoAnswers;
    seed: number;
  }) {
    this.variables = new Map<string, unknown>([
      ["kilo", "k".repeat(1_000)],
      ["seed", options.seed],
    ]);
    this.subject = options.subject;
    this.transport = options.transport;
    this.deadlineMs = options.deadlineMs;
    this.auto = options.auto;
  }

  fill<T>(value: T): T {
    return fillIn(value, this.variables) as T;
  }

  withinMs(wanted: number | string | undefined): number {
    return wanted === undefined ? this.deadlineMs : Number(this.fill(wanted));
  }

  /** Begins to speak on a wire under a name; an older connection of that name keeps its problems. */
  connect(name: string, wire: Wire): Conversation {
    const old = this.#connections.get(name);
    if (old !== undefined) this.#problems.push(...old.problems);
    const conversation = new Conversation(wire, (method) => this.auto.of(method));
    this.#connections.set(name, conversation);
    return conversation;
  }

  connection(name = "main"): Conversation {
    const found = this.#connections.get(name);
    if (found === undefined) throw new KitError(`There is no connection ${name}.`);
    return found;
  }

  get connections(): Conversation[] {
    return [...this.#connections.values()];
  }

  get connectionNames(): string[] {
    return [...this.#connections.keys()];
  }

  /** What is wrong on the wire, whatever the scenario looked at. */
  get problems(): string[] {
    return [...this.#problems, ...this.connections.flatMap((connection) => connection.problems)];
  }

  get driver(): DriverProcess {
    if (this.subject.kind === "sdk") return this.subject.driver;
    throw new KitError("A scenario for a runtime has no driver.");
  }

  get listener(): Listener {
    if (this.subject.kind === "sdk") return this.subject.listener;
    throw new KitError("A scenario for a runtime does not listen.");
  }

  get runtime(): RuntimeUnderTest {
    if (this.subject.kind === "runtime") return this.subject.runtime;
    throw new KitError("A scenario for an SDK has no runtime under test.");
  }

  /** A new event id, and the persisted event before it in this session. */
  nextEvent(
    sessionId: string,
    wantedId: string | undefined,
    isEphemeral: boolean,
  ): { id: string; parentId: string | null } {
    const id = wantedId ?? `ev-${++this.#events}`;
    const parentId = this.#parents.get(sessionId) ?? null;
    if (!isEphemeral) this.#parents.set(sessionId, id);
    return { id, parentId };
  }

  /** Compares, and sets variables from what was seen. @throws {Mismatch} */
  check(seen: unknown, step: { see?: unknown; save?: Record<string, string> | undefined }): void {
    const problem = step.see === undefined ? undefined : mismatchOf(seen, this.fill(step.see));
    if (problem !== undefined) throw new Mismatch(problem);
    for (const [name, path] of Object.entries(step.save ?? {})) {
      this.variables.set(this.fill(name), valueAt(seen, path));
    }
  }
}
