import { NarthexError, parseSessionId } from "@narthex/protocol";

import type { Command, Mailbox, PostedCommand, SessionWaiting, WaitingCommand } from "../engine.ts";
import { requireCount, sessionNotFound } from "./checks.ts";
import type { CommandRows, NewCommand } from "./command-rows.ts";
import { keyReused, requireKey } from "./create-rows.ts";
import { digestOf } from "./digest.ts";
import { toJson } from "./event-body.ts";
import type { EventRows } from "./event-rows.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { LeaseRows } from "./lease-rows.ts";
import type { Round } from "./round.ts";
import { storeError } from "./store-error.ts";
import type { WriteMarks } from "./write-marks.ts";

/** What the mailbox works with. */
export interface MailboxParts {
  readonly commands: CommandRows;
  readonly events: EventRows;
  readonly leases: LeaseRows;
  readonly marks: WriteMarks;
  readonly commit: GroupCommit;
  readonly limits: {
    readonly maxWaitingCommands: number;
    readonly maxRememberedCommands: number;
    readonly maxCommandBytes: number;
  };
}

const DEFAULT_PAGE = 100;
const LARGEST_PAGE = 1000;

/** The mailboxes on SQLite; what is posted and acknowledged shares its commit with what is appended at that moment. */
export class LocalMailbox implements Mailbox {
  readonly #parts: MailboxParts;

  constructor(parts: MailboxParts) {
    this.#parts = parts;
  }

  async post(id: string, command: Command): Promise<PostedCommand> {
    parseSessionId(id);
    const encoded = this.#encode(command);
    return this.#parts.commit.enqueue<PostedCommand>({
      sessionId: id,
      bytes: encoded.payload.length + encoded.receipt.length,
      write: (round) => {
        round.beginWrite();
        return this.#insert(round, id, encoded);
      },
    });
  }

  async find(id: string, commandId: string): Promise<PostedCommand | undefined> {
    this.#parts.commit.assertOpen();
    parseSessionId(id);
    return this.#reading(() => {
      const known = this.#parts.commands.find(this.#session(id), requireKey(commandId));
      return known && { position: known.position, receipt: known.receipt, isNew: false };
    });
  }

  async take(id: string): Promise<WaitingCommand[]> {
    this.#parts.commit.assertOpen();
    parseSessionId(id);
    return this.#reading(() => this.#parts.commands.waiting(this.#session(id)));
  }

  async ack(id: string, positions: readonly number[], options: { epoch?: number } = {}): Promise<void> {
    parseSessionId(id);
    const wanted = positions.map((position) => requireCount(position, "position"));
    if (wanted.length === 0) return;
    await this.#parts.commit.enqueue<void>({
      sessionId: id,
      bytes: wanted.length * 8,
      write: (round) => {
        round.beginWrite();
        const { commands, limits, leases } = this.#parts;
        const session = this.#session(id);
        if (options.epoch !== undefined) leases.assertEpoch(id, session, options.epoch);
        for (const position of wanted) commands.acknowledge(session, position);
        // The newest command stays, whatever the limit: the next position follows from it (B2).
        const { last } = commands.standing(session);
        commands.forget(session, last - Math.max(1, limits.maxRememberedCommands)); // B4
      },
    });
  }

  async sessionsWaiting(page: { limit?: number; after?: number } = {}): Promise<SessionWaiting[]> {
    this.#parts.commit.assertOpen();
    const { limit = DEFAULT_PAGE, after = 0 } = page;
    if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_PAGE) {
      throw new NarthexError(
        "INVALID_PARAMS",
        `The page size is out of range: use a number from 1 to ${LARGEST_PAGE}.`,
      );
    }
    return this.#reading(() => this.#parts.commands.sessionsWaiting(requireCount(after, "after"), limit));
  }

  #insert(round: Round, id: string, command: NewCommand): PostedCommand {
    const { commands, limits, marks } = this.#parts;
    const session = this.#session(id);
    const known = commands.find(session, command.commandId);
    if (known) {
      if (known.digest !== command.digest) throw keyReused("command");
      return { position: known.position, receipt: known.receipt, isNew: false }; // B3
    }
    const { last, waiting } = commands.standing(session);
    if (waiting >= limits.maxWaitingCommands) {
      throw new NarthexError(
        "QUEUE_FULL",
        `${waiting} commands wait in this session's mailbox: wait for some to be done, or raise maxWaitingCommands.`,
      );
    }
    const position = last + 1; // B2
    commands.insert(session, position, command);
    round.afterCommit(() => marks.write(session, id, "mailbox", position));
    return { position, receipt: JSON.parse(command.receipt) as unknown, isNew: true };
  }

  /** Row number of the session. */
  #session(id: string): number {
    const stored = this.#parts.events.tail(id);
    if (!stored) throw sessionNotFound(id);
    return stored.session;
  }

  #encode({ commandId, kind, payload, receipt = null }: Command): NewCommand {
    requireKey(commandId);
    if (typeof kind !== "string" || kind === "") {
      throw new NarthexError("INVALID_PARAMS", "A command has no kind: give it a non-empty string.");
    }
    const what = `Command ${commandId}`;
    const json = toJson({ payload, receipt }, what);
    const { payload: plain = null } = JSON.parse(json) as { payload?: unknown };
    const maxBytes = this.#parts.limits.maxCommandBytes;
    const bytes = Buffer.byteLength(json);
    if (bytes > maxBytes) {
      const text = `${what} has ${bytes} bytes, ${maxBytes} are allowed: shorten it or raise maxCommandBytes.`;
      throw new NarthexError("LIMIT_EXCEEDED", text);
    }
    const digest = digestOf([kind, plain], what);
    return { commandId, kind, digest, receipt: toJsonText(receipt), payload: toJsonText(plain) };
  }

  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw storeError(error, "read the mailbox");
    }
  }
}

/** JSON of a value that is known to be writable as JSON. */
function toJsonText(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}
