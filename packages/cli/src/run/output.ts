// How `narthex run` tells what happens: a timeline for people, or one JSON object a line for programs.
import type { CopilotSession, Logger, PermissionRequest, PermissionRequestResult, SessionEvent } from "@narthex/sdk";
import type { Colors } from "../colors.ts";
import { Timeline } from "./timeline.ts";

export interface RunOutput {
  readonly logger: Logger;
  begin(title: string): void;
  note(text: string): void;
  event(event: SessionEvent): void;
  decision(request: PermissionRequest, decision: PermissionRequestResult): void;
  created(session: CopilotSession): void;
  summary(session: CopilotSession, outcome: "done" | "failed" | "aborted"): void;
}

/** What is counted on the way. Times are milliseconds since the command began. */
interface Tally {
  readonly startedAt: number;
  events: number;
  firstEventAt?: number;
  createdAt?: number;
  turnStartedAt?: number;
}

export function createOutput(isJson: boolean, stream: NodeJS.WritableStream, colors: Colors): RunOutput {
  const write = (text: string): void => void stream.write(text);
  return isJson ? new JsonOutput(write) : new TimelineOutput(write, colors);
}

/** The facts of a finished run. */
function facts(session: CopilotSession, tally: Tally, outcome: string): Record<string, string | number | undefined> {
  const now = Date.now() - tally.startedAt;
  return {
    outcome,
    sessionId: session.sessionId,
    remoteUrl: session.remoteUrl,
    events: tally.events,
    early: session.startup.parkedEvents,
    dropped: session.startup.droppedEvents,
    createMs: tally.createdAt,
    firstEventMs: tally.firstEventAt,
    turnMs: tally.turnStartedAt === undefined ? undefined : now - tally.turnStartedAt,
  };
}

function count(tally: Tally, event: SessionEvent): void {
  const now = Date.now() - tally.startedAt;
  tally.events += 1;
  tally.firstEventAt ??= now;
  if (event.type === "user.message") tally.turnStartedAt ??= now;
}

const silent = (): void => undefined;

/** Counts, and keeps what comes before the create response until it is known how much of it was early. */
abstract class CountingOutput {
  protected readonly tally: Tally = { startedAt: Date.now(), events: 0 };
  #waiting: SessionEvent[] | undefined = [];

  /** @param isEarly true when the event arrived before the create response */
  protected abstract show(event: SessionEvent, isEarly: boolean): void;

  event(event: SessionEvent): void {
    count(this.tally, event);
    if (this.#waiting === undefined) this.show(event, false);
    else this.#waiting.push(event);
  }

  created(session: CopilotSession): void {
    this.tally.createdAt = Date.now() - this.tally.startedAt;
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const [index, event] of waiting.entries()) this.show(event, index < session.startup.parkedEvents);
  }
}

class JsonOutput extends CountingOutput implements RunOutput {
  readonly #write: (text: string) => void;
  readonly logger: Logger = { debug: silent, info: silent, warn: silent, error: silent };

  constructor(write: (text: string) => void) {
    super();
    this.#write = write;
  }

  begin(): void {}
  note(): void {}
  decision(): void {}

  protected show(event: SessionEvent, isEarly: boolean): void {
    this.#write(`${JSON.stringify(isEarly ? { ...event, early: true } : event)}\n`);
  }

  summary(session: CopilotSession, outcome: string): void {
    this.#write(`${JSON.stringify({ type: "narthex.summary", data: facts(session, this.tally, outcome) })}\n`);
  }
}

class TimelineOutput extends CountingOutput implements RunOutput {
  readonly #write: (text: string) => void;
  readonly #colors: Colors;
  readonly #timeline: Timeline;
  readonly logger: Logger;

  constructor(write: (text: string) => void, colors: Colors) {
    super();
    this.#write = write;
    this.#colors = colors;
    this.#timeline = new Timeline(write, colors, this.tally.startedAt);
    const warn = (message: string): void => this.#timeline.note("warning", colors.yellow(message));
    this.logger = { debug: silent, info: silent, warn, error: warn };
  }

  begin(title: string): void {
    this.#write(`${this.#colors.bold(title)}\n\n`);
  }

  note(text: string): void {
    this.#timeline.note("note", this.#colors.yellow(text));
  }

  protected show(event: SessionEvent, isEarly: boolean): void {
    this.#timeline.event(event, isEarly);
  }

  decision(request: PermissionRequest, decision: PermissionRequestResult): void {
    this.#timeline.decision(request, decision);
  }

  override created(session: CopilotSession): void {
    super.created(session);
    this.#timeline.note(
      "created",
      `${this.#colors.green(session.sessionId)} ${this.#colors.dim("(what is marked early came before this answer)")}`,
    );
  }

  summary(session: CopilotSession, outcome: string): void {
    const { dim, bold, green, red } = this.#colors;
    const { turnMs, firstEventMs, events, early, dropped } = facts(session, this.tally, outcome);
    const rows: [string, string][] = [
      ["outcome", outcome === "done" ? green(outcome) : red(outcome)],
      ["session", session.sessionId],
      ["remoteUrl", `${session.remoteUrl ?? "none"} ${dim("(answered while this command ran)")}`],
      ["events", `${events} received, ${early} of them before the create response, ${dropped} dropped`],
      ["times", `first event after ${firstEventMs ?? "?"} ms, turn ${turnMs ?? "?"} ms`],
    ];
    this.#write(
      `\n${bold("Summary")}\n${rows.map(([label, text]) => `  ${dim(label.padEnd(10))} ${text}\n`).join("")}`,
    );
  }
}
