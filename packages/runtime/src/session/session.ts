// One hosted session: what clients can do with it. The course of its turns is the turn runner's.
import { NarthexError, messageOf } from "@narthex/protocol";
import type { Model } from "../models/model.ts";
import type { SessionClient } from "../ports.ts";
import { takeAnswer } from "./answers.ts";
import type { Attachments } from "./attachments.ts";
import { executeCommand } from "./client-commands.ts";
import { elicit, resumeElicitation, type ElicitationAnswer, type ElicitationQuestion } from "./elicitation.ts";
import { Inbox, checkPrompt, type PromptRequest } from "./inbox.ts";
import type { PermissionAnswer } from "./permission-check.ts";
import type { SessionContext } from "./session-context.ts";
import type { SessionParams } from "./session-config.ts";
import { hasWork, reopenQuestions, type RecoveryPlan } from "./session-recovery.ts";
import { switchModel, takeSettings, updateOptions } from "./session-settings.ts";
import { ensureSystemMessage } from "./system-message-event.ts";
import type { ToolAnswer } from "./tool-call.ts";
import { declarations, sessionTools } from "./tool-catalog.ts";
import { TurnRunner, queueFull } from "./turn-runner.ts";
import type { Prompt } from "./turn-machine.ts";

/** What a session tells the runtime that hosts it. */
export interface SessionEvents {
  readonly onPrompt: (prompt: Prompt) => void;
  readonly onIdle: () => void;
  /** A prompt became durable while the session was leaving memory: somebody has to bring it back. */
  readonly onStray: () => void;
  /** The store has failed under the session's work: somebody has to bring it back when it works again. */
  readonly onBroken: () => void;
}

/** What is kept of a session that hibernates: its clients, and what no log has. */
export type Dormant = Pick<SessionContext, "attachments" | "rules" | "settings">;

export class HostedSession {
  readonly id: string;
  readonly #context: SessionContext;
  readonly #runner: TurnRunner;
  readonly #stopFanOut: () => void;
  readonly #lifetime = new AbortController();
  /** Ids of the prompts that are being made durable; bounded by the queue they go to. */
  readonly #posting = new Set<string>();
  /** What an ended process left, until it is taken up. */
  #left: RecoveryPlan | undefined;
  readonly #onStray: () => void;
  #ending: "no" | "closing" | "ended" = "no";
  #hasStrays = false;
  #hadElicitation: boolean | undefined;
  #isBroken = false;

  /**
   * @param left what an ended process left to do; `takeUp` begins with it
   * @param stopFanOut ends the delivery of the log to the attached clients
   */
  constructor(context: SessionContext, left: RecoveryPlan | undefined, stopFanOut: () => void, events: SessionEvents) {
    this.id = context.id;
    this.#context = context;
    this.#left = left;
    if (left !== undefined) reopenQuestions(context, left);
    this.#runner = new TurnRunner(context, {
      prepare: () => ensureSystemMessage(context, this.#lifetime.signal),
      onPrompt: events.onPrompt,
      onIdle: events.onIdle,
      onBroken: () => {
        this.#isBroken = true;
        events.onBroken();
      },
    });
    // One that hibernated goes on with the clients that it had.
    if (context.attachments.size > 0) this.#hadElicitation = context.attachments.can("elicitation");
    this.#stopFanOut = stopFanOut;
    this.#onStray = events.onStray;
  }

  get attachments(): Attachments {
    return this.#context.attachments;
  }

  get workspaceRoot(): string {
    return this.#context.workspace.root;
  }

  get model(): Model {
    return this.#context.settings.model;
  }

  /** Did prompts become durable while the session was closing? Somebody has to bring it back for them. */
  get hasStrays(): boolean {
    return this.#hasStrays;
  }

  /** Is it at work, with nothing to wait for but itself? */
  get isWorking(): boolean {
    return !this.isIdle && this.#left === undefined && this.#context.pending.size === 0;
  }

  /**
   * May it leave memory? Not while a question is open: whoever attaches is to be asked. A command is a matter of clients
   * that are there.
   */
  get isAtRest(): boolean {
    const { pending, attachments } = this.#context;
    const asked = attachments.size > 0 ? pending.size : pending.size - pending.openOf("command").length;
    return this.isIdle && this.#runner.isAtRest && asked === 0;
  }

  /** Has the store failed under its work? Then another object of the same session has to take its place. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Nothing runs and nothing waits. */
  get isIdle(): boolean {
    const isTakenUp = this.#left === undefined || !hasWork(this.#left);
    return isTakenUp && this.#runner.isIdle && this.#posting.size === 0;
  }

  /**
   * Goes on with what an ended process left, once; clients that are to answer should be attached. Where the model is a
   * client's own it waits for one, unless it is to be ended anyway.
   */
  takeUp(toEnd = false): void {
    const left = this.#left;
    if (left === undefined || this.#ending !== "no") return;
    if (!toEnd && left.needsClient && hasWork(left) && this.attachments.size === 0) return;
    this.#left = undefined;
    for (const { kind, requestId } of left.questions) {
      if (kind === "elicitation") void resumeElicitation(this.#context, requestId, this.#lifetime.signal);
    }
    this.#runner.recover(left);
  }

  /** Puts the open questions that are asked by request too to a client that is attached by now. */
  askNewcomer(clientId: string): void {
    const attachment = this.#context.attachments.of(clientId);
    if (attachment !== undefined) this.#context.pending.askNewcomer(attachment);
  }

  /** Attaches a client; the events of questions that are still open are sent again, to this client only. */
  attach(client: SessionClient, params: SessionParams): void {
    this.#context.attachments.attach(client, params);
    takeSettings(this.#context, params);
    for (const event of this.#context.pending.announcements()) client.event(this.id, event);
    this.#announceCapabilities();
  }

  /** Asks the clients that it has what is still open: they may have answered an object of the same session that broke. */
  askAgain(): void {
    const events = this.#context.pending.announcements();
    for (const { client } of this.attachments.all()) for (const event of events) client.event(this.id, event);
  }

  /** Resolves when nothing runs any more of a broken session that has left memory. */
  abandon(): Promise<void> {
    return this.#runner.suspend();
  }

  /**
   * Applies a patch of options. What this runtime does not act on is named in a warning of the session.
   * @throws {NarthexError} MODEL_CONFIG_INVALID
   */
  updateOptions(patch: Readonly<Record<string, unknown>>): Promise<void> {
    return updateOptions(this.#context, patch);
  }

  /** Appends the event that tells everyone of a resume. */
  async announceResume(): Promise<void> {
    await this.#context.writer.write("session.resume", {
      resumeTime: new Date().toISOString(),
      eventCount: this.#context.conversation.length,
      selectedModel: this.model.id,
      sessionWasActive: !this.isIdle,
    });
  }

  /**
   * Changes the model from the next call on.
   * @throws {NarthexError} MODEL_CONFIG_INVALID
   */
  switchModel(modelId: string): Promise<void> {
    return switchModel(this.#context, modelId);
  }

  detach(clientId: string): void {
    if (this.#context.attachments.detach(clientId)) this.#announceCapabilities();
  }

  /**
   * Accepts a prompt; resolves with its message id once it is durable. A repeated key has the first one's message id.
   * @throws {NarthexError} QUEUE_FULL, LIMIT_EXCEEDED, IDEMPOTENCY_KEY_REUSED, STORE_UNAVAILABLE
   */
  async send(request: PromptRequest, idempotencyKey?: string): Promise<string> {
    const { inbox, limits, writer } = this.#context;
    checkPrompt(request, limits);
    const commandId = Inbox.promptId(idempotencyKey);
    const ahead = this.#posting.size + (this.#left?.waiting.length ?? 0);
    const hasRoom = this.#posting.has(commandId) || this.#runner.hasRoomFor(ahead + 1);
    if (!hasRoom && (idempotencyKey === undefined || !(await inbox.knows(commandId)))) {
      throw queueFull(limits.maxQueuedPrompts);
    }
    this.#posting.add(commandId);
    // With a key it may be a repetition, which changes nothing: only the post tells.
    if (idempotencyKey === undefined) writer.emit("pending_messages.modified", {});
    try {
      const { prompt, isNew } = await inbox.postPrompt(commandId, request);
      if (isNew && idempotencyKey !== undefined) writer.emit("pending_messages.modified", {});
      if (isNew) this.#begin(prompt);
      return prompt.messageId;
    } finally {
      this.#posting.delete(commandId);
    }
  }

  /** What an ended process left comes first; what comes while the session ends is for the next one of its id. */
  #begin(prompt: Prompt): void {
    if (this.#ending === "closing") this.#hasStrays = true;
    else if (this.#ending === "ended") this.#onStray();
    else if (this.#left === undefined) this.#runner.prompt(prompt);
    else this.#left = { ...this.#left, waiting: [...this.#left.waiting, prompt] };
  }

  /**
   * Ends what runs and drops what waits. With a key, a repetition changes nothing more.
   * @throws {NarthexError} IDEMPOTENCY_KEY_REUSED, STORE_UNAVAILABLE
   */
  async abort(reason: string, idempotencyKey?: string): Promise<void> {
    const { inbox } = this.#context;
    const key = idempotencyKey;
    if (key === undefined) {
      this.takeUp(true);
      return this.#runner.abort(reason);
    }
    await inbox.inTurn(key, async () => {
      if (await inbox.knowsKey(key)) return inbox.postAbort(reason, key); // refuses another request
      this.takeUp(true);
      await this.#runner.abort(reason, () => inbox.postAbort(reason, key));
    });
  }

  /**
   * Takes a client's answer; see `takeAnswer`.
   * @throws {NarthexError} IDEMPOTENCY_KEY_REUSED, STORE_UNAVAILABLE, LIMIT_EXCEEDED
   */
  answerTool(requestId: string, answer: ToolAnswer, key?: string): Promise<boolean> {
    return takeAnswer(this.#context, { kind: "tool", requestId, answer }, key);
  }

  answerPermission(requestId: string, answer: PermissionAnswer, key?: string): Promise<boolean> {
    return takeAnswer(this.#context, { kind: "permission", requestId, answer }, key);
  }

  answerUserInput(requestId: string, answer: { answer: string; wasFreeform: boolean }, key?: string): Promise<boolean> {
    return takeAnswer(this.#context, { kind: "user-input", requestId, answer }, key);
  }

  answerElicitation(requestId: string, answer: ElicitationAnswer, key?: string): Promise<boolean> {
    return takeAnswer(this.#context, { kind: "elicitation", requestId, answer }, key);
  }

  answerCommand(requestId: string, answer: { error?: string | undefined }): boolean {
    return this.#context.pending.answer("command", requestId, answer);
  }

  /** The permission questions that are still open. */
  pendingPermissions(): { requestId: string; request: unknown }[] {
    return this.#context.pending.openOf("permission").map(({ requestId, event }) => ({
      requestId,
      request: (event?.data as { permissionRequest?: unknown } | undefined)?.permissionRequest,
    }));
  }

  /** Puts a form to whoever is attached and can show one. */
  elicit(question: ElicitationQuestion): Promise<ElicitationAnswer> {
    return elicit(this.#context, question, this.#lifetime.signal);
  }

  commands(): { name: string; description: string }[] {
    return this.#context.attachments.commands().map(({ name, description }) => ({ name, description }));
  }

  /** Runs a command of a client. */
  runCommand(name: string, args: string): Promise<void> {
    return executeCommand(this.#context, name, args, this.#lifetime.signal);
  }

  tools(): { name: string; description: string }[] {
    return declarations(sessionTools(this.#context));
  }

  /** Appends a line of a client to the timeline. */
  async log(line: {
    message: string;
    level: "info" | "warning" | "error";
    type?: string;
    ephemeral?: boolean;
  }): Promise<string> {
    const { message, level, ephemeral, type = "notification" } = line;
    const options = ephemeral === undefined ? {} : { ephemeral };
    const { writer } = this.#context;
    if (level === "warning") return (await writer.write("session.warning", { warningType: type, message }, options)).id;
    if (level === "error") return (await writer.write("session.error", { errorType: type, message }, options)).id;
    return (await writer.write("session.info", { infoType: type, message }, options)).id;
  }

  /** Shuts the session down: work is aborted, what waits is dropped, and the log says so. */
  async close(): Promise<void> {
    this.takeUp(true);
    this.#ending = "closing";
    await this.#runner.abort("user_initiated").catch((error: unknown) => this.#warn(error));
    this.#end();
    await this.#context.writer
      .write("session.shutdown", { shutdownType: "routine", ...this.#context.metrics.summary() })
      .catch((error: unknown) => this.#warn(error));
    this.#ending = "ended";
    this.#stopFanOut();
  }

  /** Puts the session away for the next process: what runs stops, and is taken up where the log says it stood. */
  async suspend(): Promise<void> {
    const { writer, metrics } = this.#context;
    // A resume or another call that comes across this can succeed with the next process.
    writer.pause(new NarthexError("SERVER_SHUTTING_DOWN", "SERVER_SHUTTING_DOWN: the session is being put away."));
    this.#end();
    await this.#runner.suspend();
    writer.resume();
    await writer
      .write("session.shutdown", { shutdownType: "routine", ...metrics.summary() })
      .catch((error: unknown) => this.#warn(error));
    this.#stopFanOut();
  }

  /** Takes a session at rest out of memory; its log and its mailbox have everything but what is returned. */
  unload(): Dormant {
    this.#context.writer.pause(new NarthexError("SESSION_SHUT_DOWN", "The session has left memory."));
    this.#end();
    this.#stopFanOut();
    const { attachments, rules, settings } = this.#context;
    return { attachments, rules, settings };
  }

  #end(): void {
    if (this.#ending === "no") this.#ending = "ended";
    const error = new NarthexError("SESSION_SHUT_DOWN", "The session was shut down.");
    this.#lifetime.abort(error);
    this.#context.pending.rejectAll(error);
  }

  #announceCapabilities(): void {
    const elicitation = this.#context.attachments.can("elicitation");
    const hasChanged = this.#hadElicitation !== undefined && this.#hadElicitation !== elicitation;
    this.#hadElicitation = elicitation;
    if (hasChanged) this.#context.writer.emit("capabilities.changed", { ui: { elicitation } });
  }

  #warn(error: unknown): void {
    this.#context.logger.warn(messageOf(error), { sessionId: this.id });
  }
}
