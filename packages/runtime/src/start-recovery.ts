/**
 * What ended processes left is taken up when the runtime starts, whether a client comes or not.
 *
 * | a session in whose mailbox something waits       | what is done                                                 |
 * | ------------------------------------------------ | ------------------------------------------------------------ |
 * | is in memory, or on its way there                | nothing: whoever brought it there goes on with it            |
 * | needs a client (`needsClient`)                   | nothing: it waits for one                                    |
 * | cannot be brought back                           | the reason is logged; it waits for a client                  |
 * | does not fit into memory (`maxLiveSessions`)     | it and those behind it wait for their clients                |
 * | any other                                        | it is brought back and works until it is idle or asks        |
 *
 * V1. At most `maxSessions` of them work at once; one that waits for somebody's answer gives its place to the next.
 * V2. The mailbox is the only list of them: a process that ends here too leaves the next one the same list, less what is
 *     done.
 * V3. Nothing is taken up while another process uses the store: that may have it in its hands.
 */
import type { Engine } from "@narthex/engine";
import { NarthexError, messageOf } from "@narthex/protocol";
import type { RuntimeLogger } from "./ports.ts";
import { needsClient } from "./session/session-record.ts";

export interface StartRecoveryOptions {
  readonly engine: Engine;
  readonly logger: RuntimeLogger;
  /** Sessions that work at once; 0 for none at all. */
  readonly maxSessions: number;
  /** Milliseconds until it is tried again when another process uses the store. */
  readonly retryMs: number;
  /** Is the session in memory, or on its way there? */
  readonly isInHands: (id: string) => boolean;
  /** Brings a session back and goes on with it; true while it works on its own. */
  readonly takeUp: (id: string) => Promise<boolean>;
}

const PAGE_SESSIONS = 100;

export class StartRecovery {
  readonly #options: StartRecoveryOptions;
  readonly #working = new Set<string>();
  #hasRoom = (): void => undefined;
  #retry: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(options: StartRecoveryOptions) {
    this.#options = options;
  }

  /** Resolves when everything that was found has been begun, or has to wait for a client. */
  async run(): Promise<void> {
    const { engine, logger, maxSessions, retryMs } = this.#options;
    if (maxSessions === 0 || this.#isOver) return;
    const [first] = await engine.mailbox.sessionsWaiting({ limit: 1 });
    if (first === undefined) return;
    // V3
    if (!(await engine.isAlone())) {
      if (this.#retry === undefined) {
        logger.warn("Another process uses the data folder: unfinished work waits for it to end, or for its clients.");
      }
      this.#retry = setTimeout(() => void this.run().catch((error: unknown) => this.#failed(error)), retryMs);
      this.#retry.unref();
      return;
    }
    let count = 0;
    let page = await engine.mailbox.sessionsWaiting({ limit: PAGE_SESSIONS });
    while (page.length > 0 && !this.#isOver) {
      for (const { id } of page) if (await this.#begin(id)) count += 1;
      page = await engine.mailbox.sessionsWaiting({ limit: PAGE_SESSIONS, after: page.at(-1)?.place ?? 0 });
    }
    if (count > 0) logger.info("Unfinished work of an ended process was taken up.", { sessions: count });
  }

  /** A session has become idle, waits for an answer, or is gone. */
  quiet(id: string): void {
    if (this.#working.delete(id)) this.#hasRoom();
  }

  /** Begins with no more sessions. */
  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#retry);
    this.#hasRoom();
  }

  async #begin(id: string): Promise<boolean> {
    const { engine, logger, maxSessions, isInHands, takeUp } = this.#options;
    while (this.#working.size >= maxSessions && !this.#isOver) {
      await new Promise<void>((resolve) => (this.#hasRoom = resolve)); // V1
    }
    if (this.#isOver || isInHands(id)) return false;
    const record = await engine.directory.get(id);
    if (record === undefined) return false;
    if (needsClient(record)) {
      logger.info("The session's unfinished work waits for a client: its model or its hooks are a client's.", {
        sessionId: id,
      });
      return false;
    }
    this.#working.add(id);
    try {
      if (!(await takeUp(id))) this.quiet(id);
      return true;
    } catch (error) {
      this.quiet(id);
      this.#failed(error, id);
      return false;
    }
  }

  #failed(error: unknown, id?: string): void {
    const { logger } = this.#options;
    const isFull = NarthexError.is(error) && error.code === "LIMIT_EXCEEDED";
    if (isFull) this.stop();
    const which = id === undefined ? "Unfinished work" : isFull ? "This and all other unfinished work" : "It";
    if (this.#isOver && !isFull) return;
    const text = `Unfinished work could not be taken up: ${messageOf(error)} ${which} waits for a client.`;
    logger.error(text, id === undefined ? undefined : { sessionId: id });
  }
}
