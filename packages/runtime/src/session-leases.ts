// The leases of the sessions that this runtime has in memory.
import { nameOfThisHost, type Leases } from "@narthex/engine";
import { NarthexError, messageOf } from "@narthex/protocol";
import type { RuntimeLogger } from "./ports.ts";

const DEFAULT_TTL_MS = 15_000;
/** A lease is renewed so many times before it would end. */
const RENEWALS_PER_TTL = 3;

export interface SessionLeasesOptions {
  readonly leases: Leases;
  readonly logger: RuntimeLogger;
  /** Default: a name of this process alone. */
  readonly host?: string | undefined;
  /** Default 15,000. */
  readonly ttlMs?: number | undefined;
  /** Another process has taken over a session that this one had. */
  readonly onLost: (id: string) => void;
}

export class SessionLeases {
  readonly #options: SessionLeasesOptions;
  readonly #host: string;
  readonly #ttlMs: number;
  readonly #epochs = new Map<string, number>();
  readonly #releasing = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SessionLeasesOptions) {
    this.#options = options;
    this.#host = options.host ?? nameOfThisHost();
    this.#ttlMs = options.ttlMs ?? DEFAULT_TTL_MS;
  }

  /**
   * Claims a session and does something with it. The lease lasts on until `release`, unless it fails.
   * @throws {NarthexError} SESSION_LEASED, SESSION_NOT_FOUND, and what `work` throws
   */
  async under<T>(id: string, work: (epoch: number) => Promise<T>): Promise<T> {
    const { leases } = this.#options;
    const claimed = await leases.claim(id, this.#host, this.#ttlMs);
    if (claimed === undefined) throw await this.#leased(id);
    this.#epochs.set(id, claimed.epoch);
    this.#timer ??= setInterval(() => void this.renew(), Math.max(1, this.#ttlMs / RENEWALS_PER_TTL)).unref();
    try {
      return await work(claimed.epoch);
    } catch (error) {
      this.release(id);
      throw error;
    }
  }

  /** Lets a session go; harmless when it is not held. Comes after everything that was written before it. */
  release(id: string): void {
    const epoch = this.#epochs.get(id);
    if (epoch === undefined) return;
    this.#forget(id);
    const released = this.#options.leases
      .release(id, epoch)
      .catch((error: unknown) => this.#warn(id, `A lease was not released and ends by itself: ${messageOf(error)}`))
      .finally(() => this.#releasing.delete(released));
    this.#releasing.add(released);
  }

  /** Makes every lease last on. Those that others have taken are lost. */
  async renew(): Promise<void> {
    await Promise.all([...this.#epochs].map(([id, epoch]) => this.#renewOne(id, epoch)));
  }

  /** Resolves when what was let go is free for others. */
  async released(): Promise<void> {
    await Promise.all(this.#releasing);
  }

  /** Lets everything go. */
  async close(): Promise<void> {
    for (const id of this.#epochs.keys()) this.release(id);
    await this.released();
  }

  async #renewOne(id: string, epoch: number): Promise<void> {
    try {
      const isOurs = await this.#options.leases.renew(id, epoch, this.#ttlMs);
      if (isOurs || this.#epochs.get(id) !== epoch) return;
      this.#forget(id);
      this.#warn(id, "Another process has taken over this session: it ends here.");
      this.#options.onLost(id);
    } catch (error) {
      // The store may work again before the lease ends; and if not, the epoch keeps the log in order.
      this.#warn(id, `A lease was not renewed: ${messageOf(error)}`);
    }
  }

  #forget(id: string): void {
    this.#epochs.delete(id);
    if (this.#epochs.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #leased(id: string): Promise<NarthexError> {
    const holder = await this.#options.leases.holder(id);
    const who = holder === undefined ? "" : ` (${holder.host}, at least until ${holder.expiresAt})`;
    return new NarthexError(
      "SESSION_LEASED",
      `Another process runs session ${id}${who}: connect to that one, or try again when it has let the session go.`,
    );
  }

  #warn(id: string, message: string): void {
    this.#options.logger.warn(message, { sessionId: id });
  }
}
