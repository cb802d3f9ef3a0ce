// The methods of the profile, by name. A test compares this table with the profile's list.
import {
  NARTHEX_VERSION,
  PROTOCOL_VERSION,
  isSessionId,
  parseSessionId,
  type SupportedMethod,
} from "@narthex/protocol";
import type { Runtime, SessionClient } from "@narthex/runtime";
import type { z } from "zod";
import { PARAMS, parseParams } from "./method-params.ts";

/** What a method may use. */
export interface MethodContext {
  readonly runtime: Runtime;
  readonly client: SessionClient;
  /** Ends the runtime for everyone. */
  readonly shutDown: () => Promise<void>;
  /** Runs a create or resume so that its response goes out before what must follow it. */
  readonly opening: <T extends { sessionId: string }>(
    knownId: string | undefined,
    open: () => Promise<T>,
  ) => Promise<T>;
  /** The client is done with a session. */
  readonly closed: (sessionId: string) => void;
  /** Aborts when the connection ends while the call is being handled. */
  readonly signal: () => AbortSignal;
}

type Params = Record<string, unknown>;
type Method = (params: Params, context: MethodContext) => unknown;

/** A method whose params are checked first. */
function method<S extends z.ZodType>(
  name: string,
  schema: S,
  run: (params: z.output<S>, context: MethodContext) => unknown,
): Method {
  return (params, context) => run(parseParams(name, schema, params), context);
}

const success = (isDone: boolean): { success: boolean } => ({ success: isDone });

export const METHODS = {
  ping: method("ping", PARAMS.ping, ({ message }) => ({
    message: message === undefined ? "pong" : `pong: ${message}`,
    timestamp: new Date().toISOString(),
    protocolVersion: PROTOCOL_VERSION,
  })),
  "status.get": () => ({ version: NARTHEX_VERSION, protocolVersion: PROTOCOL_VERSION }),
  "auth.getStatus": () => ({
    isAuthenticated: true,
    statusMessage: "Narthex needs no account: models are configured on the runtime or per session.",
  }),
  "models.list": (_params, { runtime }) => ({
    models: runtime.models().map(({ id, name, contextTokens }) => ({
      id,
      name,
      capabilities: {
        supports: { vision: false, reasoningEffort: false },
        limits: { max_context_window_tokens: contextTokens },
      },
    })),
  }),
  "tools.list": (_params, { runtime }) => ({ tools: runtime.builtInTools() }),
  "runtime.shutdown": async (_params, { shutDown }) => {
    await shutDown();
    return {};
  },
  "session.create": (params, { runtime, client, opening }) => {
    const isCloud = params.cloud !== undefined && params.cloud !== null;
    const knownId = !isCloud && isSessionId(params.sessionId) ? params.sessionId : undefined;
    return opening(knownId, () => runtime.createSession(params, client));
  },
  "session.resume": (params, { runtime, client, opening }) => {
    const id = parseSessionId(params.sessionId);
    return opening(id, () => runtime.resumeSession(params, client));
  },
  "session.send": method("session.send", PARAMS.send, async (params, { runtime }) => {
    const session = await runtime.open(params.sessionId);
    const { prompt, displayPrompt, attachments, agentMode, source, idempotencyKey } = params;
    const request = {
      text: prompt,
      mode: params.mode ?? "enqueue",
      ...(displayPrompt === undefined ? {} : { displayText: displayPrompt }),
      ...(attachments === undefined ? {} : { attachments }),
      ...(agentMode === undefined ? {} : { agentMode }),
      ...(source === undefined ? {} : { source }),
    };
    const messageId = await session.send(request, idempotencyKey);
    return { messageId };
  }),
  "session.abort": method("session.abort", PARAMS.abort, async (params, { runtime }) => {
    const { sessionId, reason, idempotencyKey } = params;
    const session = await runtime.open(sessionId);
    await session.abort(reason ?? "user_initiated", idempotencyKey);
    return success(true);
  }),
  "session.detach": method("session.detach", PARAMS.session, ({ sessionId }, { runtime, client, closed }) => {
    runtime.detach(sessionId, client.id);
    closed(sessionId);
    return success(true);
  }),
  "session.destroy": method("session.destroy", PARAMS.session, async ({ sessionId }, { runtime, closed }) => {
    const wasLive = await runtime.destroy(sessionId);
    closed(sessionId);
    return success(wasLive);
  }),
  "session.delete": method("session.delete", PARAMS.session, async ({ sessionId }, { runtime, closed }) => {
    const wasThere = isSessionId(sessionId) && (await runtime.delete(sessionId));
    closed(sessionId);
    return wasThere ? success(true) : { success: false, error: `Session not found: ${sessionId}` };
  }),
  "session.list": method("session.list", PARAMS.list, async ({ filter }, { runtime }) => {
    const wanted = ["cwd", "gitRoot", "repository", "branch"] as const;
    const attributes = Object.fromEntries(
      wanted.flatMap((name) => (filter?.[name] === undefined ? [] : [[name, filter[name]]])),
    );
    return { sessions: await runtime.catalog.list(attributes) };
  }),
  "session.getMetadata": method("session.getMetadata", PARAMS.session, async ({ sessionId }, { runtime }) => {
    const session = isSessionId(sessionId) ? await runtime.catalog.metadata(sessionId) : undefined;
    return session === undefined ? {} : { session };
  }),
  "session.getLastId": async (_params, { runtime }) => {
    const sessionId = await runtime.catalog.lastId();
    return sessionId === undefined ? {} : { sessionId };
  },
  "session.getMessages": method("session.getMessages", PARAMS.session, async ({ sessionId }, { runtime }) => ({
    events: await runtime.catalog.events(sessionId),
  })),
  "session.eventLog.read": method("session.eventLog.read", PARAMS.readLog, (params, { runtime, signal }) => {
    const { sessionId, cursor, types, max, waitMs, direction, includeEphemeral } = params;
    const query = { max, waitMs, direction, includeEphemeral };
    const wanted = types === "*" ? undefined : (types ?? undefined);
    return runtime.eventLog.read(sessionId, { ...query, cursor: cursor ?? undefined, types: wanted }, signal());
  }),
  "session.eventLog.tail": method("session.eventLog.tail", PARAMS.session, async ({ sessionId }, { runtime }) => ({
    cursor: await runtime.eventLog.tail(sessionId),
  })),
  "session.getForeground": () => ({}),
  "session.setForeground": () => ({
    success: false,
    error: "This runtime is headless: no session is in the foreground.",
  }),
  "session.options.update": method(
    "session.options.update",
    PARAMS.session,
    async ({ sessionId, ...patch }, { runtime }) => {
      await (await runtime.open(sessionId)).updateOptions(patch);
      return success(true);
    },
  ),
  "session.log": method(
    "session.log",
    PARAMS.log,
    async ({ sessionId, message, level, type, ephemeral }, { runtime }) => {
      const session = await runtime.open(sessionId);
      const eventId = await session.log({
        message,
        level: level ?? "info",
        ...(type === undefined ? {} : { type }),
        ...(ephemeral === undefined ? {} : { ephemeral }),
      });
      return { eventId };
    },
  ),
  "session.model.getCurrent": method(
    "session.model.getCurrent",
    PARAMS.session,
    async ({ sessionId }, { runtime }) => ({
      modelId: (await runtime.open(sessionId)).model.id,
    }),
  ),
  "session.model.switchTo": method("session.model.switchTo", PARAMS.switchModel, async (params, { runtime }) => {
    const session = await runtime.open(params.sessionId);
    await session.switchModel(params.modelId);
    const { id } = session.model;
    return { status: "applied", deferred: false, modelId: id, modelState: { modelId: id } };
  }),
  "session.tools.handlePendingToolCall": method(
    "session.tools.handlePendingToolCall",
    PARAMS.answerTool,
    async (params, { runtime }) => {
      const { requestId, result, error, idempotencyKey } = params;
      const session = await runtime.open(params.sessionId);
      return success(await session.answerTool(requestId, { result, error }, idempotencyKey));
    },
  ),
  "session.permissions.handlePendingPermissionRequest": method(
    "session.permissions.handlePendingPermissionRequest",
    PARAMS.answerPermission,
    async ({ sessionId, requestId, result, idempotencyKey }, { runtime }) =>
      success(await (await runtime.open(sessionId)).answerPermission(requestId, result, idempotencyKey)),
  ),
  "session.permissions.pendingRequests": method(
    "session.permissions.pendingRequests",
    PARAMS.session,
    async ({ sessionId }, { runtime }) => ({ items: (await runtime.open(sessionId)).pendingPermissions() }),
  ),
  "session.commands.list": method("session.commands.list", PARAMS.session, async ({ sessionId }, { runtime }) => ({
    commands: (await runtime.open(sessionId))
      .commands()
      .map((command) => ({ ...command, kind: "client", allowDuringAgentExecution: false })),
  })),
  "session.commands.invoke": method("session.commands.invoke", PARAMS.invokeCommand, async (params, { runtime }) => {
    await (await runtime.open(params.sessionId)).runCommand(params.name, params.input ?? "");
    return { kind: "completed" };
  }),
  "session.commands.handlePendingCommand": method(
    "session.commands.handlePendingCommand",
    PARAMS.answerCommand,
    async ({ sessionId, requestId, error }, { runtime }) =>
      success((await runtime.open(sessionId)).answerCommand(requestId, { error })),
  ),
  "session.ui.elicitation": method("session.ui.elicitation", PARAMS.elicit, async (params, { runtime }) => {
    const { message, requestedSchema } = params;
    const { type, properties, required } = requestedSchema;
    const schema = { type, properties, ...(required === undefined ? {} : { required }) };
    return (await runtime.open(params.sessionId)).elicit({ message, requestedSchema: schema });
  }),
  "session.ui.handlePendingElicitation": method(
    "session.ui.handlePendingElicitation",
    PARAMS.answerElicitation,
    async ({ sessionId, requestId, result, idempotencyKey }, { runtime }) =>
      success(await (await runtime.open(sessionId)).answerElicitation(requestId, result as never, idempotencyKey)),
  ),
  "session.ui.handlePendingUserInput": method(
    "session.ui.handlePendingUserInput",
    PARAMS.answerUserInput,
    async ({ sessionId, requestId, response, idempotencyKey }, { runtime }) => {
      const { answer, wasFreeform = true } = response;
      const session = await runtime.open(sessionId);
      return success(await session.answerUserInput(requestId, { answer, wasFreeform }, idempotencyKey));
    },
  ),
} as const satisfies Record<Exclude<SupportedMethod, "connect">, Method>;
