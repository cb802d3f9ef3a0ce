import type { EventLog } from "@narthex/engine";
import type { RawSessionEvent } from "@narthex/protocol";
import type { Attachments } from "./attachments.ts";

/**
 * Sends what is appended to a session's log to the attached clients, in its order, and nothing else. Starts before a
 * session is complete, so that its first events go out as soon as they exist. Returns the function that ends it.
 */
export function fanOut(
  log: EventLog,
  sessionId: string,
  attachments: Attachments,
  onPersisted: (event: RawSessionEvent) => void,
): () => void {
  return log.subscribe(sessionId, (record) => {
    for (const { client } of attachments.all()) client.event(sessionId, record.event);
    if (!record.ephemeral) onPersisted(record.event);
  });
}
