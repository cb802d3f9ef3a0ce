/**
 * One connection to a runtime, from the handshake to its end: the peer, and the sessions that live on it.
 */
import {
  FEATURE_DURABLE_SEND,
  FEATURE_IDEMPOTENCY_KEYS,
  NarthexError,
  isRuntimeRequestMethod,
} from "@narthex/protocol";
import { RpcPeer } from "@narthex/rpc";
import { shakeHands, type HandshakeOptions } from "./handshake.ts";
import type { LifecycleDispatch } from "./lifecycle.ts";
import type { Logger } from "./logger.ts";
import type { PendingRoutingLimits } from "./routing-types.ts";
import type { RuntimeLink } from "./runtime-link.ts";
import { SessionRegistry } from "./session-registry.ts";

export interface ConnectionOptions {
  readonly link: RuntimeLink;
  readonly logger: Logger;
  readonly lifecycle: LifecycleDispatch;
  readonly limits: PendingRoutingLimits;
  readonly handshake: HandshakeOptions;
  /**
   * The connection is over, for whatever reason; called once, and only after a successful handshake. Whoever is told ends
   * the registry, or takes its sessions over.
   */
  readonly onLost: (error: NarthexError) => void;
}

export class Connection {
  readonly peer: RpcPeer;
  readonly registry: SessionRegistry;
  readonly link: RuntimeLink;
  readonly #options: ConnectionOptions;
  readonly #stopping = new AbortController();
  #isUp = false;
  #loss: NarthexError | undefined;
  #features: ReadonlySet<string> = new Set();

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.link = options.link;
    this.registry = new SessionRegistry(options.limits, options.logger);
    this.peer = new RpcPeer(options.link.transport, {
      notification: (method, params) => this.#notified(method, params),
      request: (method, params) => this.#requested(method, params),
      closed: (error) => this.#closed(error),
      problem: (error) => options.logger.warn(`Protocol problem: ${error.message}`, { code: error.code }),
    });
  }

  /** Starts reading and settles token and version. */
  async open(): Promise<void> {
    this.peer.start();
    try {
      this.#features = await shakeHands(this.peer, this.#options.handshake);
      if (this.#loss !== undefined) throw this.#loss; // it ended right behind the last answer
      this.#isUp = true;
    } catch (error) {
      const failure = this.link.explain(NarthexError.from(error, "CONNECTION_FAILED"));
      this.close(failure);
      throw failure;
    }
  }

  /** Does the runtime keep messages for a session whose worker has not started yet? */
  get isSendDurable(): boolean {
    return this.#features.has(FEATURE_DURABLE_SEND);
  }

  /** May a message be sent again when the answer to it was lost? */
  get isSendRepeatable(): boolean {
    return this.#features.has(FEATURE_IDEMPOTENCY_KEYS);
  }

  /** Aborts when the connection is given up; creates in flight end with it. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** No more creates: those in flight reject, what is parked for them is refused while replies can still be written. */
  beginStop(reason: NarthexError): void {
    this.#stopping.abort(reason);
    this.registry.closeGate();
  }

  /** Ends the connection: pending calls reject with `reason`, sessions are told. */
  close(reason: NarthexError): void {
    this.#isUp = false;
    this.registry.close(reason);
    this.peer.close(reason);
  }

  #notified(method: string, params: unknown): void {
    if (method === "session.event") this.registry.event(params);
    else if (method === "session.lifecycle") this.#options.lifecycle.notify(params);
  }

  #requested(method: string, params: unknown): Promise<unknown> {
    if (isRuntimeRequestMethod(method)) return this.registry.request(method, params);
    throw new NarthexError("METHOD_NOT_FOUND", `Unhandled method ${method}`);
  }

  #closed(error: NarthexError | undefined): void {
    const reason = error ?? new NarthexError("CONNECTION_CLOSED", "The connection to the runtime was closed.");
    this.#loss = reason;
    if (!this.#isUp) return this.registry.close(reason);
    this.#isUp = false;
    this.#options.onLost(reason);
  }
}
