import type { SessionContext } from "./session-context.ts";
import type { RequestKind } from "./pending-requests.ts";

/**
 * Takes a client's answer to an open question. It is durable before the client is told so, and the first one counts:
 * false when the question is unknown, of another kind, or answered already.
 * @throws {NarthexError} STORE_UNAVAILABLE, LIMIT_EXCEEDED; then the question is open as before
 */
export async function takeAnswer(
  context: SessionContext,
  kind: RequestKind,
  requestId: string,
  answer: unknown,
): Promise<boolean> {
  const { pending, inbox } = context;
  if (!pending.claim(kind, requestId)) return false;
  try {
    inbox.handedOn(kind, requestId, await inbox.postAnswer(kind, requestId, answer));
  } catch (error) {
    pending.release(requestId);
    throw error;
  }
  const isTaken = pending.answer(kind, requestId, answer);
  if (!isTaken) inbox.answerSettled(requestId); // whoever asked was aborted meanwhile
  return isTaken;
}
