// The graceful end of a client: sessions, runtime, connection, process.
import { NarthexError } from "@narthex/protocol";
import type { Connection } from "./connection.ts";
import { detachSession } from "./detach-session.ts";

const DETACH_PAUSES_MS = [100, 200];
const SHUTDOWN_TIMEOUT_MS = 10_000;

/** Ends a connection step by step; a step that fails is reported and the next one follows. */
export async function shutDown(connection: Connection, reason: NarthexError): Promise<Error[]> {
  const errors: Error[] = [];
  const attempt = async (step: () => Promise<unknown>): Promise<void> => {
    try {
      await step();
    } catch (error) {
      errors.push(NarthexError.from(error, "REQUEST_FAILED"));
    }
  };
  connection.beginStop(reason);
  await Promise.all(
    connection.registry.all().map((session) => attempt(() => detachPatiently(connection, session.sessionId))),
  );
  if (connection.link.isOwned) {
    await attempt(() => connection.peer.request("runtime.shutdown", {}, { timeoutMs: SHUTDOWN_TIMEOUT_MS }));
  }
  connection.close(reason);
  await attempt(() => connection.link.terminate(SHUTDOWN_TIMEOUT_MS));
  return errors;
}

async function detachPatiently(connection: Connection, sessionId: string): Promise<void> {
  for (const pauseMs of DETACH_PAUSES_MS) {
    try {
      return await detachSession(connection, sessionId);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
  await detachSession(connection, sessionId);
}
