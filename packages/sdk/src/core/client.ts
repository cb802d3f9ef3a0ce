import { NarthexError, SUCCESS_RESULT, parseSessionId } from "@narthex/protocol";
import { checkCloudConfig, checkPlainConfig } from "./cloud-config.ts";
import type { ConnectionEventHandler } from "./connection-events.ts";
import { CreateLimits } from "./create-limits.ts";
import { createCloudSession, createPlainSession, resumeSession, type CreateContext } from "./create-session.ts";
import { toSessionMetadata, toWireFilter } from "./metadata-mapping.ts";
import { RuntimeAccess } from "./runtime-access.ts";
import type { RuntimeConnector } from "./runtime-link.ts";
import type { CopilotSession } from "./session.ts";
import type { CopilotClientOptions } from "./types/client-options.ts";
import type {
  GetAuthStatusResponse,
  GetStatusResponse,
  SessionLifecycleEventType,
  SessionLifecycleHandler,
  SessionListFilter,
  SessionMetadata,
  TypedSessionLifecycleHandler,
} from "./types/metadata.ts";
import type { ModelInfo } from "./types/provider.ts";
import type {
  CloudSessionConfig,
  CreateSessionOptions,
  ResumeSessionConfig,
  SessionConfig,
} from "./types/session-config.ts";

/**
 * A client without a way to its runtime: `CopilotClient` adds the ways that Node has. Where it stands with its runtime,
 * says `RuntimeAccess`.
 */
export class ClientCore {
  readonly #options: CopilotClientOptions;
  readonly #access: RuntimeAccess;
  /** Asked once per connection. */
  #models: { readonly generation: number; readonly list: Promise<ModelInfo[]> } | undefined;

  constructor(options: CopilotClientOptions, connect: RuntimeConnector) {
    this.#options = options;
    this.#access = new RuntimeAccess(options, connect);
  }

  /**
   * Connects to the runtime, starting it where the connection says so. Called by the first create or resume too.
   * @throws {NarthexError} RUNTIME_NOT_FOUND, RUNTIME_EXITED, RUNTIME_START_TIMEOUT, CONNECTION_FAILED,
   *   PROTOCOL_VERSION_MISMATCH, AUTHENTICATION_FAILED, CLIENT_OPTIONS_INVALID
   */
  async start(): Promise<void> {
    await this.#access.open();
  }

  /**
   * Ends gracefully: lets go of every session, shuts an owned runtime down, closes the connection. Sessions stay on disk.
   * @returns what went wrong on the way; empty when nothing did
   */
  async stop(): Promise<Error[]> {
    return this.#access.stop();
  }

  /** Ends at once: nothing is said to the runtime, an owned one is killed. */
  async forceStop(): Promise<void> {
    this.#access.forceStop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * Creates a session whose id this client chooses, on the runtime's machine.
   * @throws {NarthexError} CLOUD_NEEDS_CREATE_CLOUD_SESSION, SESSION_ID_INVALID, SESSION_ID_CONFLICT, CONFIG_INVALID,
   *   and whatever the runtime answers, with its code, message and data
   */
  async createSession(config: SessionConfig, options: CreateSessionOptions = {}): Promise<CopilotSession> {
    const id = checkPlainConfig(config ?? {}, () => crypto.randomUUID()); // before any frame is written
    return createPlainSession(await this.#context(options), id, config ?? {});
  }

  /**
   * Creates a cloud session: the runtime chooses the id and prepares the workspace. Every event and every request is
   * delivered, from the very first, also those that arrive before the id is known.
   *
   * @example
   * const session = await client.createCloudSession({
   *   cloud: { repository: { owner: "octo", name: "demo" } },
   *   onPermissionRequest: approveAll,
   *   onEvent: (event) => console.log(event.type),
   * });
   * @throws {NarthexError} CLOUD_CONFIG_REQUIRED, CLOUD_SESSION_ID_NOT_ALLOWED, CLOUD_PROVIDER_NOT_ALLOWED, CONFIG_INVALID,
   *   REQUEST_TIMEOUT, ABORTED, CONNECTION_CLOSED, and whatever the runtime answers, with its code, message and data
   */
  async createCloudSession(config: CloudSessionConfig, options: CreateSessionOptions = {}): Promise<CopilotSession> {
    checkCloudConfig(config); // before any frame is written
    return createCloudSession(await this.#context(options), config, options.readyTimeoutMs);
  }

  /**
   * Attaches to a session that exists, with handlers of its own.
   * @throws {NarthexError} SESSION_ID_INVALID, SESSION_NOT_FOUND
   */
  async resumeSession(
    sessionId: string,
    config: ResumeSessionConfig = {},
    options: CreateSessionOptions = {},
  ): Promise<CopilotSession> {
    const id = parseSessionId(sessionId);
    return resumeSession(await this.#context(options), id, config);
  }

  /** Asks the runtime for a sign of life. */
  async ping(message?: string): Promise<{ message: string; timestamp: string; protocolVersion?: number }> {
    return (await this.#call("ping", message === undefined ? {} : { message })) as never;
  }

  /** Version of the runtime and of the protocol it speaks. */
  async getStatus(): Promise<GetStatusResponse> {
    return (await this.#call("status.get", {})) as GetStatusResponse;
  }

  async getAuthStatus(): Promise<GetAuthStatusResponse> {
    return (await this.#call("auth.getStatus", {})) as GetAuthStatusResponse;
  }

  /** The models that sessions can use; asked once per connection. */
  async listModels(): Promise<ModelInfo[]> {
    const { generation } = this.#access;
    if (this.#models?.generation !== generation) this.#models = { generation, list: this.#askForModels() };
    try {
      return [...(await this.#models.list)];
    } catch (error) {
      this.#models = undefined;
      throw error;
    }
  }

  /** The sessions of the runtime that have at least one message, also those that this client never attached to. */
  async listSessions(filter?: SessionListFilter): Promise<SessionMetadata[]> {
    const params = filter === undefined ? {} : { filter: toWireFilter(filter) };
    const result = (await this.#call("session.list", params)) as { sessions?: unknown[] };
    return (result.sessions ?? []).map(toSessionMetadata).filter((entry) => entry !== undefined);
  }

  /** One session's metadata; undefined when there is no such session. */
  async getSessionMetadata(sessionId: string): Promise<SessionMetadata | undefined> {
    const result = (await this.#call("session.getMetadata", { sessionId })) as { session?: unknown };
    return result.session === undefined ? undefined : toSessionMetadata(result.session);
  }

  /** The id of the session that changed last; undefined when there is none. */
  async getLastSessionId(): Promise<string | undefined> {
    return ((await this.#call("session.getLastId", {})) as { sessionId?: string }).sessionId;
  }

  /**
   * Deletes a session for good, with its log and its workspace.
   * @throws {NarthexError} SESSION_DELETE_FAILED
   */
  async deleteSession(sessionId: string): Promise<void> {
    const id = parseSessionId(sessionId);
    const connection = await this.#access.current();
    const result = SUCCESS_RESULT.parse(await connection.peer.request("session.delete", { sessionId: id }));
    const session = connection.registry.get(id);
    if (!result.success) {
      throw new NarthexError(
        "SESSION_DELETE_FAILED",
        `Session ${id} was not deleted: ${result.error ?? "unknown reason"}`,
      );
    }
    connection.registry.release(id);
    session?.finish(new NarthexError("SESSION_DISCONNECTED", `Session ${id} has been deleted.`));
  }

  async getForegroundSessionId(): Promise<string | undefined> {
    return ((await this.#call("session.getForeground", {})) as { sessionId?: string }).sessionId;
  }

  async setForegroundSessionId(sessionId: string): Promise<void> {
    const result = SUCCESS_RESULT.parse(await this.#call("session.setForeground", { sessionId }));
    if (!result.success)
      throw new NarthexError("REQUEST_FAILED", result.error ?? "The session was not brought to the front.");
  }

  /** Subscribes to sessions that come, change and go on this runtime; returns the function that ends the subscription. */
  onLifecycle<K extends SessionLifecycleEventType>(eventType: K, handler: TypedSessionLifecycleHandler<K>): () => void;
  onLifecycle(handler: SessionLifecycleHandler): () => void;
  onLifecycle(typeOrHandler: string | SessionLifecycleHandler, handler?: (event: never) => void): () => void {
    return typeof typeOrHandler === "string"
      ? this.#access.lifecycle.subscribe(typeOrHandler, handler as SessionLifecycleHandler)
      : this.#access.lifecycle.subscribe(undefined, typeOrHandler);
  }

  /**
   * Subscribes to what happens to the connection: `connected`, `lost`, `reconnecting`, `resumed`, `session-lost`,
   * `gave-up`. Returns the function that ends the subscription.
   *
   * @example
   * const off = client.on("connection", (event) => console.log(event.type));
   */
  on(eventType: "connection", handler: ConnectionEventHandler): () => void {
    if (eventType !== "connection" || typeof handler !== "function") {
      throw new NarthexError("INVALID_PARAMS", 'on() takes "connection" and a handler; sessions: onLifecycle().');
    }
    return this.#access.events.subscribe(handler);
  }

  async #askForModels(): Promise<ModelInfo[]> {
    if (this.#options.onListModels !== undefined) return this.#options.onListModels();
    const result = (await this.#call("models.list", {})) as { models?: ModelInfo[] };
    return result.models ?? [];
  }

  async #call(method: string, params: Record<string, unknown>): Promise<unknown> {
    return this.#access.call(method, params);
  }

  async #context(options: CreateSessionOptions): Promise<CreateContext> {
    const limits = new CreateLimits(options);
    const { peer, registry, stopping, isSendDurable } = await limits.promptly("Connecting", this.#access.open());
    const { port, logger } = this.#access;
    return { peer, registry, port, stopping, isSendDurable, limits, logger };
  }
}
