// Actors at work in one world, each with one session after the other, until the fault has been tried often enough.
import { performance } from "node:perf_hooks";
import type { CopilotClient } from "@narthex/sdk";
import { Actor } from "./actor.ts";
import { JournalWriter, type AnyEvent } from "./journal-writer.ts";
import { checkSession } from "./laws/laws.ts";
import { missedIdles } from "./laws/work.ts";
import type { Random } from "./random.ts";
import type { JournalEntry, SeenEvent, SessionRecord, Violation } from "./record.ts";
import { planSession } from "./work.ts";
import type { World } from "./world.ts";

const CATCH_UP_TIMEOUT_MS = 30_000;
/** Share of the sessions that a second client watches from somewhere in the middle. */
const WATCHED_SHARE = 0.3;

/** What a session came to. */
export interface Finding {
  readonly sessionId: string;
  readonly violations: readonly Violation[];
}

export interface Tally {
  sessions: number;
  prompts: number;
  events: number;
  missedIdles: number;
}

export class Crew {
  readonly findings: Finding[] = [];
  readonly sessionIds: string[] = [];
  readonly tally: Tally = { sessions: 0, prompts: 0, events: 0, missedIdles: 0 };
  readonly #world: World;
  readonly #random: Random;
  readonly #name: string;
  /** Journals of the sessions that are open, by client and session. */
  readonly #open = new Map<CopilotClient, Map<string, JournalWriter>>();
  #count = 0;

  constructor(name: string, world: World, random: Random) {
    this.#name = name;
    this.#world = world;
    this.#random = random;
  }

  /** Sessions that are being worked on. */
  get openIds(): string[] {
    return [...new Set([...this.#open.values()].flatMap((journals) => [...journals.keys()]))];
  }

  get hasFailed(): boolean {
    return this.findings.length > 0;
  }

  /** Works with so many sessions at a time, until `isOver` or something is found. */
  async work(width: number, isOver: () => boolean): Promise<void> {
    const clients = [this.#client(), this.#client()] as const;
    const [first, second] = clients;
    const one = async (index: number): Promise<void> => {
      while (!isOver() && !this.hasFailed)
        await this.#session(index % 2 === 0 ? first : second, index % 2 === 0 ? second : first);
    };
    await Promise.all(Array.from({ length: width }, (_, index) => one(index)));
    for (const client of clients) await client.forceStop();
  }

  /** Checks a session whose work is done, and keeps what is wrong with it. */
  judge(record: SessionRecord): void {
    this.sessionIds.push(record.sessionId);
    this.tally.sessions += 1;
    this.tally.prompts += record.sends.length;
    this.tally.events += record.log.length;
    for (const journal of record.journals) if (journal.isWhole) this.tally.missedIdles += missedIdles(journal);
    const violations = checkSession(record);
    if (violations.length > 0) this.findings.push({ sessionId: record.sessionId, violations });
  }

  /** A journal whose events the world's faults are timed by. */
  journal(who: string, isWhole: boolean): JournalWriter {
    const { signals } = this.#world;
    return new JournalWriter(who, isWhole, (entry) => {
      signals.tell(entry.kind === "event" ? entry.event.type : entry.kind);
    });
  }

  fail(sessionId: string, error: unknown, journal?: JournalWriter): void {
    const last = journal === undefined ? "" : `; last seen by ${journal.who}: ${tailOf(journal.entries)}`;
    const text = `${error instanceof Error ? error.message : String(error)}${last}`;
    this.findings.push({ sessionId, violations: [{ law: "W5", harm: "lost", text }] });
  }

  async #session(client: CopilotClient, other: CopilotClient): Promise<void> {
    this.#count += 1;
    const random = this.#random.fork();
    const plan = planSession(`${this.#name}-${this.#count}`, random);
    const journal = this.journal("the client", true);
    const { gate, signals } = this.#world;
    const actor = new Actor(plan, { client, journal, random, gate, tell: (name) => signals.tell(name) });
    let sessionId = "(not created)";
    try {
      const session = await actor.create();
      sessionId = session.sessionId;
      this.#follow(client, sessionId, journal);
      const watching = random.chance(WATCHED_SHARE) ? this.#watch(other, sessionId) : undefined;
      await actor.work();
      const log = await actor.log();
      const watcher = await watching?.(log);
      const journals = [journal, ...(watcher === undefined ? [] : [watcher])];
      this.judge({ sessionId, sends: actor.sends, journals, log, answers: [] });
      await session.disconnect();
      this.#open.get(client)?.delete(sessionId);
    } catch (error) {
      this.fail(sessionId, error, journal);
    }
  }

  /** A second client comes, only to look. Gives what waits until it has seen a log, and then its journal. */
  #watch(client: CopilotClient, sessionId: string): (log: readonly SeenEvent[]) => Promise<JournalWriter | undefined> {
    const journal = this.journal("the watcher", false);
    const onEvent = (event: unknown): void => journal.event(event as AnyEvent);
    const coming = client.resumeSession(sessionId, { streaming: true, onEvent }).then(
      (session) => {
        this.#follow(client, sessionId, journal);
        return session;
      },
      () => undefined, // it came at the wrong moment: nobody has promised it anything
    );
    return async (log) => {
      const session = await coming;
      if (session === undefined) return undefined;
      const last = log.at(-1)?.id;
      const hasSeen = (entries: readonly JournalEntry[]): boolean =>
        entries.some((entry) => entry.kind === "event" && entry.event.id === last);
      await journal.until(`the watcher to see event ${last}`, hasSeen, CATCH_UP_TIMEOUT_MS);
      await session.disconnect();
      this.#open.get(client)?.delete(sessionId);
      return journal;
    };
  }

  #follow(client: CopilotClient, sessionId: string, journal: JournalWriter): void {
    this.#open.get(client)?.set(sessionId, journal);
  }

  #client(): CopilotClient {
    const client = this.#world.client();
    const journals = new Map<string, JournalWriter>();
    this.#open.set(client, journals);
    client.on("connection", (event) => {
      const at = performance.now();
      if (event.type === "lost") for (const journal of journals.values()) journal.add({ kind: "lost", at });
      else if (event.type === "resumed") {
        const journal = journals.get(event.sessionId);
        journal?.add({ kind: "resumed", at });
        // A client that has seen nothing yet has no place in the log from which it could be told what it missed.
        const hasSeen = journal !== undefined && hasSeenBefore(journal.entries);
        if (!event.isComplete && hasSeen)
          this.fail(event.sessionId, "a session was resumed without its missed events", journal);
      } else if (event.type === "session-lost") this.fail(event.sessionId, event.error);
      else if (event.type === "gave-up") this.fail("(all)", event.error);
    });
    return client;
  }
}

/** Had a client seen anything before it lost its connection last? */
function hasSeenBefore(entries: readonly JournalEntry[]): boolean {
  const lost = entries.findLastIndex(({ kind }) => kind === "lost");
  return entries.slice(0, lost).some(({ kind }) => kind === "event");
}

/** The end of a journal, for whoever looks for what went wrong. */
function tailOf(entries: readonly JournalEntry[]): string {
  return entries
    .filter((entry) => entry.kind !== "event" || !entry.event.ephemeral)
    .slice(-12)
    .map((entry) => (entry.kind === "event" ? entry.event.type : entry.kind))
    .join(", ");
}
