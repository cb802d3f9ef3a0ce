import { NarthexError, SUCCESS_RESULT } from "@narthex/protocol";
import type { Connection } from "./connection.ts";

const GONE_WITH_THE_CONNECTION = new Set(["CONNECTION_CLOSED", "NOT_CONNECTED", "SERVER_SHUTTING_DOWN"]);

/**
 * Ends this client's part in a session, on the runtime and here. A runtime that does not know `session.detach` gets
 * `session.destroy`; a refusal is tried once more.
 * @throws {NarthexError} SESSION_DETACH_FAILED
 */
export async function detachSession(connection: Connection, sessionId: string): Promise<void> {
  try {
    const first = await letGo(connection, sessionId);
    const last = first.success ? first : await letGo(connection, sessionId);
    if (!last.success) {
      throw new NarthexError(
        "SESSION_DETACH_FAILED",
        `Session ${sessionId} was not let go: ${last.error ?? "unknown reason"}`,
      );
    }
  } catch (error) {
    // With the connection the session has ended here anyway.
    if (!NarthexError.is(error) || !GONE_WITH_THE_CONNECTION.has(error.code)) throw error;
  }
  const session = connection.registry.get(sessionId);
  connection.registry.release(sessionId);
  session?.finish(new NarthexError("SESSION_DISCONNECTED", `Session ${sessionId} has been disconnected.`));
}

async function letGo(
  connection: Connection,
  sessionId: string,
): Promise<{ success: boolean; error?: string | undefined }> {
  try {
    return SUCCESS_RESULT.parse(await connection.peer.request("session.detach", { sessionId }));
  } catch (error) {
    if (!NarthexError.is(error) || error.rpcCode !== -32601) throw error;
    await connection.peer.request("session.destroy", { sessionId });
    return { success: true };
  }
}
