// How far each session was written, in a file beside the database. A write-ahead log that was cut (by hand, by a copy of
// half the files, by a disk that lied) leaves a database that is sound and older; only something outside of it can tell.
//
//   W1  A mark is written after its commit, so it is never ahead of what was durable: a store behind its mark has lost
//       something that was acknowledged.
//   W2  A mark that is missing, torn, or of another session says nothing. The file may be deleted at any time.
import { closeSync, existsSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";

/** Name of the file inside the data directory. */
export const MARKS_FILE_NAME = "narthex.marks";

/** What a mark is about: the last event of the log, or the last command of the mailbox. */
export type MarkKind = "log" | "mailbox";

// A slot of 32 bytes for each session, at its row number: for the log and for the mailbox the number (a double), the
// checksum of the session's id, and the checksum of these twelve bytes.
const MARK_BYTES = 16;
const SLOT_BYTES = 2 * MARK_BYTES;

export class WriteMarks {
  readonly #file: number | undefined;
  readonly #isWritable: boolean;
  readonly #onProblem: (error: unknown) => void;
  readonly #buffer = Buffer.alloc(MARK_BYTES);
  #isBroken = false;

  /** `mode` is `read` for an engine that must not write, or whose commits a loss of power can take back (W1). */
  constructor(directory: string, mode: "write" | "read", onProblem: (error: unknown) => void) {
    this.#onProblem = onProblem;
    this.#isWritable = mode === "write";
    this.#file = this.#trying(() => open(join(directory, MARKS_FILE_NAME), this.#isWritable));
  }

  /** Notes that a session was written up to a number. */
  write(session: number, id: string, kind: MarkKind, value: number): void {
    const file = this.#file;
    if (file === undefined || !this.#isWritable) return;
    this.#trying(() => writeSync(file, encode(this.#buffer, id, value), 0, MARK_BYTES, place(session, kind)));
  }

  /** The number up to which a session was written at least; 0 when nothing is known. */
  read(session: number, id: string, kind: MarkKind): number {
    const found = this.#read(place(session, kind));
    return found !== undefined && found.idSum === crc32(id) ? found.value : 0; // W2
  }

  /** Row numbers above `last` for which there are marks: of sessions whose creation was lost. At most `limit` of them. */
  beyond(last: number, limit: number): number[] {
    const file = this.#file;
    const slots = file === undefined ? 0 : (this.#trying(() => fstatSync(file).size) ?? 0) / SLOT_BYTES;
    const found: number[] = [];
    for (let session = last + 1; session < slots && found.length < limit; session += 1) {
      if ((this.#read(place(session, "log"))?.value ?? 0) > 0) found.push(session);
    }
    return found;
  }

  close(): void {
    const file = this.#file;
    if (file !== undefined) this.#trying(() => closeSync(file));
  }

  #read(position: number): { value: number; idSum: number } | undefined {
    const file = this.#file;
    if (file === undefined) return undefined;
    const count = this.#trying(() => readSync(file, this.#buffer, 0, MARK_BYTES, position));
    return count === MARK_BYTES ? decode(this.#buffer) : undefined;
  }

  /** Marks are an extra: without them the engine works as well, so the first failure is told and the others are not. */
  #trying<T>(work: () => T): T | undefined {
    if (this.#isBroken) return undefined;
    try {
      return work();
    } catch (error) {
      this.#isBroken = true;
      this.#onProblem(error);
      return undefined;
    }
  }
}

function open(path: string, isWritable: boolean): number | undefined {
  if (!isWritable) return existsSync(path) ? openSync(path, "r") : undefined;
  // Made first, since "r+" does not make it and "a+" would write at the end only.
  closeSync(openSync(path, "a", 0o600));
  return openSync(path, "r+");
}

function place(session: number, kind: MarkKind): number {
  return session * SLOT_BYTES + (kind === "log" ? 0 : MARK_BYTES);
}

function encode(buffer: Buffer, id: string, value: number): Buffer {
  buffer.writeDoubleBE(value, 0);
  buffer.writeUInt32BE(crc32(id), 8);
  buffer.writeUInt32BE(crc32(buffer.subarray(0, 12)), 12);
  return buffer;
}

function decode(buffer: Buffer): { value: number; idSum: number } | undefined {
  if (buffer.readUInt32BE(12) !== crc32(buffer.subarray(0, 12))) return undefined;
  return { value: buffer.readDoubleBE(0), idSum: buffer.readUInt32BE(8) };
}
