// One session, driven by the SDK as an application would: create, send with keys until answered, answer what is asked.
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { NarthexError } from "@narthex/protocol";
import { defineTool, type CopilotClient, type CopilotSession, type SessionConfigBase } from "@narthex/sdk";
import { z } from "zod";
import type { Gate } from "./gate.ts";
import { isSettled, seenOf, type AnyEvent, type JournalWriter } from "./journal-writer.ts";
import type { Random } from "./random.ts";
import type { SeenEvent, Send } from "./record.ts";
import { SuiteError } from "./suite-error.ts";
import type { PlannedPrompt, SessionPlan } from "./work.ts";

/** Longest time until a batch of prompts is done, faults included. */
const SETTLE_TIMEOUT_MS = 120_000;
/** One call is repeated at most so often. */
const MAX_TRIES = 300;
/** Longest time that the person who is asked thinks. */
const LONGEST_THOUGHT_MS = 25;

export interface ActorContext {
  readonly client: CopilotClient;
  readonly journal: JournalWriter;
  readonly random: Random;
  readonly gate: Gate;
  /** Told of what the actor does: `create`, `send`, `accepted`. */
  readonly tell: (name: string) => void;
  readonly onSend?: (send: Send) => void;
}

export class Actor {
  readonly #context: ActorContext;
  readonly #plan: SessionPlan;
  readonly sends: Send[] = [];
  #session: CopilotSession | undefined;

  constructor(plan: SessionPlan, context: ActorContext) {
    this.#plan = plan;
    this.#context = context;
  }

  get session(): CopilotSession {
    if (this.#session === undefined) throw new SuiteError(`${this.#plan.name} has no session yet.`);
    return this.#session;
  }

  /** Creates the session, as often as it takes. */
  async create(): Promise<CopilotSession> {
    const { client, journal } = this.#context;
    const sessionId = randomUUID();
    const session = await this.#persist("create", async (attempt) => {
      this.#context.tell("create");
      if (this.#plan.kind === "cloud") return client.createCloudSession({ ...this.#config(), cloud: {} });
      if (attempt > 0) journal.isWhole = false; // an earlier attempt may have made it
      return client.createSession({ ...this.#config(), sessionId });
    });
    this.#session = session;
    return session;
  }

  /** Takes a session up that another client has left. */
  async resume(sessionId: string): Promise<CopilotSession> {
    const { client, journal } = this.#context;
    journal.isWhole = false;
    this.#session = await this.#persist("resume", () => client.resumeSession(sessionId, this.#config()));
    return this.#session;
  }

  /** Sends every batch and waits for its work. `known` are prompts that were sent before, with what was answered. */
  async work(known: readonly Send[] = []): Promise<void> {
    const answered = new Map(known.map((send) => [send.key, send]));
    for (const batch of this.#plan.batches) {
      const ids: string[] = [];
      for (const planned of batch) {
        const before = answered.get(planned.key);
        const messageId = before?.messageId ?? (await this.#send(planned));
        if (before?.messageId !== undefined) this.sends.push(before);
        ids.push(messageId);
      }
      await this.settled(ids);
    }
  }

  async settled(messageIds: readonly string[]): Promise<void> {
    const { journal } = this.#context;
    const what = `the end of the work of ${this.#plan.name} (${messageIds.join(", ")})`;
    // What was in the log before this client came is not in its journal.
    const before = journal.isWhole ? [] : (await this.log()).map(({ data }) => data["messageId"]);
    const expected = messageIds.filter((id) => !before.includes(id));
    await journal.until(what, (entries) => isSettled(entries, expected), SETTLE_TIMEOUT_MS);
  }

  /** The log of the session, as the runtime has it now. */
  async log(): Promise<SeenEvent[]> {
    const events = await this.#persist("getEvents", () => this.session.getEvents());
    return events.map((event) => seenOf(event as AnyEvent));
  }

  async #send({ key, prompt, isImmediate }: PlannedPrompt): Promise<string> {
    const index = this.sends.push({ key, prompt, isImmediate }) - 1;
    const mode: "immediate" | "enqueue" = isImmediate ? "immediate" : "enqueue";
    const message = { prompt, mode, idempotencyKey: key };
    const messageId = await this.#persist("send", () => {
      this.#context.tell("send");
      return this.session.send(message);
    });
    const send = { key, prompt, isImmediate, messageId };
    this.sends[index] = send;
    this.#context.onSend?.(send);
    this.#context.tell("accepted");
    return messageId;
  }

  /** Calls until it succeeds; only a failure that more calls cannot help ends it. */
  async #persist<T>(what: string, call: (attempt: number) => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      await this.#context.gate.passed();
      try {
        return await call(attempt);
      } catch (error) {
        const isPassing = NarthexError.is(error) && error.retry !== "never";
        if (!isPassing || attempt >= MAX_TRIES) {
          throw new SuiteError(`${what} of ${this.#plan.name} failed: ${String(error)}`, { cause: error });
        }
      }
    }
  }

  #config(): SessionConfigBase {
    const { journal, random } = this.#context;
    const thought = (): Promise<unknown> => delay(random.chance(0.5) ? 0 : random.int(1, LONGEST_THOUGHT_MS));
    return {
      streaming: true,
      onEvent: (event) => journal.event(event),
      onPermissionRequest: async () => {
        await thought();
        return random.chance(0.15) ? { kind: "reject" } : { kind: "approve-once" };
      },
      onUserInputRequest: async () => {
        await thought();
        return { answer: "yes", wasFreeform: true };
      },
      tools: [
        defineTool("mine", {
          description: "A tool of the application.",
          parameters: z.object({ id: z.string() }),
          handler: async ({ id }) => {
            await thought();
            return `did ${id}`;
          },
        }),
      ],
    };
  }
}
