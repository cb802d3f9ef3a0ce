import { NarthexError } from "@narthex/protocol";

/** An event as it stands on the wire. */
export interface ScriptedEvent {
  readonly id: string;
  readonly timestamp: string;
  readonly parentId: string | null;
  readonly type: string;
  readonly data: unknown;
  readonly ephemeral?: boolean;
}

type Params = Record<string, unknown>;

/** The logs of a scripted runtime's sessions, as far as its clients may read them. */
export class ScriptedLog {
  readonly #events = new Map<string, ScriptedEvent[]>();

  append(sessionId: string, event: ScriptedEvent): void {
    const events = this.#events.get(sessionId) ?? [];
    events.push(event);
    this.#events.set(sessionId, events);
  }

  /** Forgets what is not persisted, as a runtime that is started again. */
  forgetEphemeral(): void {
    for (const [sessionId, events] of this.#events) {
      this.#events.set(
        sessionId,
        events.filter((event) => event.ephemeral !== true),
      );
    }
  }

  /** Answers `session.getMessages`. */
  messages({ sessionId }: Params): unknown {
    return { events: this.#of(sessionId).filter((event) => event.ephemeral !== true) };
  }

  /** Answers `session.eventLog.read`; a cursor is the id of the event before. */
  read({ sessionId, cursor, max, includeEphemeral }: Params): unknown {
    const events = this.#of(sessionId);
    const before = cursor === undefined ? -1 : events.findIndex((event) => event.id === cursor);
    if (before === -1 && cursor !== undefined) return { events: [], cursor, hasMore: false, cursorStatus: "expired" };
    const rest = events.slice(before + 1).filter((event) => includeEphemeral === true || event.ephemeral !== true);
    const page = rest.slice(0, typeof max === "number" ? max : rest.length);
    const last = page.at(-1)?.id ?? cursor ?? "";
    return { events: page, cursor: last, hasMore: page.length < rest.length, cursorStatus: "ok" };
  }

  #of(sessionId: unknown): readonly ScriptedEvent[] {
    return typeof sessionId === "string" ? (this.#events.get(sessionId) ?? []) : [];
  }
}

/** What a runtime answers that does not have a method. */
export function unknownMethod(name: string): () => never {
  return () => {
    throw new NarthexError("METHOD_NOT_FOUND", `Unhandled method ${name}`);
  };
}
