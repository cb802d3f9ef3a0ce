/**
 * The runtime: which sessions there are, which of them are in memory, and who is attached to them.
 *
 * A session is *stored* (directory and log), and *live* while it is in memory. It becomes live by being created, resumed
 * or addressed, and leaves memory when it is at rest (`residency.ts`); nothing is lost by that.
 */
import type { SessionRecord } from "@narthex/engine";
import { NarthexError, messageOf, parseSessionId } from "@narthex/protocol";
import { BringBack } from "./bring-back.ts";
import { DEFAULT_EVENT_LOG_LIMITS, EventLogReader } from "./event-log/event-log-reader.ts";
import { Lifecycle } from "./lifecycle.ts";
import { LiveSessions } from "./live-sessions.ts";
import { SessionCatalog, notFound } from "./session-catalog.ts";
import { SessionLeases } from "./session-leases.ts";
import { SessionLoader } from "./session-loader.ts";
import { offeredModels, offeredTools, type ModelOffer, type ToolOffer } from "./offers.ts";
import {
  DEFAULT_SESSION_LIMITS,
  type LifecycleNotice,
  type RuntimeOptions,
  type SessionClient,
  type SessionLimits,
} from "./ports.ts";
import { SessionFactory } from "./session/session-factory.ts";
import { parseSessionParams, requestOf, type SessionParams } from "./session/session-config.ts";
import { attributesOf, changesBy, patchAttributes } from "./session/session-record.ts";
import { describeOpened, type OpenedSession } from "./session/opened-session.ts";
import { idFor } from "./session/session-id.ts";
import type { HostedSession } from "./session/session.ts";
import { StartRecovery } from "./start-recovery.ts";
import { Upkeep, upkeepInterval } from "./upkeep.ts";
import { SessionExpiry } from "./session-expiry.ts";
import { createBuiltInTools } from "./tools/registry.ts";
import { createWorkspaces, type Workspaces } from "./workspace/workspaces.ts";

export class Runtime {
  /** The logs of sessions, for clients that read them. */
  readonly eventLog: EventLogReader;
  /** What is stored of sessions. */
  readonly catalog: SessionCatalog;
  readonly #options: RuntimeOptions;
  readonly #workspaces: Workspaces;
  readonly #factory: SessionFactory;
  readonly #live: LiveSessions;
  readonly #leases: SessionLeases;
  readonly #loader: SessionLoader;
  readonly #recovery: StartRecovery;
  readonly #upkeep: Upkeep;
  readonly #closing = new AbortController();
  /** Under way; one that fails tidies up before it is over. */
  readonly #creates = new Set<Promise<OpenedSession>>();
  readonly #lifecycle: Lifecycle;
  readonly #bringBack: BringBack;

  constructor(options: RuntimeOptions) {
    this.#options = options;
    this.#lifecycle = new Lifecycle(options.engine.directory, options.logger);
    const limits = { ...DEFAULT_SESSION_LIMITS, ...options.limits };
    this.eventLog = new EventLogReader(options.engine.log, { ...DEFAULT_EVENT_LOG_LIMITS, ...options.eventLogLimits });
    this.catalog = new SessionCatalog(options.engine, options.remoteUrlOf);
    this.#bringBack = new BringBack((id) => this.open(id), options.logger);
    this.#leases = new SessionLeases({
      leases: options.engine.leases,
      logger: options.logger,
      host: options.host,
      ttlMs: options.leaseTtlMs,
      onLost: (id) => this.#putAway(id),
    });
    this.#live = new LiveSessions({
      ...limits,
      maxSessions: limits.maxLiveSessions,
      maxHibernated: limits.maxHibernatedSessions,
      now: () => performance.now(),
      onLeave: (id) => this.#leases.release(id),
    });
    this.#upkeep = this.#upkeepWith(limits);
    this.#workspaces = createWorkspaces({
      root: options.workspacesDirectory,
      bases: options.repositories,
      ...(options.cloneTimeoutMs === undefined ? {} : { cloneTimeoutMs: options.cloneTimeoutMs }),
    });
    this.#factory = new SessionFactory({
      options,
      limits,
      signal: this.#closing.signal,
      workspaces: this.#workspaces,
      builtInTools: new Map(createBuiltInTools().map((tool) => [tool.name, tool])),
      onPersisted: (id) => this.#lifecycle.updated(id),
      onIdle: (id) => {
        this.#recovery.quiet(id);
        this.#live.settle(id);
      },
      onAsked: (id) => this.#recovery.quiet(id),
      onStray: (id) => this.#bringBack.now(id),
      onBroken: (id) => this.#bringBack.later(id),
    });
    this.#loader = new SessionLoader({
      directory: options.engine.directory,
      live: this.#live,
      leases: this.#leases,
      factory: this.#factory,
      workspaces: this.#workspaces,
      logger: options.logger,
    });
    this.#recovery = this.#recoveryWith(limits);
  }

  /** Takes up at the start what ended processes left. */
  #recoveryWith(limits: SessionLimits): StartRecovery {
    const options = this.#options;
    return new StartRecovery({
      engine: options.engine,
      logger: options.logger,
      maxSessions: limits.maxRecoveries,
      retryMs: limits.recoveryRetryMs,
      isInHands: (id) => this.#live.has(id),
      takeUp: async (id) => {
        const session = await this.open(id);
        this.#live.settle(id);
        return session.isWorking;
      },
    });
  }

  /** What is looked after from time to time: sessions at rest, and sessions whose time is over. */
  #upkeepWith(limits: SessionLimits): Upkeep {
    const options = this.#options;
    const noticeMs = Math.min(limits.expiryNoticeMs, limits.retentionMs / 2);
    const expiry = new SessionExpiry({
      engine: options.engine,
      logger: options.logger,
      lifecycle: this.#lifecycle,
      retentionMs: limits.retentionMs,
      noticeMs,
      graceMs: Math.min(limits.expiryGraceMs, noticeMs),
      isInUse: (id) => this.#live.has(id) || this.#live.dormant(id) !== undefined,
      remove: (id) => this.#delete(id, "retention"),
      now: Date.now,
    });
    return new Upkeep(
      upkeepInterval(limits.upkeepMs, [limits.unattachedIdleMs, limits.attachedIdleMs, limits.retentionMs]),
      [() => this.#live.sweep(), () => expiry.round()],
      options.logger,
    );
  }

  /** Goes on with what ended processes left; resolves when all of it has been begun, or has to wait for a client. */
  async recover(): Promise<void> {
    await this.#recovery.run().catch((error: unknown) => {
      this.#options.logger.error(`Unfinished work was not looked for: ${messageOf(error)}`);
    });
  }

  /**
   * Creates a session and attaches the client. With `cloud` the runtime chooses the id and prepares the workspace; the
   * first events are sent while it does. A create that is repeated with its `idempotencyKey` leads to the session of the
   * first, also while that is under way.
   * @throws {NarthexError} INVALID_PARAMS, CLOUD_SESSION_ID_NOT_ALLOWED, CLOUD_PROVIDER_NOT_ALLOWED, SESSION_ID_INVALID,
   *   CONFIG_INVALID, IDEMPOTENCY_KEY_REUSED, REPOSITORY_*, BRANCH_NOT_FOUND, CLONE_FAILED, WORKSPACE_UNAVAILABLE, MODEL_CONFIG_INVALID, LIMIT_EXCEEDED
   */
  async createSession(rawParams: unknown, client: SessionClient): Promise<OpenedSession> {
    const creating = this.#create(rawParams, client);
    this.#creates.add(creating);
    try {
      return await creating;
    } finally {
      this.#creates.delete(creating);
    }
  }

  async #create(rawParams: unknown, client: SessionClient): Promise<OpenedSession> {
    const params = parseSessionParams(rawParams, "session.create");
    const id = idFor(params);
    const existing = await this.#existing(id, params);
    if (existing !== undefined) return this.#attachTo(existing, params, client);
    this.#factory.check(params);
    this.#live.makeRoom();
    const { directory } = this.#options.engine;
    const { record, isNew } = await this.#record(id, params);
    if (!isNew) return this.#attachTo(record, params, client);
    try {
      const session = await this.#live.enter(id, () =>
        this.#leases.under(id, (epoch) => this.#factory.create(record, params, client, epoch)),
      );
      this.#letGo(session, client);
      this.#lifecycle.created((await directory.get(id)) ?? record);
      return this.#describe(session, record);
    } catch (error) {
      await this.#loader.discard(id);
      this.#closing.signal.throwIfAborted(); // why it failed, then
      throw error;
    }
  }

  /**
   * Attaches the client to a stored session, with what it can answer from now on.
   * @throws {NarthexError} INVALID_PARAMS, SESSION_ID_INVALID, SESSION_NOT_FOUND, CONFIG_INVALID
   */
  async resumeSession(rawParams: unknown, client: SessionClient): Promise<OpenedSession> {
    const params = parseSessionParams(rawParams, "session.resume");
    const id = parseSessionId(params.sessionId);
    const record = await this.#options.engine.directory.get(id);
    if (record === undefined) throw notFound(id);
    const session = await this.#attach(record, params, client);
    const opened = this.#describe(session, record);
    if (params.disableResume !== true) await session.announceResume();
    this.#welcome(session, client);
    return opened;
  }

  /**
   * The session of an id, brought into memory when it is only stored; it goes on with what an ended process left.
   * @throws {NarthexError} SESSION_ID_INVALID, SESSION_NOT_FOUND, WORKSPACE_UNAVAILABLE, STORE_CORRUPT,
   *   SESSION_LEASED while another runtime has it
   */
  async open(rawId: unknown): Promise<HostedSession> {
    const session = await this.#loader.load(parseSessionId(rawId));
    session.takeUp();
    return session;
  }

  /** Where a session is, and how many clients are attached to it. */
  whereabouts(id: string): { state: "running" | "idle" | "hibernated" | "stored"; attachedClients: number } {
    const session = this.#live.ready(id);
    if (session !== undefined) {
      return { state: session.isIdle ? "idle" : "running", attachedClients: session.attachments.size };
    }
    const dormant = this.#live.dormant(id);
    return { state: dormant === undefined ? "stored" : "hibernated", attachedClients: dormant?.attachments.size ?? 0 };
  }

  /** Ends a client's part in a session. Harmless when it has none. */
  detach(id: string, clientId: string): void {
    this.#live.detach(id, clientId);
  }

  /** A connection has ended: ends its part in every session. */
  detachAll(clientId: string): void {
    for (const id of this.#live.of(clientId)) this.detach(id, clientId);
  }

  /** Shuts a session down in memory; it stays stored. False when it is not in memory. */
  async destroy(id: string): Promise<boolean> {
    const session = await this.#shutDown(id);
    if (session?.hasStrays === true) this.#bringBack.now(id);
    return session !== undefined;
  }

  /**
   * Deletes a session with its log and its workspace. False when there is none.
   * @throws {NarthexError} SESSION_ID_INVALID, SESSION_LEASED while another runtime has it
   */
  async delete(rawId: unknown): Promise<boolean> {
    return this.#delete(parseSessionId(rawId));
  }

  async #delete(id: string, reason?: "retention"): Promise<boolean> {
    const { directory } = this.#options.engine;
    await this.#shutDown(id);
    const isThere = (await directory.get(id)) !== undefined;
    const wasThere = isThere && (await this.#leases.under(id, () => directory.remove(id)));
    this.#leases.release(id);
    await this.#workspaces.remove(id);
    if (wasThere) this.#lifecycle.deleted(id, reason);
    return wasThere;
  }

  /** The models a session can ask for. */
  models(): ModelOffer[] {
    return offeredModels(this.#options.model);
  }

  builtInTools(): ToolOffer[] {
    return offeredTools();
  }

  /** Subscribes to sessions that come, change and go; returns the function that ends the subscription. */
  onLifecycle(listener: (notice: LifecycleNotice) => void): () => void {
    return this.#lifecycle.subscribe(listener);
  }

  /** Puts every session away, so that the next process goes on with it; takes no new ones. */
  async close(): Promise<void> {
    this.#bringBack.stop();
    this.#recovery.stop();
    this.#upkeep.stop();
    this.#closing.abort(new NarthexError("SERVER_SHUTTING_DOWN", "The runtime is shutting down."));
    await Promise.allSettled([this.#live.close((session) => session.suspend()), ...this.#creates]);
    await this.#leases.close();
  }

  /** The session that a create is about when it is there already. */
  async #existing(id: string, params: SessionParams): Promise<SessionRecord | undefined> {
    const { directory } = this.#options.engine;
    const { idempotencyKey: key, cloud } = params;
    const known = key === undefined ? undefined : await directory.createdWith({ key, request: requestOf(params) });
    return known ?? (cloud === undefined ? directory.get(id) : undefined);
  }

  async #record(id: string, params: SessionParams): Promise<{ record: SessionRecord; isNew: boolean }> {
    const { directory } = this.#options.engine;
    const attributes = attributesOf(params) as unknown as Record<string, unknown>;
    const session = { id, isCloud: params.cloud !== undefined, attributes };
    const { idempotencyKey: key } = params;
    if (key === undefined) return { record: await directory.create(session), isNew: true };
    return directory.createOnce(session, { key, request: requestOf(params) });
  }

  async #attachTo(record: SessionRecord, params: SessionParams, client: SessionClient): Promise<OpenedSession> {
    const session = await this.#attach(record, params, client);
    this.#welcome(session, client);
    return this.#describe(session, record);
  }

  /** What the session is still to do waits until the client is attached: it may be needed for it. */
  async #attach(record: SessionRecord, params: SessionParams, client: SessionClient): Promise<HostedSession> {
    this.#factory.check(params);
    for (;;) {
      const session = await this.#loader.load(record.id);
      // It may have left memory since it was found, with the client that created it and dropped: then it comes back.
      if (this.#live.ready(record.id) !== session) continue;
      session.attach(client, params);
      await this.#remember(record.id, session, params);
      return session;
    }
  }

  /** What a client asks for and can answer counts for a process without it too. */
  async #remember(id: string, session: HostedSession, params: SessionParams): Promise<void> {
    const { directory } = this.#options.engine;
    const record = await directory.get(id);
    const changes = record && changesBy(record, params, session.attachments.partWith(params));
    if (changes !== undefined) await patchAttributes(directory, id, changes);
  }

  /**
   * The client is attached. What an ended process left is taken up, and what is asked by request is asked, in the second
   * turn of the loop from here: by then the gateway has written the response, and the events that it held behind it.
   */
  #welcome(session: HostedSession, client: SessionClient): void {
    const begin = (): void => {
      session.takeUp();
      session.askNewcomer(client.id);
    };
    setImmediate(() => setImmediate(begin));
    this.#letGo(session, client);
  }

  /** A client that went away while it was being attached is not attached. */
  #letGo(session: HostedSession, client: SessionClient): void {
    if (!client.isConnected) this.detach(session.id, client.id);
  }

  #describe(session: HostedSession, record: SessionRecord): OpenedSession {
    return describeOpened(session, record, this.#options.remoteUrlOf(session.id));
  }

  async #shutDown(id: string): Promise<HostedSession | undefined> {
    // One that hibernates is in memory as far as its clients know.
    const isDormant = this.#live.dormant(id) !== undefined;
    const session = isDormant ? await this.#loader.load(id) : this.#live.ready(id);
    if (session === undefined) return undefined;
    await session.close();
    this.#live.forget(id, session);
    this.#recovery.quiet(id);
    await this.#leases.released(); // whoever is told of the end may bring it back elsewhere
    return session;
  }

  /** Another process has taken a session over: it ends here, and whatever ran is that one's now. */
  #putAway(id: string): void {
    const session = this.#live.ready(id);
    this.#live.forgetDormant(id);
    if (session === undefined) return;
    this.#live.forget(id, session);
    session.suspend().catch((error: unknown) => this.#options.logger.warn(messageOf(error), { sessionId: id }));
  }
}
