import { NarthexError } from "@narthex/protocol";
import { GrowingBuffer } from "./growing-buffer.ts";

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const PLAIN_PREFIX = new TextEncoder().encode("Content-Length: ");
const latin1 = new TextDecoder("latin1");
/** More digits than this and the number is no exact integer any more: too large in any case. */
const MAX_DIGITS = 15;

/**
 * Reads one header block, in as many pieces as it arrives.
 *
 * H1  A line ends in LF; one CR before it belongs to the line end (so CRLF and bare LF are both accepted).
 * H2  A line is judged when its end has arrived, not when the block is complete: a stray log line on the channel is
 *     reported at once, although no empty line follows it.
 * H3  Every line but the empty one has a name and a colon. Names are compared without regard to case; unknown ones pass.
 * H4  The block holds one content length: decimal digits only; a repetition must say the same.
 * H5  The block, line ends included, is not longer than `maxHeaderBytes`.
 */
export class FrameHeader {
  readonly #maxHeaderBytes: number;
  readonly #maxBodyBytes: number;
  readonly #line = new GrowingBuffer();
  #bytes = 0;
  #contentLength = -1;
  #isComplete = false;

  constructor(maxHeaderBytes: number, maxBodyBytes: number) {
    this.#maxHeaderBytes = maxHeaderBytes;
    this.#maxBodyBytes = maxBodyBytes;
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** The announced body length; meaningful once the header is complete. */
  get contentLength(): number {
    return this.#contentLength;
  }

  /** Bytes of this block that have been read so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Forgets the block, so that the next one can be read. */
  reset(): void {
    this.#bytes = 0;
    this.#contentLength = -1;
    this.#isComplete = false;
  }

  /** Reads on from `position`; returns where it stopped: behind the empty line, or at the end of the chunk. */
  read(chunk: Uint8Array, position: number): number {
    const plainEnd = this.#bytes === 0 ? this.#readPlain(chunk, position) : -1;
    if (plainEnd >= 0) return plainEnd;
    let start = position;
    while (!this.#isComplete && start < chunk.length) {
      const lineEnd = chunk.indexOf(LF, start);
      const end = lineEnd < 0 ? chunk.length : lineEnd + 1;
      this.#bytes += end - start;
      if (this.#bytes > this.#maxHeaderBytes) throw headerTooLarge(this.#maxHeaderBytes); // H5
      if (lineEnd < 0 || this.#line.length > 0) this.#line.append(chunk, start, end, this.#maxHeaderBytes);
      if (lineEnd >= 0) this.#endLine(this.#line.length > 0 ? this.#line.take() : chunk.subarray(start, end));
      start = end;
    }
    return start;
  }

  /** The shape that nearly every frame has, `Content-Length: <digits>` and nothing else, without building strings. */
  #readPlain(chunk: Uint8Array, position: number): number {
    let at = position;
    for (let i = 0; i < PLAIN_PREFIX.length; i++) if (chunk[at++] !== PLAIN_PREFIX[i]) return -1;
    const firstDigit = at;
    let length = 0;
    let byte = chunk[at] ?? 0;
    while (byte >= DIGIT_0 && byte <= DIGIT_9 && at - firstDigit < MAX_DIGITS) {
      length = length * 10 + (byte - DIGIT_0);
      byte = chunk[++at] ?? 0;
    }
    const end = at + 4;
    if (at === firstDigit || byte !== CR || chunk[at + 1] !== LF || chunk[at + 2] !== CR || chunk[at + 3] !== LF) {
      return -1;
    }
    if (length > this.#maxBodyBytes || end - position > this.#maxHeaderBytes) return -1;
    this.#bytes = end - position;
    this.#contentLength = length;
    this.#isComplete = true;
    return end;
  }

  /** `line` with its line end. */
  #endLine(line: Uint8Array): void {
    const withoutLf = line.length - 1;
    const length = withoutLf > 0 && line[withoutLf - 1] === CR ? withoutLf - 1 : withoutLf; // H1
    if (length === 0) return this.#endBlock();
    const colon = line.subarray(0, length).indexOf(COLON);
    const name = colon < 0 ? "" : latin1.decode(line.subarray(0, colon)).trim();
    if (name === "") throw headerInvalid(`a header line has no name and colon: ${preview(line.subarray(0, length))}`); // H3
    if (name.toLowerCase() !== "content-length") return;
    const value = this.#parseLength(latin1.decode(line.subarray(colon + 1, length)).trim());
    if (this.#contentLength >= 0 && this.#contentLength !== value) {
      throw headerInvalid("Content-Length is given twice with different values"); // H4
    }
    this.#contentLength = value;
  }

  #endBlock(): void {
    if (this.#contentLength < 0) throw headerInvalid("a header block has no Content-Length"); // H4
    this.#isComplete = true;
  }

  #parseLength(text: string): number {
    if (!/^\d+$/.test(text)) throw headerInvalid(`Content-Length is not a decimal number: ${JSON.stringify(text)}`);
    const value = Number(text);
    if (value <= this.#maxBodyBytes) return value;
    throw new NarthexError(
      "FRAME_TOO_LARGE",
      `A frame of ${text} bytes is announced and the limit is ${this.#maxBodyBytes}: send less at once, or raise maxBodyBytes.`,
    );
  }
}

function headerInvalid(reason: string): NarthexError {
  return new NarthexError(
    "FRAME_HEADER_INVALID",
    `Malformed frame header: ${reason}. Only frames may be written to this channel; log to stderr.`,
  );
}

function headerTooLarge(maxBytes: number): NarthexError {
  return new NarthexError(
    "FRAME_TOO_LARGE",
    `A frame header is longer than ${maxBytes} bytes: is the other side really writing frames?`,
  );
}

const PREVIEW_BYTES = 80;

function preview(line: Uint8Array): string {
  const text = JSON.stringify(latin1.decode(line.subarray(0, PREVIEW_BYTES)));
  return line.length > PREVIEW_BYTES ? `${text}…` : text;
}
