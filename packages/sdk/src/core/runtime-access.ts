/**
 * A client's way to its runtime: one connection at a time, and the sessions that outlive it.
 *
 * | state \ input | start             | a call                        | connection lost             | stop, forceStop |
 * | ------------- | ----------------- | ----------------------------- | --------------------------- | --------------- |
 * | disconnected  | → connecting      | NOT_CONNECTED                 | –                           | –               |
 * | connecting    | joins             | waits (create, resume)        | → disconnected              | → disconnected  |
 * | connected     | –                 | runs                          | → reconnecting              | → disconnected  |
 * | reconnecting  | waits             | waits, at most `callWaitMs`   | –                           | → disconnected  |
 *
 * From *reconnecting* a new connection leads to *connected*, giving up to *disconnected*. With reconnecting switched off
 * a loss leads to *disconnected* at once.
 *
 * A1. A live session is in the registry of the connection, or among the survivors of an outage, never in both; when it
 *     ends it is in neither.
 * A2. Survivors are registered before the first frame of a new connection that could concern them is looked at.
 * A3. Whoever leaves a state ends what belongs to it: attempts, waiting calls, survivors.
 */
import { NarthexError, messageOf } from "@narthex/protocol";
import { Connection } from "./connection.ts";
import { ConnectionEvents } from "./connection-events.ts";
import { detachSession } from "./detach-session.ts";
import { LifecycleDispatch } from "./lifecycle.ts";
import { stderrLogger, type Logger } from "./logger.ts";
import { resolvePendingRoutingLimits } from "./pending-routing-options.ts";
import { reattachSessions } from "./reattach-sessions.ts";
import { DEFAULT_RECONNECT_OPTIONS, resolveReconnectOptions } from "./reconnect-options.ts";
import { Reconnector } from "./reconnector.ts";
import type { PendingRoutingLimits } from "./routing-types.ts";
import type { RuntimeConnector } from "./runtime-link.ts";
import type { SessionPort } from "./session-line.ts";
import type { CopilotSession } from "./session.ts";
import { shutDown } from "./shut-down.ts";
import type { CopilotClientOptions } from "./types/client-options.ts";
import { WaitingRoom } from "./waiting-room.ts";

/** Where a client stands; each state owns what belongs to it. */
type AccessState =
  | { readonly kind: "disconnected" }
  | { readonly kind: "connecting"; readonly done: Promise<Connection>; readonly abort: AbortController }
  | { readonly kind: "connected"; readonly connection: Connection }
  | { readonly kind: "reconnecting"; readonly room: WaitingRoom; readonly survivors: Map<string, CopilotSession> };

const DEFAULT_START_TIMEOUT_MS = 30_000;

export class RuntimeAccess {
  readonly logger: Logger;
  readonly lifecycle: LifecycleDispatch;
  readonly events: ConnectionEvents;
  /** What sessions call through, on whichever connection there is. */
  readonly port: SessionPort;
  readonly #options: CopilotClientOptions;
  readonly #connect: RuntimeConnector;
  readonly #reconnector: Reconnector<Connection> | undefined;
  readonly #callWaitMs: number;
  readonly #limits: PendingRoutingLimits;
  #state: AccessState = { kind: "disconnected" };
  /** Grows with every connection: what is remembered of a runtime holds for one. */
  #generation = 0;

  constructor(options: CopilotClientOptions, connect: RuntimeConnector) {
    this.#options = options;
    this.#connect = connect;
    this.logger = options.logger ?? stderrLogger;
    this.lifecycle = new LifecycleDispatch(this.logger);
    this.events = new ConnectionEvents(this.logger);
    this.#limits = resolvePendingRoutingLimits(options.pendingRouting);
    const reconnect = resolveReconnectOptions(options.reconnect);
    this.#callWaitMs = reconnect?.callWaitMs ?? DEFAULT_RECONNECT_OPTIONS.callWaitMs;
    this.#reconnector =
      reconnect &&
      new Reconnector<Connection>(reconnect, {
        open: (signal) => this.#open(signal),
        opened: (connection, attempt) => this.#reconnected(connection, attempt),
        discard: (connection) => discard(connection),
        waiting: (attempt, delayMs) => this.events.tell({ type: "reconnecting", attempt, delayMs }),
        gaveUp: (error) => this.#gaveUp(error),
      });
    this.port = {
      logger: this.logger,
      callWaitMs: this.#callWaitMs,
      call: (method, params) => this.call(method, params),
      isSendRepeatable: () => this.#state.kind === "connected" && this.#state.connection.isSendRepeatable,
      traceContext: async () => ({ ...(await options.onGetTraceContext?.()) }),
      disconnect: (sessionId) => this.#disconnect(sessionId),
    };
  }

  get generation(): number {
    return this.#generation;
  }

  /** The connection, opening one where there is none. */
  async open(): Promise<Connection> {
    const state = this.#state;
    if (state.kind === "connecting") return state.done;
    return state.kind === "disconnected" ? this.#start() : this.current();
  }

  /**
   * The connection there is, or the one that is coming back.
   * @throws {NarthexError} NOT_CONNECTED, CONNECTION_CLOSED
   */
  async current(): Promise<Connection> {
    while (this.#state.kind === "reconnecting") await this.#state.room.wait({ waitMs: this.#callWaitMs });
    return this.#established();
  }

  call(method: string, params: Record<string, unknown>): Promise<unknown> {
    if (this.#state.kind === "connected") return this.#state.connection.peer.request(method, params);
    return this.current().then((connection) => connection.peer.request(method, params));
  }

  async stop(): Promise<Error[]> {
    const connection = this.#leave();
    return connection === undefined ? [] : shutDown(connection, stopped());
  }

  forceStop(): void {
    const connection = this.#leave();
    connection?.close(stopped());
    connection?.link.kill();
  }

  #established(): Connection {
    if (this.#state.kind === "connected") return this.#state.connection;
    throw new NarthexError("NOT_CONNECTED", "The client is not connected: call start() first.");
  }

  async #start(): Promise<Connection> {
    const abort = new AbortController();
    const done = this.#open(abort.signal);
    this.#state = { kind: "connecting", done, abort };
    try {
      const connection = await done;
      abort.signal.throwIfAborted();
      this.#state = { kind: "connected", connection };
      this.#reconnector?.up();
      this.events.tell({ type: "connected" });
      return connection;
    } catch (error) {
      if (this.#state.kind === "connecting" && this.#state.abort === abort) this.#state = { kind: "disconnected" };
      throw error;
    }
  }

  /** Opens a connection; when `signal` aborts, nothing of it stays. */
  async #open(signal: AbortSignal): Promise<Connection> {
    const link = await this.#connect(signal);
    this.#generation += 1;
    const connection = new Connection({
      link,
      logger: this.logger,
      lifecycle: this.lifecycle,
      limits: this.#limits,
      handshake: {
        token: link.token,
        clientInfo: this.#options.clientInfo,
        sessionFs: this.#options.sessionFs,
        timeoutMs: this.#options.startTimeoutMs ?? DEFAULT_START_TIMEOUT_MS,
      },
      onLost: (error) => this.#lost(connection, error),
    });
    const onAbort = (): void => connection.close(NarthexError.from(signal.reason, "ABORTED"));
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      signal.throwIfAborted();
      await connection.open();
      signal.throwIfAborted();
      return connection;
    } catch (error) {
      connection.close(NarthexError.from(error, "CONNECTION_FAILED"));
      link.kill();
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #lost(connection: Connection, error: NarthexError): void {
    if (this.#state.kind !== "connected" || this.#state.connection !== connection) {
      connection.registry.close(error);
      return;
    }
    this.#generation += 1;
    this.logger.warn(`The connection to the runtime was lost: ${messageOf(error)}`, { code: error.code });
    connection.link.kill();
    if (this.#reconnector === undefined) {
      this.#state = { kind: "disconnected" };
      connection.registry.close(error);
      this.events.tell({ type: "lost", error });
      return;
    }
    const survivors = new Map(connection.registry.surrender(error).map((session) => [session.sessionId, session]));
    for (const session of survivors.values()) session.suspend();
    const outage: AccessState = { kind: "reconnecting", room: new WaitingRoom(), survivors };
    this.#state = outage;
    this.events.tell({ type: "lost", error });
    if (this.#state === outage) this.#reconnector.lost(error); // a handler may have stopped the client
  }

  #reconnected(connection: Connection, attempt: number): void {
    if (this.#state.kind !== "reconnecting") return discard(connection);
    const { room, survivors } = this.#state;
    this.#state = { kind: "connected", connection };
    const recoveries = [...survivors.values()].flatMap((session) => {
      const recovery = session.beginCatchUp();
      if (recovery === undefined) return [];
      connection.registry.register(session); // A2
      return [{ session, recovery }];
    });
    this.logger.info("The connection to the runtime is back.", { attempt });
    room.open();
    this.events.tell({ type: "connected", attempt });
    const { peer, registry } = connection;
    const { port, logger, events } = this;
    void reattachSessions({ peer, registry, port, logger, tell: (event) => events.tell(event) }, recoveries);
  }

  #gaveUp(error: NarthexError): void {
    if (this.#state.kind !== "reconnecting") return;
    this.logger.error(error.message, { code: error.code });
    this.#endOutage(error);
    this.events.tell({ type: "gave-up", error });
  }

  /** A3. */
  #endOutage(reason: NarthexError): void {
    if (this.#state.kind !== "reconnecting") return;
    const { room, survivors } = this.#state;
    this.#state = { kind: "disconnected" };
    for (const session of survivors.values()) session.finish(reason);
    room.end(reason);
  }

  /** Gives up whatever connection there is; the caller ends it. */
  #leave(): Connection | undefined {
    const state = this.#state;
    this.#generation += 1;
    this.#reconnector?.stop(stopped());
    this.#endOutage(stopped());
    this.#state = { kind: "disconnected" };
    if (state.kind === "connecting") {
      state.done.catch(() => undefined); // start() reports it
      state.abort.abort(stopped());
    }
    return state.kind === "connected" ? state.connection : undefined;
  }

  async #disconnect(sessionId: string): Promise<void> {
    const state = this.#state;
    if (state.kind === "reconnecting") {
      const session = state.survivors.get(sessionId);
      state.survivors.delete(sessionId); // A1: the runtime has let go of it with the connection
      session?.finish(new NarthexError("SESSION_DISCONNECTED", `Session ${sessionId} has been disconnected.`));
    } else if (state.kind === "connected") {
      await detachSession(state.connection, sessionId);
      // The connection may have been lost meanwhile, and the session may live on another one.
      if (this.#state !== state) await this.#disconnect(sessionId);
    }
  }
}

function stopped(): NarthexError {
  return new NarthexError("CONNECTION_CLOSED", "The client was stopped.");
}

function discard(connection: Connection): void {
  connection.close(stopped());
  connection.link.kill();
}
