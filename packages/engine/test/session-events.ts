import type { RawSessionEvent } from "@narthex/protocol";

/** Makes the events of one session as the runtime would: unique ids, and each names the last persisted one as parent. */
export class SessionEvents {
  readonly #prefix: string;
  #made = 0;
  #parentId: string | null;

  constructor(prefix = "e", parentId: string | null = null) {
    this.#prefix = prefix;
    this.#parentId = parentId;
  }

  persisted(type = "assistant.message", data: unknown = { content: "hello" }): RawSessionEvent {
    const event = this.#make(type, data);
    this.#parentId = event.id;
    return event;
  }

  ephemeral(data: unknown = { delta: "h" }): RawSessionEvent {
    return { ...this.#make("assistant.message_delta", data), ephemeral: true };
  }

  many(count: number): RawSessionEvent[] {
    return Array.from({ length: count }, () => this.persisted());
  }

  #make(type: string, data: unknown): RawSessionEvent {
    this.#made += 1;
    const id = `${this.#prefix}-${this.#made}`;
    return { id, timestamp: "2026-11-22T10:00:00.000Z", parentId: this.#parentId, type, data };
  }
}
