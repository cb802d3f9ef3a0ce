import type { NarthexError } from "@narthex/protocol";
import type { TransportSink } from "@narthex/rpc";
import { within } from "./deadline.ts";

/** A sink that keeps what it is told, and lets a test wait for it. */
export class RecordingSink implements TransportSink {
  readonly messages: string[] = [];
  readonly closes: (NarthexError | undefined)[] = [];
  readonly malformations: NarthexError[] = [];
  onMessage: (text: string) => void = () => undefined;
  #waiters: { isDone: () => boolean; resolve: () => void }[] = [];

  message(body: Uint8Array | string): void {
    const text = typeof body === "string" ? body : new TextDecoder().decode(body);
    this.messages.push(text);
    this.onMessage(text);
    this.#check();
  }

  closed(error?: NarthexError): void {
    this.closes.push(error);
    this.#check();
  }

  malformed(error: NarthexError): void {
    this.malformations.push(error);
    this.#check();
  }

  async received(count: number): Promise<void> {
    await this.#until(`${count} messages (there are ${this.messages.length})`, () => this.messages.length >= count);
  }

  async ended(): Promise<void> {
    await this.#until("the end of the transport", () => this.closes.length > 0);
  }

  async #until(what: string, isDone: () => boolean): Promise<void> {
    if (isDone()) return;
    await within(what, new Promise<void>((resolve) => this.#waiters.push({ isDone, resolve })));
  }

  #check(): void {
    const done = this.#waiters.filter((waiter) => waiter.isDone());
    this.#waiters = this.#waiters.filter((waiter) => !done.includes(waiter));
    for (const waiter of done) waiter.resolve();
  }
}
