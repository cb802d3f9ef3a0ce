// Reads an archive line by line, with its checksum.
import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { NarthexError } from "@narthex/protocol";
import { invalidArchive, parseArchiveLine, type ArchiveLine } from "./archive-format.ts";

/** Longest line, in bytes: more than the largest event can have. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;
const LINE_FEED = 0x0a;

/** Says where in an archive something is wrong. */
export function atLine(line: number, error: unknown): NarthexError {
  const failure = NarthexError.from(error);
  if (failure.code !== "ARCHIVE_INVALID" || line === 0 || /^Line \d/.test(failure.message)) return failure;
  return new NarthexError("ARCHIVE_INVALID", `Line ${line}: ${failure.message}`, { cause: error });
}

/** The lines of an archive up to its end, which is checked against all that came before. */
export class ArchiveLines {
  readonly #input: Readable;
  #line = 0;

  constructor(input: Readable) {
    this.#input = input;
  }

  /** Number of the line that was read last. */
  get line(): number {
    return this.#line;
  }

  /** @throws {NarthexError} ARCHIVE_INVALID, with the number of the line */
  async *read(): AsyncGenerator<Exclude<ArchiveLine, { kind: "end" }>, void, undefined> {
    const hash = createHash("sha256");
    let end: Extract<ArchiveLine, { kind: "end" }> | undefined;
    for await (const bytes of this.#split()) {
      this.#line += 1;
      if (end !== undefined) throw atLine(this.#line, invalidArchive("there is something behind its end"));
      const line = this.#parse(bytes);
      if (line.kind === "end") {
        const sha256 = hash.copy().digest("hex");
        if (line.lines !== this.#line - 1) throw this.#cut(`it had ${line.lines} lines before its end`);
        if (line.sha256 !== sha256) throw atLine(this.#line, invalidArchive("its checksum is wrong: it was changed"));
        end = line;
      } else {
        if ((line.kind === "header") !== (this.#line === 1)) {
          throw atLine(this.#line, invalidArchive("its header has to be the first line, and only that"));
        }
        hash.update(bytes).update("\n");
        yield line;
      }
    }
    if (end === undefined) throw this.#cut("it has no end");
  }

  #parse(bytes: Buffer): ArchiveLine {
    try {
      return parseArchiveLine(bytes.toString("utf8"));
    } catch (error) {
      throw atLine(this.#line, error);
    }
  }

  #cut(what: string): NarthexError {
    return atLine(Math.max(1, this.#line), invalidArchive(`${what}: it was cut off, export it again`));
  }

  /** Lines without their end; a last one without an end is one too. */
  async *#split(): AsyncGenerator<Buffer, void, undefined> {
    let rest: Buffer[] = [];
    let size = 0;
    const input: AsyncIterable<Buffer> = this.#input;
    for await (const chunk of input) {
      let from = 0;
      for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
        yield Buffer.concat([...rest, chunk.subarray(from, at)]);
        [rest, size, from] = [[], 0, at + 1];
      }
      if (from < chunk.length) rest.push(chunk.subarray(from));
      size += chunk.length - from;
      if (size > MAX_LINE_BYTES) {
        throw atLine(this.#line + 1, invalidArchive(`the line has more than ${MAX_LINE_BYTES} bytes`));
      }
    }
    if (size > 0) yield Buffer.concat(rest);
  }
}
