/**
 * Clients' answers to open questions.
 *
 * | answer \ question                  | open                       | settled, claimed or unknown | was answered under this key   |
 * | ---------------------------------- | -------------------------- | --------------------------- | ----------------------------- |
 * | without a key                      | durable, then taken: true  | false                       | –                             |
 * | with a key                         | durable, then taken: true  | false                       | true, as the first time       |
 * | with a key that came with another  | IDEMPOTENCY_KEY_REUSED     | IDEMPOTENCY_KEY_REUSED      | IDEMPOTENCY_KEY_REUSED        |
 */
import type { SessionContext } from "./session-context.ts";
import type { AnswerRequest } from "./inbox.ts";

/**
 * Takes an answer. It is durable before the client is told so, and the first one counts: false when the question is
 * unknown, of another kind, or answered already, unless it was by a call with the same key.
 * @throws {NarthexError} IDEMPOTENCY_KEY_REUSED; STORE_UNAVAILABLE, LIMIT_EXCEEDED: then the question is open as before
 */
export function takeAnswer(context: SessionContext, request: AnswerRequest, key?: string): Promise<boolean> {
  const { inbox } = context;
  if (key === undefined) return takeNew(context, request, key);
  return inbox.inTurn(key, async () => {
    if (!(await inbox.knowsKey(key))) return takeNew(context, request, key);
    await inbox.postAnswer(request, key); // changes nothing, and refuses another request
    return true;
  });
}

async function takeNew(context: SessionContext, request: AnswerRequest, key: string | undefined): Promise<boolean> {
  const { pending, inbox } = context;
  const { kind, requestId, answer } = request;
  if (!pending.claim(kind, requestId)) return false;
  try {
    inbox.handedOn(kind, requestId, await inbox.postAnswer(request, key));
  } catch (error) {
    pending.release(requestId);
    throw error;
  }
  const isTaken = pending.answer(kind, requestId, answer);
  if (!isTaken) inbox.answerSettled(requestId); // whoever asked was aborted meanwhile
  // What is durable under a key is told so every time, the first one included.
  return isTaken || key !== undefined;
}
