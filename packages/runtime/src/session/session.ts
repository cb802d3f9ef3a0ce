// One hosted session: what clients can do with it. The course of its turns is the turn runner's.
import { randomUUID } from "node:crypto";
import { NarthexError, messageOf } from "@narthex/protocol";
import type { Model } from "../models/model.ts";
import type { SessionClient } from "../ports.ts";
import type { Attachments } from "./attachments.ts";
import { elicit, type ElicitationAnswer, type ElicitationQuestion } from "./elicitation.ts";
import type { SessionContext } from "./session-context.ts";
import { ignoredOptionsWarning, type SessionParams } from "./session-config.ts";
import { executeCommand } from "./client-commands.ts";
import type { PermissionAnswer } from "./permission-check.ts";
import { buildSystemMessage, type Sections } from "./system-message.ts";
import type { ToolAnswer } from "./tool-call.ts";
import { declarations, sessionTools } from "./tool-catalog.ts";
import { TurnRunner } from "./turn-runner.ts";
import type { Prompt } from "./turn-machine.ts";

/** Milliseconds a client has to rewrite sections of the system message. */
const TRANSFORM_TIMEOUT_MS = 30_000;

/** What a session tells the runtime that hosts it. */
export interface SessionEvents {
  readonly onPrompt: (prompt: Prompt) => void;
  readonly onIdle: () => void;
}

export class HostedSession {
  readonly id: string;
  readonly #context: SessionContext;
  readonly #runner: TurnRunner;
  readonly #stopFanOut: () => void;
  readonly #lifetime = new AbortController();

  /** @param stopFanOut ends the delivery of the log to the attached clients */
  constructor(context: SessionContext, stopFanOut: () => void, events: SessionEvents) {
    this.id = context.id;
    this.#context = context;
    this.#runner = new TurnRunner(context, {
      prepare: () => this.#ensureSystemMessage(),
      onPrompt: events.onPrompt,
      onIdle: events.onIdle,
    });
    this.#stopFanOut = stopFanOut;
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

  /** Nothing runs and nothing waits. */
  get isIdle(): boolean {
    return this.#runner.isIdle;
  }

  /** Attaches a client; questions that are still open are asked again, of this client only. */
  attach(client: SessionClient, params: SessionParams): void {
    this.#context.attachments.attach(client, params);
    this.#takeSettings(params);
    for (const event of this.#context.pending.announcements()) client.event(this.id, event);
    this.#announceCapabilities();
  }

  /** What a client that attaches asks for, counts from now on; what it does not mention stays. */
  #takeSettings(params: SessionParams): void {
    const { settings } = this.#context;
    const { provider, model } = params;
    settings.params = { ...settings.params, ...params };
    if (provider !== undefined || model !== undefined) {
      settings.model = this.#context.chooseModel({ ...(provider && { provider }), ...(model && { model }) });
    }
  }

  /**
   * Applies a patch of options. What this runtime does not act on is named in a warning of the session.
   * @throws {NarthexError} MODEL_CONFIG_INVALID
   */
  async updateOptions(patch: Readonly<Record<string, unknown>>): Promise<void> {
    const { model, ...rest } = patch;
    if (typeof model === "string") await this.switchModel(model);
    const names = Object.keys(rest).filter((name) => rest[name] !== undefined && rest[name] !== false);
    if (names.length === 0) return;
    const message = ignoredOptionsWarning(names);
    await this.#context.writer.write("session.warning", { warningType: "options", message });
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
  async switchModel(modelId: string): Promise<void> {
    const { settings, writer } = this.#context;
    const provider = settings.params.provider;
    const next = this.#context.chooseModel({
      model: modelId,
      ...(provider && { provider: { ...provider, wireModel: modelId } }),
    });
    if (next.id !== modelId) {
      throw new NarthexError(
        "MODEL_CONFIG_INVALID",
        `The model ${modelId} is not configured on this runtime; ${next.id} is.`,
      );
    }
    const previousModel = settings.model.id;
    settings.model = next;
    await writer.write("session.model_change", { previousModel, newModel: next.id, source: "sdk" });
  }

  detach(clientId: string): void {
    if (this.#context.attachments.detach(clientId)) this.#announceCapabilities();
  }

  /** Accepts a prompt; see `TurnRunner.prompt`. */
  async send(prompt: Omit<Prompt, "messageId">): Promise<string> {
    const max = this.#context.limits.maxPromptChars;
    if (prompt.text.length > max) {
      throw new NarthexError("LIMIT_EXCEEDED", `The prompt has ${prompt.text.length} characters; the limit is ${max}.`);
    }
    const messageId = randomUUID();
    await this.#runner.prompt({ ...prompt, messageId });
    return messageId;
  }

  async abort(reason: string): Promise<void> {
    await this.#runner.abort(reason);
  }

  answerTool(requestId: string, answer: ToolAnswer): boolean {
    return this.#context.pending.answer("tool", requestId, answer);
  }

  answerPermission(requestId: string, answer: PermissionAnswer): boolean {
    return this.#context.pending.answer("permission", requestId, answer);
  }

  answerUserInput(requestId: string, answer: { answer: string; wasFreeform: boolean }): boolean {
    return this.#context.pending.answer("user-input", requestId, answer);
  }

  answerElicitation(requestId: string, answer: ElicitationAnswer): boolean {
    return this.#context.pending.answer("elicitation", requestId, answer);
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

  /** Shuts the session down: work is aborted, and the log says so. */
  async close(): Promise<void> {
    this.#lifetime.abort(new NarthexError("SESSION_SHUT_DOWN", "The session was shut down."));
    await this.#runner.abort("user_initiated").catch((error: unknown) => this.#warn(error));
    await this.#context.writer
      .write("session.shutdown", { shutdownType: "routine", ...this.#context.metrics.summary() })
      .catch((error: unknown) => this.#warn(error));
    await this.unload();
  }

  /** Takes an idle session out of memory; its log and its mailbox have everything. */
  async unload(): Promise<void> {
    this.#lifetime.abort(new NarthexError("SESSION_SHUT_DOWN", "The session was shut down."));
    this.#context.pending.rejectAll(new NarthexError("SESSION_SHUT_DOWN", "The session was shut down."));
    this.#stopFanOut();
  }

  async #ensureSystemMessage(): Promise<void> {
    const { conversation, writer, workspace } = this.#context;
    if (conversation.hasSystemMessage) return;
    const content = await buildSystemMessage(workspace, this.#context.settings.params.systemMessage, (sections) =>
      this.#transformSections(sections),
    );
    if (content !== "") await writer.write("system.message", { role: "system", content });
  }

  /** A client that fails to rewrite a section leaves it as it was. */
  async #transformSections(sections: Sections): Promise<Sections> {
    const wire = Object.fromEntries(Object.entries(sections).map(([id, content]) => [id, { content }]));
    try {
      const reply = await this.#context.attachments.ask(
        "transforms",
        "systemMessage.transform",
        { sessionId: this.id, sections: wire },
        AbortSignal.any([this.#lifetime.signal, AbortSignal.timeout(TRANSFORM_TIMEOUT_MS)]),
      );
      const changed = (reply as { sections?: Record<string, { content?: unknown }> } | null)?.sections ?? {};
      return Object.fromEntries(
        Object.entries(changed).flatMap(([id, section]) =>
          typeof section?.content === "string" ? [[id, section.content]] : [],
        ),
      );
    } catch (error) {
      this.#warn(error);
      return {};
    }
  }

  #hadElicitation: boolean | undefined;
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
