// Builds sessions: new ones, with their first events and their workspace, and stored ones from their log.
import type { SessionRecord } from "@narthex/engine";
import { NARTHEX_VERSION, NarthexError, messageOf } from "@narthex/protocol";
import type { RuntimeOptions, SessionClient, SessionLimits } from "../ports.ts";
import { DEFAULT_TOOL_LIMITS, type BuiltInTool } from "../tools/tool.ts";
import type { Workspace, Workspaces } from "../workspace/workspaces.ts";
import { Attachments } from "./attachments.ts";
import { Conversation } from "./conversation.ts";
import { EventWriter } from "./event-writer.ts";
import { fanOut } from "./fan-out.ts";
import { fencedLog, fencedMailbox } from "./fenced-engine.ts";
import { Inbox } from "./inbox.ts";
import { PendingRequests } from "./pending-requests.ts";
import { PermissionRules } from "./permission-rules.ts";
import { ignoredOptions, ignoredOptionsWarning, type SessionParams } from "./session-config.ts";
import type { SessionContext, SessionSettings } from "./session-context.ts";
import { SessionMetrics } from "./session-metrics.ts";
import { chooseModel, type ModelChoice } from "./session-model.ts";
import { keepModel, needsClient, patchAttributes, placeOf, storedAttributes, summaryOf } from "./session-record.ts";
import { hasWork, planRecovery, type RecoveryPlan } from "./session-recovery.ts";
import { HostedSession, type Dormant } from "./session.ts";
import { PastWork, eventsOf } from "./past-work.ts";
import { checkToolNames } from "./tool-catalog.ts";

export interface FactoryOptions {
  readonly options: RuntimeOptions;
  readonly limits: SessionLimits;
  /** Aborts when the runtime closes. */
  readonly signal: AbortSignal;
  readonly workspaces: Workspaces;
  readonly builtInTools: ReadonlyMap<string, BuiltInTool>;
  readonly onPersisted: (sessionId: string) => void;
  readonly onIdle: (sessionId: string) => void;
  /** A session waits for somebody's answer. */
  readonly onAsked: (sessionId: string) => void;
  /** A session that left memory has something to do after all. */
  readonly onStray: (sessionId: string) => void;
  /** The store has failed under a session's work. */
  readonly onBroken: (sessionId: string) => void;
}

/** A session before its workspace is there: its events are written and sent already. */
interface Draft {
  readonly record: SessionRecord;
  readonly attachments: Attachments;
  readonly rules: PermissionRules;
  /** Of before it hibernated. */
  readonly settings: SessionSettings | undefined;
  readonly conversation: Conversation;
  readonly writer: EventWriter;
  readonly inbox: Inbox;
  readonly metrics: SessionMetrics;
  readonly stopFanOut: () => void;
}

export class SessionFactory {
  readonly #options: FactoryOptions;

  constructor(options: FactoryOptions) {
    this.#options = options;
  }

  /**
   * Refuses params that no session can have, before anything is made.
   * @throws {NarthexError} CONFIG_INVALID, MODEL_CONFIG_INVALID
   */
  check(params: SessionParams): void {
    checkToolNames(this.#options.builtInTools, params.tools ?? []);
    chooseModel(this.#options.options.model, params, noToken);
  }

  /** Makes a new session under a lease; its first events go out while the workspace is prepared. */
  async create(
    record: SessionRecord,
    params: SessionParams,
    client: SessionClient,
    epoch: number,
  ): Promise<HostedSession> {
    const draft = this.#draft(record, null, epoch);
    draft.attachments.attach(client, params);
    try {
      const choice = this.#choose(params, draft);
      await this.#announceStart(draft, params, choice);
      const workspace = await this.#findPlace(draft, params);
      return this.#assemble(draft, workspace, params, choice, undefined);
    } catch (error) {
      draft.stopFanOut();
      throw error;
    }
  }

  /**
   * Brings a stored session back under a lease: the conversation from its log, the workspace from its folder. The log is
   * read in pages: what is kept of it is what the session goes on with. One that hibernated has its clients still, and what
   * they asked for.
   * @throws {NarthexError} STORE_CORRUPT when the log is not what was written
   */
  async restore(record: SessionRecord, epoch: number, dormant?: Dormant): Promise<HostedSession> {
    const { log } = this.#options.options.engine;
    const tail = await log.tail(record.id);
    const draft = this.#draft(record, tail.lastPersistedId, epoch, dormant);
    try {
      const past = new PastWork();
      for await (const event of eventsOf(log, record.id)) {
        past.apply(event);
        draft.conversation.apply(event);
        draft.metrics.apply(event);
      }
      const { config, cwd, clients } = storedAttributes(record);
      const choice = this.#choose(config, draft);
      // A create that its process did not live to finish is finished now.
      if (!past.hasStarted) await this.#announceStart(draft, config, choice);
      const workspace = await (cwd === undefined
        ? this.#findPlace(draft, config)
        : // A session goes on where it was, wherever the process stands now.
          this.#prepareWorkspace(draft, { ...config, workingDirectory: config.workingDirectory ?? cwd }));
      const plan = planRecovery(past, await draft.inbox.take(), needsClient(record));
      if (clients !== undefined && hasWork(plan)) draft.attachments.expect(clients);
      return this.#assemble(draft, workspace, config, choice, plan);
    } catch (error) {
      draft.stopFanOut();
      throw error;
    }
  }

  #draft(record: SessionRecord, parentId: string | null, epoch: number, dormant?: Dormant): Draft {
    const { engine, logger } = this.#options.options;
    const { id } = record;
    const { attachments, rules, settings } = dormant ?? {
      attachments: new Attachments(),
      rules: new PermissionRules(),
    };
    const conversation = new Conversation();
    const writer = new EventWriter({
      sessionId: id,
      log: fencedLog(engine.log, epoch),
      parentId,
      onWritten: (event) => conversation.apply(event),
      onProblem: (error) =>
        logger.error(`An event was not written: ${error.message}`, { sessionId: id, code: error.code }),
    });
    const stopFanOut = fanOut(engine.log, id, attachments, () => this.#options.onPersisted(id));
    const inbox = new Inbox(fencedMailbox(engine.mailbox, epoch), id, logger);
    const metrics = new SessionMetrics(Date.parse(record.createdAt));
    return { record, attachments, rules, settings, conversation, writer, inbox, metrics, stopFanOut };
  }

  async #announceStart(draft: Draft, params: SessionParams, choice: ModelChoice): Promise<void> {
    const { id, createdAt } = draft.record;
    await draft.writer.write("session.start", {
      sessionId: id,
      version: 1,
      producer: "narthex",
      copilotVersion: NARTHEX_VERSION,
      startTime: createdAt,
      selectedModel: choice.model.id,
      remoteSteerable: draft.record.isCloud,
    });
    const url = this.#options.options.remoteUrlOf(id);
    if (draft.record.isCloud && url !== undefined) {
      await draft.writer.write("session.info", { infoType: "remote", message: `Watch this session at ${url}`, url });
    }
    if (choice.warning !== undefined) {
      await draft.writer.write("session.warning", { warningType: "model", message: choice.warning });
    }
    const ignored = ignoredOptions(params);
    if (ignored.length > 0) {
      const message = ignoredOptionsWarning(ignored);
      await draft.writer.write("session.warning", { warningType: "options", message });
    }
    const repository = params.cloud?.repository;
    if (repository !== undefined) {
      const branch = repository.branch === undefined ? "" : `, branch ${repository.branch}`;
      const message = `Preparing the workspace: ${repository.owner}/${repository.name}${branch}`;
      await draft.writer.write("session.info", { infoType: "workspace", message });
    }
  }

  /** Prepares the workspace, and says where it is: in the record and in the log. */
  async #findPlace(draft: Draft, params: Pick<SessionParams, "cloud" | "workingDirectory">): Promise<Workspace> {
    const workspace = await this.#prepareWorkspace(draft, params);
    const place = placeOf(workspace);
    // Both in one commit: after a crash the place is found again exactly when the log does not tell it.
    await Promise.all([
      patchAttributes(this.#options.options.engine.directory, draft.record.id, place),
      draft.writer.write("session.context_changed", place),
    ]);
    return workspace;
  }

  #prepareWorkspace(draft: Draft, params: Pick<SessionParams, "cloud" | "workingDirectory">): Promise<Workspace> {
    const { workspaces, options } = this.#options;
    const sessionId = draft.record.id;
    if (params.cloud === undefined) {
      return workspaces.prepareLocal({
        sessionId,
        workingDirectory: params.workingDirectory ?? options.defaultWorkingDirectory,
      });
    }
    const repository = params.cloud.repository;
    return workspaces.prepareCloud({
      sessionId,
      signal: this.#options.signal,
      ...(repository === undefined
        ? {}
        : {
            repository: {
              owner: repository.owner,
              name: repository.name,
              ...(repository.branch === undefined ? {} : { branch: repository.branch }),
            },
          }),
    });
  }

  #choose(
    params: Pick<SessionParams, "provider" | "model">,
    { record, attachments }: Pick<Draft, "record" | "attachments">,
  ): ModelChoice {
    return chooseModel(this.#options.options.model, params, async () => {
      const reply = await attachments.ask(
        "tokens",
        "providerToken.getToken",
        { sessionId: record.id, providerName: "default" },
        AbortSignal.timeout(30_000),
      );
      const token = (reply as { token?: unknown } | null)?.token;
      if (typeof token === "string") return token;
      throw new NarthexError("MODEL_AUTHENTICATION", "The client's token provider gave no token.");
    });
  }

  #assemble(
    draft: Draft,
    workspace: Workspace,
    params: SessionParams,
    choice: ModelChoice,
    left: RecoveryPlan | undefined,
  ): HostedSession {
    const { options, limits, builtInTools, onIdle, onAsked, onStray, onBroken } = this.#options;
    const { id } = draft.record;
    const context: SessionContext = {
      id,
      writer: draft.writer,
      conversation: draft.conversation,
      attachments: draft.attachments,
      pending: new PendingRequests(limits.maxPendingRequests, () => onAsked(id)),
      inbox: draft.inbox,
      rules: draft.rules,
      workspace,
      metrics: draft.metrics,
      builtInTools,
      limits,
      toolLimits: { ...DEFAULT_TOOL_LIMITS, ...options.toolLimits },
      logger: options.logger,
      settings: draft.settings ?? { params, model: choice.model },
      chooseModel: (wanted) => this.#choose(wanted, draft).model,
      keepModel: (model) => keepModel(options.engine.directory, id, model),
    };
    return new HostedSession(context, left, draft.stopFanOut, {
      onPrompt: (prompt) => {
        this.#nameSession(context, prompt.text).catch((error: unknown) =>
          options.logger.warn(`The session's name was not kept: ${messageOf(error)}`, { sessionId: id }),
        );
      },
      onIdle: () => {
        draft.attachments.expectNobody();
        onIdle(id);
      },
      onStray: () => onStray(id),
      onBroken: () => onBroken(id),
    });
  }

  /** The first prompt gives the session its name in lists. */
  async #nameSession(context: SessionContext, prompt: string): Promise<void> {
    const { directory } = this.#options.options.engine;
    const record = await directory.get(context.id);
    if (record === undefined || storedAttributes(record).summary !== undefined) return;
    const summary = summaryOf(prompt);
    await patchAttributes(directory, context.id, { summary });
    context.writer.emit("session.title_changed", { title: summary });
  }
}

const noToken = (): Promise<string> => Promise.resolve("");
