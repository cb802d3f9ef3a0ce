// Taking sessions up again on a new connection: resumed, brought up to date, and then as if nothing had been.
import { NarthexError, SESSION_CREATE_RESULT, messageOf } from "@narthex/protocol";
import type { RpcPeer } from "@narthex/rpc";
import type { ConnectionEvent } from "./connection-events.ts";
import type { Logger } from "./logger.ts";
import { deliverMissedEvents } from "./missed-events.ts";
import { pause } from "./pause.ts";
import type { SessionPort } from "./session-line.ts";
import type { SessionRegistry } from "./session-registry.ts";
import type { CopilotSession, SessionRecovery } from "./session.ts";

export interface ReattachContext {
  readonly peer: RpcPeer;
  readonly registry: SessionRegistry;
  readonly port: SessionPort;
  readonly logger: Logger;
  tell(event: ConnectionEvent): void;
}

/** A session of the lost connection, registered on the new one, and how it is resumed. */
export interface RecoverableSession {
  readonly session: CopilotSession;
  readonly recovery: SessionRecovery;
}

/** Sessions resumed at the same time. */
const MAX_PARALLEL_RESUMES = 16;
/** Milliseconds the runtime has to resume a session. */
const RESUME_TIMEOUT_MS = 60_000;
/** Pauses before a resume is tried again that failed for a passing reason. */
const RESUME_PAUSES_MS = [500, 1_000, 2_000];
/** Milliseconds for the small questions after a resume. */
const SMALL_CALL_TIMEOUT_MS = 10_000;

/** Resumes all sessions, some at a time; what fails with one does not concern the others. */
export async function reattachSessions(
  context: ReattachContext,
  sessions: readonly RecoverableSession[],
): Promise<void> {
  const queue = sessions.values();
  const worker = async (): Promise<void> => {
    for (const session of queue) await reattach(context, session);
  };
  await Promise.all(Array.from({ length: Math.min(MAX_PARALLEL_RESUMES, sessions.length) }, worker));
}

async function reattach(context: ReattachContext, { session, recovery }: RecoverableSession): Promise<void> {
  const { sessionId } = session;
  // Ended, resumed by the application, or surrendered to yet another connection: no longer ours.
  const isOurs = (): boolean => context.registry.get(sessionId) === session;
  if (!isOurs()) return;
  try {
    await resume(context, session, recovery, isOurs);
  } catch (error) {
    if (isOurs()) lose(context, session, error);
    return;
  }
  if (!isOurs()) return;
  const isComplete = await deliverMissedEvents(context, session, recovery.isCreatedHere);
  if (!isOurs()) return;
  session.goOn();
  context.tell({ type: "resumed", sessionId, isComplete });
  if (session.mayHaveMissedEnd) await askWhetherIdle(context, session);
}

async function resume(
  context: ReattachContext,
  session: CopilotSession,
  recovery: SessionRecovery,
  isOurs: () => boolean,
): Promise<void> {
  for (const pauseMs of [...RESUME_PAUSES_MS, undefined]) {
    try {
      await resumeOnce(context, session, recovery);
      break;
    } catch (error) {
      const isPassing = NarthexError.is(error) && error.retry !== "never";
      if (!isPassing || pauseMs === undefined || !isOurs()) throw error;
      await pause(pauseMs, context.peer);
      if (!isOurs()) return;
    }
  }
  const patch = recovery.patch();
  if (patch === undefined || !isOurs()) return;
  const params = { sessionId: session.sessionId, ...patch };
  await small(context, "session.options.update", params).catch((error: unknown) => {
    const text = `Options of a resumed session could not be set: ${messageOf(error)}`;
    context.logger.warn(text, { sessionId: session.sessionId });
  });
}

async function resumeOnce(context: ReattachContext, session: CopilotSession, recovery: SessionRecovery): Promise<void> {
  const { sessionId } = session;
  const trace = await context.port.traceContext().catch(() => ({}));
  const params = { ...trace, ...recovery.params() };
  const result = await context.peer.request("session.resume", params, { timeoutMs: RESUME_TIMEOUT_MS });
  const parsed = SESSION_CREATE_RESULT.safeParse(result);
  if (!parsed.success || parsed.data.sessionId !== sessionId) {
    throw new NarthexError("SESSION_CREATE_RESPONSE_INVALID", "The runtime's answer to session.resume cannot be used.");
  }
  session.describe({
    workspacePath: parsed.data.workspacePath ?? undefined,
    remoteUrl: parsed.data.remoteUrl || undefined,
    capabilities: (parsed.data.capabilities ?? undefined) as never,
  });
}

/** The session cannot go on; whoever waits for it is told. */
function lose(context: ReattachContext, session: CopilotSession, cause: unknown): void {
  const { sessionId } = session;
  const text = `Session ${sessionId} could not be resumed after the connection was lost: ${messageOf(cause)}`;
  const error = new NarthexError("SESSION_LOST", text, { cause });
  context.registry.release(sessionId);
  session.finish(error);
  context.logger.error(text, { sessionId });
  context.tell({ type: "session-lost", sessionId, error });
}

/** The event that ends a turn may be lost for good. A runtime that does nothing, and says so, has ended it. */
async function askWhetherIdle(context: ReattachContext, session: CopilotSession): Promise<void> {
  const { sessionId } = session;
  const result = await small(context, "session.metadata.isProcessing", { sessionId }).catch(() => undefined);
  if ((result as { processing?: unknown } | undefined)?.processing === false) session.runtimeIsIdle();
}

function small(context: ReattachContext, method: string, params: Record<string, unknown>): Promise<unknown> {
  return context.peer.request(method, params, { timeoutMs: SMALL_CALL_TIMEOUT_MS });
}
