// What the scripted runtime answers by itself unless a scenario says otherwise.
import type { AutoAnswer } from "./conversation.ts";

const NO_METHOD = { code: -32601, message: "Unhandled method" };

const USUAL: Readonly<Record<string, AutoAnswer>> = {
  connect: { result: { ok: true, protocolVersion: 3, version: "conformance" } },
  ping: { result: { message: "pong", timestamp: "2026-01-01T00:00:00.000Z", protocolVersion: 3 } },
  "session.detach": { result: { success: true } },
  "session.destroy": { result: { success: true } },
  "session.delete": { result: { success: true } },
  "session.abort": { result: { success: true } },
  "session.getMessages": { error: NO_METHOD },
  "session.eventLog.read": { error: NO_METHOD },
  "session.eventLog.tail": { error: NO_METHOD },
  "session.options.update": { result: { success: true } },
  "sessionFs.setProvider": { result: { success: true } },
  "runtime.shutdown": { result: {} },
};

/** The automatic answers of one scenario. */
export class AutoAnswers {
  readonly #answers: Map<string, AutoAnswer>;

  constructor(own: Readonly<Record<string, unknown>>) {
    this.#answers = new Map(Object.entries({ ...USUAL, ...(own as Record<string, AutoAnswer>) }));
  }

  change(own: Readonly<Record<string, unknown>>): void {
    for (const [method, answer] of Object.entries(own)) this.#answers.set(method, answer as AutoAnswer);
  }

  of(method: string): AutoAnswer | undefined {
    return this.#answers.get(method);
  }
}
