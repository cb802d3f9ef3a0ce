// One client of the gateway: its handshake, its calls, and what the runtime sends it.
import { randomUUID } from "node:crypto";
import {
  FEATURE_DURABLE_SEND,
  FEATURE_EARLY_SESSION_TRAFFIC,
  FEATURE_IDEMPOTENCY_KEYS,
  NARTHEX_VERSION,
  NarthexError,
  PROFILE,
  PROTOCOL_VERSION,
  profileStatus,
  type RawSessionEvent,
} from "@narthex/protocol";
import { RpcPeer, type InboundCall, type Transport } from "@narthex/rpc";
import type { Runtime, RuntimeLogger, SessionClient } from "@narthex/runtime";
import { HeldTraffic } from "./held-traffic.ts";
import { METHODS, type MethodContext } from "./methods.ts";
import { authenticate } from "./token.ts";

export interface ConnectionOptions {
  readonly runtime: Runtime;
  readonly transport: Transport;
  readonly logger: RuntimeLogger;
  /** Token that `connect` must carry; undefined when none is configured. */
  readonly token: string | undefined;
  /** Most events kept for sessions whose create response is not written yet (default 10,000). */
  readonly maxHeldEvents: number;
  /** True once the runtime takes no more calls. */
  readonly isShuttingDown: () => boolean;
  readonly shutDown: () => Promise<void>;
  readonly onClosed: (connection: ClientConnection) => void;
}

/** Params as a plain object; a client may send one object in an array, or nothing. */
function namedParams(params: unknown): Record<string, unknown> {
  const value = Array.isArray(params) && params.length === 1 ? (params[0] as unknown) : params;
  if (value === undefined || value === null) return {};
  if (typeof value === "object" && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new NarthexError("INVALID_PARAMS", "params must be an object.");
}

export class ClientConnection {
  readonly id = randomUUID();
  readonly #options: ConnectionOptions;
  readonly #peer: RpcPeer;
  readonly #client: SessionClient;
  #isConnected = true;
  #isAuthenticated: boolean;
  #keepsEarlyTraffic = false;
  #traffic: HeldTraffic;
  /** Creates in flight whose id is not known here yet, and ids that wait for a response. */
  #creating = 0;
  readonly #expected = new Set<string>();

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#isAuthenticated = options.token === undefined;
    this.#traffic = this.#newTraffic();
    this.#peer = new RpcPeer(options.transport, {
      request: (method, params, call) => this.#called(method, params, call),
      closed: () => {
        this.#isConnected = false;
        options.runtime.detachAll(this.id);
        options.onClosed(this);
      },
      problem: (error) => options.logger.debug(`Client ${this.id}: ${error.message}`, { code: error.code }),
    });
    const isConnected = (): boolean => this.#isConnected;
    this.#client = {
      id: this.id,
      get isConnected() {
        return isConnected();
      },
      event: (sessionId, event) => this.#traffic.event(sessionId, event),
      request: (method, params, { signal }) => this.#peer.request(method, params, { signal }),
    };
  }

  start(): void {
    this.#peer.start();
  }

  /** Sends a notification that is about no session this client need know. */
  notify(method: string, params: unknown): void {
    if (this.#isAuthenticated) this.#peer.notify(method, params);
  }

  close(error?: NarthexError): void {
    this.#peer.close(error);
  }

  #newTraffic(): HeldTraffic {
    return new HeldTraffic({
      passThrough: this.#keepsEarlyTraffic,
      maxEvents: this.#options.maxHeldEvents,
      send: (sessionId, event) => this.#sendEvent(sessionId, event),
      onOverflow: () =>
        this.close(
          new NarthexError("OUTBOUND_QUEUE_FULL", "Too many events wait for a create response of this client."),
        ),
    });
  }

  #sendEvent(sessionId: string, event: RawSessionEvent): void {
    this.#peer.notify("session.event", { sessionId, event });
  }

  async #called(method: string, rawParams: unknown, call: InboundCall): Promise<unknown> {
    if (method === "connect") return this.#connect(namedParams(rawParams));
    if (!this.#isAuthenticated) {
      throw new NarthexError(
        "AUTHENTICATION_REQUIRED",
        "AUTHENTICATION_REQUIRED: call connect with the connection token first.",
      );
    }
    if (this.#options.isShuttingDown()) {
      throw new NarthexError("SERVER_SHUTTING_DOWN", "SERVER_SHUTTING_DOWN: the runtime takes no more calls.");
    }
    const handler = Object.hasOwn(METHODS, method) ? METHODS[method as keyof typeof METHODS] : undefined;
    if (handler === undefined) throw notSupported(method);
    return handler(namedParams(rawParams), this.#contextOf(call));
  }

  #connect(params: Record<string, unknown>): unknown {
    authenticate(this.#options.token, params.token);
    this.#isAuthenticated = true;
    const features = Array.isArray(params.features) ? params.features : [];
    const keeps = features.includes(FEATURE_EARLY_SESSION_TRAFFIC);
    if (keeps !== this.#keepsEarlyTraffic && this.#creating === 0 && this.#expected.size === 0) {
      this.#keepsEarlyTraffic = keeps;
      this.#traffic = this.#newTraffic();
    }
    return {
      ok: true,
      protocolVersion: PROTOCOL_VERSION,
      version: NARTHEX_VERSION,
      taskKinds: [],
      features: [FEATURE_DURABLE_SEND, FEATURE_IDEMPOTENCY_KEYS],
    };
  }

  #contextOf(call: InboundCall): MethodContext {
    const { runtime, shutDown } = this.#options;
    return {
      runtime,
      client: this.#client,
      shutDown,
      opening: (sessionId, open) => this.#opening(sessionId, open),
      closed: (sessionId) => this.#traffic.forget(sessionId),
      signal: () => call.signal,
    };
  }

  /**
   * Runs a create or a resume. A session whose id the client knows gets its response before its events; so does every
   * session of a client that does not keep early traffic.
   */
  async #opening<T extends { sessionId: string }>(knownId: string | undefined, open: () => Promise<T>): Promise<T> {
    this.#creating += 1;
    const wasKnown = knownId !== undefined && this.#traffic.stateOf(knownId) !== "unknown";
    if (knownId !== undefined) {
      this.#expected.add(knownId);
      this.#traffic.expect(knownId);
    }
    try {
      const result = await open();
      // The response is written before any timer or immediate runs; what was held follows it.
      setImmediate(() => this.#traffic.open(result.sessionId));
      return result;
    } catch (error) {
      // A session that the client was attached to before goes on for it.
      if (wasKnown) setImmediate(() => this.#traffic.open(knownId));
      else if (knownId !== undefined) this.#traffic.forget(knownId);
      throw error;
    } finally {
      if (knownId !== undefined) this.#expected.delete(knownId);
      // Only after the sessions of this turn of the loop are open does a create count as over: what is still held when
      // none is left belongs to creates that failed.
      setImmediate(() => {
        this.#creating -= 1;
        if (this.#creating === 0) this.#traffic.forgetAllBut(this.#expected);
      });
    }
  }
}

function notSupported(method: string): NarthexError {
  if (profileStatus(method) === "unknown") return new NarthexError("METHOD_NOT_FOUND", `Unhandled method ${method}`);
  return new NarthexError("UNSUPPORTED_IN_PROFILE", `${method} is not supported in profile ${PROFILE}.`, {
    data: { profile: PROFILE, method },
  });
}
