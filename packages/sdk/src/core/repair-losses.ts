// After early events were lost: reads them back from the runtime's log, and declines the questions that are lost for good.
import { messageOf, type NarthexError, type RawSessionEvent } from "@narthex/protocol";
import type { RpcPeer } from "@narthex/rpc";
import type { Logger } from "./logger.ts";
import type { SessionRegistry } from "./session-registry.ts";
import type { CopilotSession } from "./session.ts";

/** What a call came to, inside the read loop. */
export type Outcome = { readonly result: unknown } | { readonly error: NarthexError };

interface RepairContext {
  readonly peer: RpcPeer;
  readonly registry: SessionRegistry;
  readonly logger: Logger;
}

/** Milliseconds the runtime has to give its log after early events were lost. */
const REPAIR_TIMEOUT_MS = 2_000;

/** Reads lost events back from the runtime's log; without an answer the session goes on with what there is. */
export async function repair(context: RepairContext, session: CopilotSession): Promise<void> {
  const { sessionId } = session;
  let log: readonly RawSessionEvent[] | undefined;
  const finish = (): void => settleLosses(context, session, log);
  // Inside the read loop, so that nothing newer is looked at before what was lost is back in its place.
  const onResponse = (outcome: Outcome): void => {
    const events = "result" in outcome ? (outcome.result as { events?: unknown } | null)?.events : undefined;
    if (!Array.isArray(events)) return;
    log = events as RawSessionEvent[];
    finish();
  };
  try {
    await context.peer.request("session.getMessages", { sessionId }, { timeoutMs: REPAIR_TIMEOUT_MS, onResponse });
  } catch (error) {
    context.logger.warn(`Lost early events could not be read back: ${messageOf(error)}`, { sessionId });
  } finally {
    if (session.traffic.isHeld) finish();
  }
}

/** Delivers what was held, with what the log has of the losses; declines the questions that are lost for good. */
export function settleLosses(
  context: RepairContext,
  session: CopilotSession,
  log: readonly RawSessionEvent[] | undefined,
): void {
  session.traffic.release(log);
  context.registry.declineLostQuestions(session, log ?? []);
}
