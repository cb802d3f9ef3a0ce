// What an archive must be like, entry by entry. Pure.
import { NarthexError, messageOf, parseSessionId } from "@narthex/protocol";

import type { ArchiveEntry, ArchivedCommand, ArchivedSession } from "../archives.ts";
import { requireKey } from "./create-rows.ts";
import { digestOf } from "./digest.ts";
import { encodeEvent } from "./event-body.ts";
import { FIRST_SUM, rowSum } from "./row-sum.ts";
import type { EventRow } from "./session-tail.ts";

export interface ArchiveLimits {
  readonly maxEventBytes: number;
  readonly maxCommandBytes: number;
  readonly maxAttributesBytes: number;
  readonly maxWaitingCommands: number;
}

/** An entry that fits behind those before it, ready to be stored. */
export type CheckedEntry =
  | { readonly kind: "session"; readonly session: ArchivedSession; readonly createdMs: number }
  | { readonly kind: "event"; readonly row: EventRow }
  | { readonly kind: "command"; readonly command: ArchivedCommand }
  | { readonly kind: "createKey"; readonly key: string; readonly digest: string };

/** Takes the entries of one archive in order. Remembers the ids of its events, since a parent may be any earlier one. */
export class ArchiveCheck {
  readonly #limits: ArchiveLimits;
  readonly #eventIds = new Set<string>();
  readonly #commandIds = new Set<string>();
  #session: ArchivedSession | undefined;
  #last: EventRow | undefined;
  #hasUserMessage = false;
  #position = 0;
  #waiting = 0;

  constructor(limits: ArchiveLimits) {
    this.#limits = limits;
  }

  get session(): ArchivedSession | undefined {
    return this.#session;
  }

  /** Where the log stands after the entries so far. */
  get tail() {
    const { seq = 0, id = null, sum = null } = this.#last ?? {};
    return { seq, lastEventId: id, lastSum: sum, count: this.#eventIds.size, hasUserMessage: this.#hasUserMessage };
  }

  get lastPosition(): number {
    return this.#position;
  }

  get commands(): number {
    return this.#commandIds.size;
  }

  /** @throws {NarthexError} ARCHIVE_INVALID, LIMIT_EXCEEDED */
  take(entry: ArchiveEntry): CheckedEntry {
    try {
      if (entry.kind === "session") return this.#takeSession(entry.session);
      if (this.#session === undefined) throw invalid("the session itself has to come first");
      if (entry.kind === "event") return this.#takeEvent(entry);
      if (entry.kind === "command") return this.#takeCommand(entry.command);
      return {
        kind: "createKey",
        key: requireKey(entry.key),
        digest: requireText(entry.digest, "the digest of a key"),
      };
    } catch (error) {
      if (NarthexError.is(error) && (error.code === "ARCHIVE_INVALID" || error.code === "LIMIT_EXCEEDED")) throw error;
      throw invalid(messageOf(error), error);
    }
  }

  #takeSession(session: ArchivedSession): CheckedEntry {
    if (this.#session !== undefined) throw invalid("there is a second session");
    parseSessionId(session.id);
    const createdMs = Date.parse(session.createdAt);
    if (!Number.isSafeInteger(createdMs)) throw invalid("the session's `createdAt` is no time");
    if (typeof session.isCloud !== "boolean") throw invalid("the session's `isCloud` is neither true nor false");
    if (!isObject(session.attributes)) throw invalid("the session's `attributes` are no object");
    requireSize(session.attributes, this.#limits.maxAttributesBytes, "The attributes", "maxAttributesBytes");
    this.#session = session;
    return { kind: "session", session, createdMs };
  }

  #takeEvent({ seq, event }: { seq: number; event: unknown }): CheckedEntry {
    if (!Number.isSafeInteger(seq) || seq <= (this.#last?.seq ?? 0)) {
      throw invalid(`an event has number ${String(seq)} behind ${this.#last?.seq ?? 0}`);
    }
    if (!isObject(event)) throw invalid(`event ${seq} is no object`);
    const encoded = encodeEvent(event as unknown as Parameters<typeof encodeEvent>[0], this.#limits.maxEventBytes);
    const { id, type, body } = encoded;
    if (encoded.isEphemeral) throw invalid(`event ${seq} is ephemeral`);
    if (this.#eventIds.has(id)) throw invalid(`event ${seq} has the id of an earlier one`);
    const parent = event["parentId"];
    const isFound = typeof parent === "string" && this.#eventIds.has(parent);
    if (parent !== null && parent !== undefined && !isFound) {
      throw invalid(`event ${seq} has a parent that is no earlier event`);
    }
    this.#eventIds.add(id);
    this.#hasUserMessage ||= type === "user.message";
    this.#last = { seq, id, type, body, sum: rowSum(this.#last?.sum ?? FIRST_SUM, seq, body) };
    return { kind: "event", row: this.#last };
  }

  #takeCommand(command: ArchivedCommand): CheckedEntry {
    const { position, commandId, kind, digest, waiting } = command;
    if (!Number.isSafeInteger(position) || position <= this.#position) {
      throw invalid(`a command has position ${String(position)} behind ${this.#position}`);
    }
    requireText(kind, "the kind of a command");
    requireText(digest, "the digest of a command");
    if (this.#commandIds.has(requireKey(commandId))) throw invalid(`command ${position} has the id of an earlier one`);
    if (waiting !== undefined) this.#requireWaiting(command, waiting);
    this.#position = position;
    this.#commandIds.add(commandId);
    return { kind: "command", command };
  }

  #requireWaiting({ position, kind, digest, receipt }: ArchivedCommand, { payload }: { payload: unknown }): void {
    const { maxCommandBytes, maxWaitingCommands } = this.#limits;
    requireSize({ payload, receipt }, maxCommandBytes, `Command ${position}`, "maxCommandBytes");
    this.#waiting += 1;
    if (this.#waiting > maxWaitingCommands) {
      const text = `More than ${maxWaitingCommands} commands wait in this archive: raise maxWaitingCommands.`;
      throw new NarthexError("LIMIT_EXCEEDED", text);
    }
    if (digestOf([kind, payload ?? null], "A command") !== digest) {
      throw invalid(`the digest of command ${position} is not that of its payload`);
    }
  }
}

export function invalid(what: string, cause?: unknown): NarthexError {
  return new NarthexError("ARCHIVE_INVALID", `The archive cannot be imported: ${what.replace(/\.$/, "")}.`, { cause });
}

function requireSize(value: object, max: number, what: string, option: string): void {
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes <= max) return;
  throw new NarthexError("LIMIT_EXCEEDED", `${what} of this archive has ${bytes} bytes: raise ${option} (${max}).`);
}

function requireText(value: unknown, what: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw invalid(`${what} is no text`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
