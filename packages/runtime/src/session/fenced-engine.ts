// A session writes under the epoch of its lease: what it writes after another process took it over is refused.
import type { EventLog, Mailbox } from "@narthex/engine";

export function fencedLog(log: EventLog, epoch: number): Pick<EventLog, "append"> {
  return { append: (id, events, options) => log.append(id, events, { ...options, epoch }) };
}

export function fencedMailbox(mailbox: Mailbox, epoch: number): Mailbox {
  return {
    post: (id, command) => mailbox.post(id, command),
    find: (id, commandId) => mailbox.find(id, commandId),
    take: (id) => mailbox.take(id),
    sessionsWaiting: (page) => mailbox.sessionsWaiting(page),
    ack: (id, positions) => mailbox.ack(id, positions, { epoch }),
  };
}
