// Creating and resuming sessions: what happens before, at and after the response.
import { NarthexError, SESSION_CREATE_RESULT, messageOf, type SessionCreateResult } from "@narthex/protocol";
import type { RpcPeer } from "@narthex/rpc";
import type { CreateLimits } from "./create-limits.ts";
import { optionsUpdatePayload, resumePayload, sessionPayload } from "./create-payload.ts";
import type { Logger } from "./logger.ts";
import { collectHandlers } from "./session-handlers.ts";
import type { GateTicket } from "./routing-types.ts";
import { DEFAULT_READY_TIMEOUT_MS } from "./send-readiness.ts";
import { repair, settleLosses, type Outcome } from "./repair-losses.ts";
import type { SessionRegistry } from "./session-registry.ts";
import type { SessionPort } from "./session-line.ts";
import { CopilotSession } from "./session.ts";
import type {
  CloudSessionConfig,
  ResumeSessionConfig,
  SessionConfig,
  SessionConfigBase,
} from "./types/session-config.ts";

/** What the flows need of the connection they run on. */
export interface CreateContext {
  readonly peer: RpcPeer;
  readonly registry: SessionRegistry;
  readonly port: SessionPort;
  readonly logger: Logger;
  /** Aborts when the client stops. */
  readonly stopping: AbortSignal;
  /** The runtime keeps messages for a session whose worker has not started. */
  readonly isSendDurable: boolean;
  /** How long the application waits for this create or resume. */
  readonly limits: CreateLimits;
}

/** Creates a session whose id the runtime chooses; the config has been checked. */
export async function createCloudSession(
  context: CreateContext,
  config: CloudSessionConfig,
  readyTimeoutMs = DEFAULT_READY_TIMEOUT_MS,
): Promise<CopilotSession> {
  const trace = await traceOf(context);
  const params = { ...trace, ...sessionPayload(config), cloud: config.cloud };
  // Nothing before this line can leave the gate open; nothing after it can without ending the ticket.
  const ticket = context.registry.openGate((id) => {
    const made = prepare(context, id, config, true);
    if (!context.isSendDurable && readyTimeoutMs > 0) made.holdMessages(readyTimeoutMs);
    return made;
  });
  let session: CopilotSession | undefined;
  let failure: NarthexError | undefined;
  let repairing: Promise<void> | undefined;
  // Runs inside the read loop, before the next frame is looked at: live traffic cannot overtake what was parked.
  const onResponse = (outcome: Outcome): void => {
    try {
      if ("result" in outcome) session = adopt(context, ticket, outcome.result);
      if (session?.traffic.isHeld === true) repairing = repair(context, session);
    } catch (error) {
      failure = NarthexError.from(error, "INTERNAL");
    } finally {
      context.registry.endTicket(ticket);
    }
  };
  try {
    await request(context, "session.create", params, { onResponse, onLateResult: (late) => discard(context, late) });
  } catch (error) {
    throw withWaiting(context, NarthexError.from(error, "REQUEST_FAILED"));
  } finally {
    context.registry.endTicket(ticket);
  }
  if (failure !== undefined) throw failure;
  if (session === undefined) throw new NarthexError("INTERNAL", "The create response was not processed.");
  return completed(context, session, config, { repairing, undo: destroy });
}

/** A create that timed out says what waited for it: a runtime that waits for an answer often is the reason. */
function withWaiting(context: CreateContext, error: NarthexError): NarthexError {
  const waiting = error.code === "REQUEST_TIMEOUT" ? context.registry.describeWaiting() : "";
  return waiting === ""
    ? error
    : new NarthexError(error.code, `${error.message} Waiting for it: ${waiting}.`, { cause: error });
}

/** Creates a session whose id this client chooses; it is routable before the request is written. */
export async function createPlainSession(
  context: CreateContext,
  id: string,
  config: SessionConfig,
): Promise<CopilotSession> {
  const trace = await traceOf(context);
  const params = { ...trace, ...sessionPayload(config), sessionId: id };
  return openKnown(context, "session.create", id, params, config);
}

/** Attaches to a session that exists. */
export async function resumeSession(
  context: CreateContext,
  id: string,
  config: ResumeSessionConfig,
): Promise<CopilotSession> {
  const trace = await traceOf(context);
  const params = { ...trace, ...resumePayload(id, config) };
  return openKnown(context, "session.resume", id, params, config);
}

async function openKnown(
  context: CreateContext,
  method: "session.create" | "session.resume",
  id: string,
  params: Record<string, unknown>,
  config: SessionConfigBase,
): Promise<CopilotSession> {
  const session = prepare(context, id, config, method === "session.create");
  // A session that is live here keeps its traffic until the runtime has agreed to the resume; then the new object takes
  // over. There is one receiver at any time.
  const previous = method === "session.resume" ? context.registry.get(id) : undefined;
  if (previous === undefined) context.registry.register(session);
  // A session that is only now created has no log to read losses back from.
  if (method === "session.create") settleLosses(context, session, undefined);
  let repairing: Promise<void> | undefined;
  let other: string | undefined;
  try {
    const onResponse = (outcome: Outcome): void => {
      const parsed = "result" in outcome ? SESSION_CREATE_RESULT.safeParse(outcome.result) : undefined;
      if (parsed?.success !== true) return;
      describe(session, parsed.data);
      if (previous !== undefined) takeOver(context, previous, session);
      if (session.traffic.isHeld) repairing = repair(context, session);
    };
    const onLateResult = (late: unknown): void => {
      if (method === "session.create") discard(context, late);
      else letGo(context, id);
    };
    const result = await request(context, method, params, { onResponse, onLateResult });
    const parsed = SESSION_CREATE_RESULT.safeParse(result);
    other = parsed.data?.sessionId;
    if (other !== id) {
      throw new NarthexError("SESSION_CREATE_RESPONSE_INVALID", answeredWrongly(method, id, result));
    }
  } catch (error) {
    const failure = NarthexError.from(error, "REQUEST_FAILED");
    if (context.registry.get(id) === session) forget(context, session, failure);
    if (failure.code === "SESSION_CREATE_RESPONSE_INVALID" && method === "session.create") {
      destroy(context, id);
      if (other !== undefined && other !== id) discard(context, { sessionId: other });
    }
    throw failure;
  }
  return completed(context, session, config, { repairing, undo: method === "session.create" ? destroy : letGo });
}

function takeOver(context: CreateContext, previous: CopilotSession, session: CopilotSession): void {
  context.registry.release(session.sessionId);
  previous.finish(
    new NarthexError("SESSION_DISCONNECTED", `Session ${session.sessionId} was resumed again on this client.`),
  );
  context.registry.register(session);
}

function answeredWrongly(method: string, id: string, result: unknown): string {
  const other = (result as { sessionId?: unknown } | null)?.sessionId;
  return typeof other === "string" && other !== id
    ? `${method} was answered with session ${other} although ${id} was asked for.`
    : `The runtime's answer to ${method} cannot be used: it names no valid session.`;
}

/** Turns the response of an id-less create into a registered session, or cleans up what the runtime made. */
function adopt(context: CreateContext, ticket: GateTicket, result: unknown): CopilotSession {
  const parsed = SESSION_CREATE_RESULT.safeParse(result);
  if (!parsed.success) {
    discard(context, result);
    const issue = parsed.error.issues[0];
    throw new NarthexError(
      "SESSION_CREATE_RESPONSE_INVALID",
      `The runtime's create response cannot be used: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`.trim(),
    );
  }
  const id = parsed.data.sessionId;
  if (context.registry.get(id) !== undefined) {
    // The session belongs to another create of this client: it must not be cleaned up.
    throw new NarthexError("SESSION_ID_CONFLICT", `The runtime answered two creates with the same session id ${id}.`);
  }
  try {
    const session = context.registry.sessionFor(ticket, id);
    describe(session, parsed.data);
    context.registry.register(session);
    return session;
  } catch (error) {
    discard(context, result);
    const adopted = context.registry.adoptedId(ticket);
    if (adopted !== undefined && adopted !== id) discard(context, { sessionId: adopted });
    throw error;
  }
}

function prepare(
  context: CreateContext,
  id: string,
  config: SessionConfigBase,
  isCreatedHere: boolean,
): CopilotSession {
  const session = new CopilotSession(id, context.port);
  session.attach(collectHandlers(config, config.createSessionFsProvider?.(session)), config.onEvent, {
    isCreatedHere,
    // Work that was going on when the connection was lost goes on.
    params: () => ({
      ...resumePayload(id, { continuePendingWork: true, ...config }),
      ...(isCreatedHere ? { requestPermission: config.onPermissionRequest !== undefined } : {}), // as the create said
    }),
    patch: () => optionsUpdatePayload(config),
  });
  return session;
}

function describe(session: CopilotSession, result: SessionCreateResult): void {
  session.describe({
    workspacePath: result.workspacePath ?? undefined,
    remoteUrl: result.remoteUrl || undefined,
    capabilities: (result.capabilities ?? undefined) as never,
  });
}

/** What is left to do once the session is registered. A failure here must not leave a session behind on the runtime. */
async function completed(
  context: CreateContext,
  session: CopilotSession,
  config: SessionConfigBase,
  then: { repairing: Promise<void> | undefined; undo: (context: CreateContext, id: string) => void },
): Promise<CopilotSession> {
  const { limits, peer } = context;
  const { sessionId } = session;
  try {
    if (then.repairing !== undefined) await limits.promptly("Reading lost events back", then.repairing);
    const patch = optionsUpdatePayload(config);
    if (patch !== undefined) {
      const update = peer.request("session.options.update", { sessionId, ...patch });
      await limits.promptly("session.options.update", update);
    }
  } catch (error) {
    forget(context, session, NarthexError.from(error, "REQUEST_FAILED"));
    then.undo(context, sessionId);
    throw error;
  }
  // After the caller's continuation, which runs before any timer.
  setTimeout(() => session.closeStartupWindow(), 0);
  return session;
}

async function request(
  context: CreateContext,
  method: string,
  params: Record<string, unknown>,
  then: { onResponse: (outcome: Outcome) => void; onLateResult: (result: unknown) => void },
): Promise<unknown> {
  const { signal } = context.limits;
  const timeoutMs = context.limits.remainingMs();
  const answer = context.peer.request(method, params, {
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    signal: signal === undefined ? context.stopping : AbortSignal.any([signal, context.stopping]),
    onResponse: then.onResponse,
    onLateResponse: (outcome) => {
      if ("result" in outcome) then.onLateResult(outcome.result);
    },
  });
  return answer.catch((error: unknown) => {
    // The caller hears why the client gave up, not only that it did.
    throw context.stopping.aborted ? NarthexError.from(context.stopping.reason, "CONNECTION_CLOSED") : error;
  });
}

/** Trace context of the application; nothing has been begun yet, so that it may throw, or take its time. */
function traceOf(context: CreateContext): Promise<Record<string, unknown>> {
  return context.limits.promptly("The trace callback", context.port.traceContext());
}

function forget(context: CreateContext, session: CopilotSession, reason: NarthexError): void {
  context.registry.release(session.sessionId);
  session.finish(reason);
}

/** A session that nobody will hold: ends it on the runtime and refuses what came early for it. */
function discard(context: CreateContext, result: unknown): void {
  const id = (result as { sessionId?: unknown } | null)?.sessionId;
  if (typeof id !== "string" || id === "") {
    context.logger.warn(
      "A create response names no session id; the runtime may be left with a session that nobody holds.",
    );
    return;
  }
  // A retry may hold a session of this id by now: it is not this response's to end.
  if (context.registry.get(id) !== undefined) return;
  context.registry.release(id);
  destroy(context, id);
}

/** A resume that nobody waits for any more: the session itself goes on for others. */
function letGo(context: CreateContext, sessionId: string): void {
  if (context.registry.get(sessionId) !== undefined) return;
  context.peer.request("session.detach", { sessionId }, { timeoutMs: 10_000 }).catch((error: unknown) => {
    context.logger.warn(`Session ${sessionId} could not be let go: ${messageOf(error)}`);
  });
}

function destroy(context: CreateContext, sessionId: string): void {
  context.peer.request("session.destroy", { sessionId }, { timeoutMs: 10_000 }).catch((error: unknown) => {
    context.logger.warn(`Session ${sessionId} could not be destroyed on the runtime: ${messageOf(error)}`);
  });
}
