/**
 * The runtime: which sessions there are, which of them are in memory, and who is attached to them.
 *
 * A session is *stored* (directory and log), and *live* while it is in memory. It becomes live by being created, resumed
 * or addressed, and leaves memory when nobody is attached and nothing runs; nothing is lost by that.
 */
import type { SessionRecord } from "@narthex/engine";
import { NarthexError, messageOf, parseSessionId, type RawSessionEvent } from "@narthex/protocol";
import { DEFAULT_EVENT_LOG_LIMITS, EventLogReader } from "./event-log/event-log-reader.ts";
import { LiveSessions } from "./live-sessions.ts";
import { createModel } from "./models/resolve-model.ts";
import { DEFAULT_SESSION_LIMITS, type LifecycleNotice, type RuntimeOptions, type SessionClient } from "./ports.ts";
import { SessionFactory } from "./session/session-factory.ts";
import { parseSessionParams, requestOf, type SessionParams } from "./session/session-config.ts";
import { attributesOf, metadataOf, type SessionMetadataEntry } from "./session/session-record.ts";
import { newSessionId } from "./session/session-id.ts";
import type { HostedSession } from "./session/session.ts";
import { createBuiltInTools } from "./tools/registry.ts";
import { createWorkspaces, type Workspaces } from "./workspace/workspaces.ts";

/** Result of `session.create` and `session.resume`. */
export interface OpenedSession {
  sessionId: string;
  nativeSessionId: string;
  startTime: string;
  isRemote: boolean;
  mode: "interactive";
  workspacePath: string;
  capabilities: { ui: { elicitation: boolean; mcpApps: boolean; canvases: boolean }; extensions: boolean };
  modelState: { modelId: string };
  remoteUrl?: string;
}

/** Milliseconds until a session whose store has failed is brought back; until the next call when that comes sooner. */
const STORE_PAUSE_MS = 2_000;

export class Runtime {
  /** The logs of sessions, for clients that read them. */
  readonly eventLog: EventLogReader;
  readonly #options: RuntimeOptions;
  readonly #workspaces: Workspaces;
  readonly #factory: SessionFactory;
  readonly #live: LiveSessions;
  readonly #listeners = new Set<(notice: LifecycleNotice) => void>();

  constructor(options: RuntimeOptions) {
    this.#options = options;
    const limits = { ...DEFAULT_SESSION_LIMITS, ...options.limits };
    this.eventLog = new EventLogReader(options.engine.log, { ...DEFAULT_EVENT_LOG_LIMITS, ...options.eventLogLimits });
    this.#live = new LiveSessions({ maxSessions: limits.maxLiveSessions });
    this.#workspaces = createWorkspaces({
      root: options.workspacesDirectory,
      bases: options.repositories,
      ...(options.cloneTimeoutMs === undefined ? {} : { cloneTimeoutMs: options.cloneTimeoutMs }),
    });
    this.#factory = new SessionFactory({
      options,
      limits,
      workspaces: this.#workspaces,
      builtInTools: new Map(createBuiltInTools().map((tool) => [tool.name, tool])),
      onPersisted: (id) => this.#announceUpdate(id),
      onIdle: (id) => this.#live.unloadIfUnused(id),
      onStray: (id) => this.#bringBack(id),
      onBroken: (id) => void setTimeout(() => this.#bringBack(id), STORE_PAUSE_MS).unref(),
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
    const params = parseSessionParams(rawParams, "session.create");
    const id = this.#idFor(params);
    const existing = await this.#existing(id, params);
    if (existing !== undefined) return this.#attachTo(existing, params, client);
    this.#factory.check(params);
    this.#live.makeRoom();
    const { directory } = this.#options.engine;
    const { record, isNew } = await this.#record(id, params);
    if (!isNew) return this.#attachTo(record, params, client);
    try {
      const session = await this.#live.enter(id, () => this.#factory.create(record, params, client));
      this.#letGo(session, client);
      this.#announce("session.created", (await directory.get(id)) ?? record);
      return this.#describe(session, record);
    } catch (error) {
      await this.#discard(id);
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
   * @throws {NarthexError} SESSION_ID_INVALID, SESSION_NOT_FOUND, WORKSPACE_UNAVAILABLE
   */
  async open(rawId: unknown): Promise<HostedSession> {
    const session = await this.#load(parseSessionId(rawId));
    session.takeUp();
    return session;
  }

  /** The session of an id if it is in memory. */
  live(id: string): HostedSession | undefined {
    return this.#live.ready(id);
  }

  /** Ends a client's part in a session. Harmless when it has none. */
  detach(id: string, clientId: string): void {
    this.#live.ready(id)?.detach(clientId);
    this.#live.unloadIfUnused(id);
  }

  /** A connection has ended: ends its part in every session. */
  detachAll(clientId: string): void {
    for (const { id } of this.#live.of(clientId)) this.detach(id, clientId);
  }

  /** Shuts a session down in memory; it stays stored. False when it is not in memory. */
  async destroy(id: string): Promise<boolean> {
    const session = await this.#shutDown(id);
    if (session?.hasStrays === true) this.#bringBack(id);
    return session !== undefined;
  }

  /** Deletes a session with its log and its workspace. False when there is none. */
  async delete(rawId: unknown): Promise<boolean> {
    const id = parseSessionId(rawId);
    await this.#shutDown(id);
    const wasThere = await this.#options.engine.directory.remove(id);
    await this.#workspaces.remove(id);
    if (wasThere) this.#notify({ type: "session.deleted", sessionId: id });
    return wasThere;
  }

  /** Sessions with at least one prompt, and cloud sessions without one; newest change first. */
  async list(filter: Record<string, string> = {}): Promise<SessionMetadataEntry[]> {
    const { directory } = this.#options.engine;
    const records = await directory.list({ attributes: filter, orCloud: true }, { limit: 1_000 });
    return records.map((record) => metadataOf(record, this.#options.remoteUrlOf(record.id)));
  }

  async metadata(id: string): Promise<SessionMetadataEntry | undefined> {
    const record = await this.#options.engine.directory.get(id);
    return record === undefined ? undefined : metadataOf(record, this.#options.remoteUrlOf(id));
  }

  async lastId(): Promise<string | undefined> {
    return (await this.#options.engine.directory.last())?.id;
  }

  /**
   * The persisted events of a session, in order.
   * @throws {NarthexError} SESSION_NOT_FOUND
   */
  async events(rawId: unknown): Promise<RawSessionEvent[]> {
    const id = parseSessionId(rawId);
    const { directory, log } = this.#options.engine;
    if ((await directory.get(id)) === undefined) throw notFound(id);
    return (await log.read(id)).map((record) => record.event);
  }

  /** The models a session can ask for. */
  models(): { id: string; name: string; isOffline: boolean; contextTokens: number }[] {
    const model = createModel(this.#options.model);
    const name = model.isOffline ? "Offline planner (no language model)" : model.id;
    return [{ id: model.id, name, isOffline: model.isOffline, contextTokens: model.contextTokens }];
  }

  builtInTools(): { name: string; description: string; parameters: Record<string, unknown> }[] {
    return createBuiltInTools().map(({ name, description, parameters }) => ({ name, description, parameters }));
  }

  /** Subscribes to sessions that come, change and go; returns the function that ends the subscription. */
  onLifecycle(listener: (notice: LifecycleNotice) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Puts every session away, so that the next process goes on with it; takes no new ones. */
  async close(): Promise<void> {
    const sessions = await this.#live.close();
    await Promise.all(sessions.map((session) => session.suspend()));
    for (const session of sessions) this.#live.forget(session.id, session);
  }

  #idFor(params: SessionParams): string {
    const given = params.sessionId === "" ? undefined : params.sessionId;
    if (params.cloud === undefined) return given === undefined ? newSessionId() : parseSessionId(given);
    if (given !== undefined) {
      throw new NarthexError(
        "CLOUD_SESSION_ID_NOT_ALLOWED",
        "Cannot specify sessionId when creating a cloud session: the runtime chooses it.",
      );
    }
    if (params.provider !== undefined) {
      throw new NarthexError(
        "CLOUD_PROVIDER_NOT_ALLOWED",
        "Cannot specify provider when creating a cloud session: the runtime's model is used.",
      );
    }
    return newSessionId();
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
      const session = await this.#load(record.id);
      // It may have left memory since it was found, with the client that created it and dropped: then it comes back.
      if (this.#live.ready(record.id) !== session) continue;
      session.attach(client, params);
      return session;
    }
  }

  async #load(id: string): Promise<HostedSession> {
    const live = await this.#live.find(id);
    if (live !== undefined && !live.isBroken) return live;
    const record = await this.#options.engine.directory.get(id);
    if (record === undefined) throw notFound(id);
    // Somebody else may have begun to bring it back meanwhile.
    const broken = this.#live.ready(id)?.isBroken === true ? this.#live.ready(id) : undefined;
    if (broken === undefined) {
      if (this.#live.find(id) === undefined) this.#live.makeRoom();
      return this.#live.find(id) ?? this.#live.enter(id, () => this.#factory.restore(record));
    }
    this.#live.forget(id, broken);
    return this.#live.enter(id, async () => {
      await broken.abandon();
      const session = await this.#factory.restore(record);
      session.replace(broken);
      return session;
    });
  }

  /**
   * The client is attached. What an ended process left is taken up in the second turn of the loop from here: by then the
   * gateway has written the response, and the events that it held behind it.
   */
  #welcome(session: HostedSession, client: SessionClient): void {
    setImmediate(() => setImmediate(() => session.takeUp()));
    this.#letGo(session, client);
  }

  /** A client that went away while it was being attached is not attached. */
  #letGo(session: HostedSession, client: SessionClient): void {
    if (!client.isConnected) this.detach(session.id, client.id);
  }

  #describe(session: HostedSession, record: SessionRecord): OpenedSession {
    const remoteUrl = this.#options.remoteUrlOf(session.id);
    return {
      sessionId: session.id,
      nativeSessionId: session.id,
      startTime: record.createdAt,
      isRemote: record.isCloud,
      mode: "interactive",
      workspacePath: session.workspaceRoot,
      capabilities: {
        ui: { elicitation: session.attachments.can("elicitation"), mcpApps: false, canvases: false },
        extensions: false,
      },
      modelState: { modelId: session.model.id },
      ...(remoteUrl === undefined ? {} : { remoteUrl }),
    };
  }

  async #shutDown(id: string): Promise<HostedSession | undefined> {
    const session = this.#live.ready(id);
    if (session === undefined) return undefined;
    await session.close();
    this.#live.forget(id, session);
    return session;
  }

  /** Something was accepted for a session that has left memory. */
  #bringBack(id: string): void {
    this.open(id).catch((error: unknown) => this.#options.logger.warn(messageOf(error), { sessionId: id }));
  }

  /** A create that failed leaves nothing behind. */
  async #discard(id: string): Promise<void> {
    this.#live.forget(id);
    try {
      await this.#options.engine.directory.remove(id);
      await this.#workspaces.remove(id);
    } catch (error) {
      this.#options.logger.warn(`What a failed create left could not be removed: ${messageOf(error)}`, {
        sessionId: id,
      });
    }
  }

  #announceUpdate(id: string): void {
    if (this.#listeners.size === 0) return;
    this.#options.engine.directory.get(id).then(
      (record) => record !== undefined && this.#announce("session.updated", record),
      (error: unknown) => this.#options.logger.warn(messageOf(error), { sessionId: id }),
    );
  }

  #announce(type: "session.created" | "session.updated", record: SessionRecord): void {
    const { sessionId, startTime, modifiedTime, summary } = metadataOf(record, undefined);
    const metadata = { startTime, modifiedTime, ...(summary === undefined ? {} : { summary }) };
    this.#notify({ type, sessionId, metadata });
  }

  #notify(notice: LifecycleNotice): void {
    for (const listener of this.#listeners) listener(notice);
  }
}

function notFound(id: string): NarthexError {
  return new NarthexError("SESSION_NOT_FOUND", `Session not found: ${id}`);
}
