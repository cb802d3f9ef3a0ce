import { frameHeader } from "../encode-frame.ts";

const FIRST_BLOCK_BYTES = 4 * 1024;
const MAX_BLOCK_BYTES = 64 * 1024;
/** UTF-8 needs at most this many bytes for one UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3;
/** Room for `Content-Length: `, the digits of any length that fits a block, and two line ends. */
const MAX_HEADER_BYTES = 32;
const HEADER_WITHOUT_DIGITS = Buffer.from(frameHeader(0).replace("0", ""));
const LINE_ENDS_BYTES = "\r\n\r\n".length;
const DIGIT_0 = 0x30;

/**
 * Frames that wait to be written, packed into blocks, so that many small messages leave in one write.
 *
 * Q1  Bytes come out in the order in which the messages went in.
 * Q2  A block that has been taken is never written to again, apart from the part behind what was taken.
 * Q3  Blocks start small and double up to 64 KiB while traffic lasts, so that a connection that says little costs little.
 */
export class FrameQueue {
  readonly #full: Buffer[] = [];
  #block = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #bytes = 0;

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Encodes one message and appends its frame. */
  push(body: string): void {
    const worst = body.length * MAX_BYTES_PER_UNIT + MAX_HEADER_BYTES;
    if (worst > MAX_BLOCK_BYTES) return this.#pushAlone(body);
    if (worst > this.#block.length - this.#end) this.#openBlock(worst);
    // The header's length depends on the body's, so the body goes first, behind a gap as wide as an ASCII body needs.
    let headerBytes = headerBytesOf(body.length);
    const bodyBytes = this.#block.write(body, this.#end + headerBytes, "utf8");
    if (headerBytesOf(bodyBytes) !== headerBytes) {
      const from = this.#end + headerBytes;
      headerBytes = headerBytesOf(bodyBytes);
      this.#block.copyWithin(this.#end + headerBytes, from, from + bodyBytes);
    }
    writeHeader(this.#block, this.#end, headerBytes, bodyBytes);
    this.#end += headerBytes + bodyBytes;
    this.#bytes += headerBytes + bodyBytes;
  }

  /** The next bytes to write, or `undefined` if nothing waits. */
  take(): Buffer | undefined {
    if (this.#full.length === 0) this.#seal();
    const block = this.#full.shift();
    if (block !== undefined) this.#bytes -= block.length;
    return block;
  }

  /** Drops everything. */
  clear(): void {
    this.#full.length = 0;
    this.#block = Buffer.alloc(0);
    this.#start = 0;
    this.#end = 0;
    this.#bytes = 0;
  }

  #pushAlone(body: string): void {
    this.#seal(); // Q1
    const bodyBytes = Buffer.byteLength(body);
    const header = frameHeader(bodyBytes);
    const frame = Buffer.allocUnsafeSlow(header.length + bodyBytes);
    frame.write(header, 0, "latin1");
    frame.write(body, header.length, "utf8");
    this.#full.push(frame);
    this.#bytes += frame.length;
  }

  #openBlock(needed: number): void {
    this.#seal();
    const doubled = Math.max(FIRST_BLOCK_BYTES, this.#block.length * 2, needed); // Q3
    this.#block = Buffer.allocUnsafeSlow(Math.min(MAX_BLOCK_BYTES, doubled));
    this.#start = 0;
    this.#end = 0;
  }

  #seal(): void {
    if (this.#end === this.#start) return;
    this.#full.push(this.#block.subarray(this.#start, this.#end)); // Q2
    this.#start = this.#end;
  }
}

function headerBytesOf(bodyBytes: number): number {
  let digits = 1;
  for (let limit = 10; bodyBytes >= limit; limit *= 10) digits++;
  return HEADER_WITHOUT_DIGITS.length + digits;
}

/** Writes `frameHeader(bodyBytes)` byte by byte: several times faster than building and encoding so short a string. */
function writeHeader(block: Buffer, at: number, headerBytes: number, bodyBytes: number): void {
  const nameBytes = HEADER_WITHOUT_DIGITS.length - LINE_ENDS_BYTES;
  const digitsEnd = at + headerBytes - LINE_ENDS_BYTES;
  for (let i = 0; i < nameBytes; i++) block[at + i] = HEADER_WITHOUT_DIGITS[i] ?? 0;
  for (let i = 0; i < LINE_ENDS_BYTES; i++) block[digitsEnd + i] = HEADER_WITHOUT_DIGITS[nameBytes + i] ?? 0;
  let rest = bodyBytes;
  for (let position = digitsEnd - 1; position >= at + nameBytes; position--) {
    block[position] = DIGIT_0 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}
