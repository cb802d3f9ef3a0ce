import { NarthexError } from "@narthex/protocol";
import { FrameHeader } from "./frame-header.ts";
import { GrowingBuffer } from "./growing-buffer.ts";
import { positiveInteger } from "./limits.ts";

/** Bounds of a {@link FrameParser}. */
export interface FrameLimits {
  /** Longest header block in bytes, line ends included. Default 8 KiB. */
  maxHeaderBytes?: number;
  /** Longest body in bytes. Default 64 MiB. */
  maxBodyBytes?: number;
}

/** Default of {@link FrameLimits.maxHeaderBytes}. */
export const DEFAULT_MAX_HEADER_BYTES = 8 * 1024;
/** Default of {@link FrameLimits.maxBodyBytes}. */
export const DEFAULT_MAX_BODY_BYTES = 64 * 1024 * 1024;

const EMPTY = new Uint8Array(0);

/**
 * Cuts a byte stream into frames of the form `Content-Length: <n>`, empty line, `n` bytes. It does no input or output and
 * never waits: append what arrived, then read until `undefined` comes back.
 *
 * P1  Frames come out in the order of their bytes, each once, however the bytes were split.
 * P2  A body that lies within one chunk is a view of that chunk; one that spans chunks is copied once, into memory that
 *     grows with what arrived and not with what the header announced.
 * P3  After an error the parser is dead: it keeps no bytes, and every read throws the same error again, because a byte
 *     stream whose frame boundary is lost cannot be trusted any more.
 * P4  Between two calls of `tryRead` that returned `undefined` it holds less than one frame within the limits.
 *
 * @example
 * parser.append(chunk);
 * for (let body = parser.tryRead(); body !== undefined; body = parser.tryRead()) handle(body);
 */
export class FrameParser {
  readonly #header: FrameHeader;
  readonly #body = new GrowingBuffer();
  #chunk: Uint8Array = EMPTY;
  #position = 0;
  /** Chunks appended while the current one was not read to its end. */
  #waiting: Uint8Array[] = [];
  #nextWaiting = 0;
  #bufferedBytes = 0;
  #error: NarthexError | undefined;

  /** @throws NarthexError CLIENT_OPTIONS_INVALID if a limit is not a whole number of at least 1 */
  constructor(limits: FrameLimits = {}) {
    this.#header = new FrameHeader(
      positiveInteger("maxHeaderBytes", limits.maxHeaderBytes, DEFAULT_MAX_HEADER_BYTES),
      positiveInteger("maxBodyBytes", limits.maxBodyBytes, DEFAULT_MAX_BODY_BYTES),
    );
  }

  /** Bytes that were appended and have not come out as part of a frame. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Takes the next bytes of the stream. The chunk is not copied here: do not write to it afterwards. */
  append(chunk: Uint8Array): void {
    if (this.#error !== undefined || chunk.length === 0) return; // P3
    this.#bufferedBytes += chunk.length;
    if (this.#position < this.#chunk.length) {
      this.#waiting.push(chunk);
    } else {
      this.#chunk = chunk;
      this.#position = 0;
    }
  }

  /**
   * The body of the next complete frame, or `undefined` if more bytes are needed.
   *
   * @throws NarthexError FRAME_HEADER_INVALID or FRAME_TOO_LARGE; the parser is dead afterwards
   */
  tryRead(): Uint8Array | undefined {
    if (this.#error !== undefined) throw this.#error;
    try {
      return this.#read();
    } catch (error) {
      this.#die(NarthexError.from(error));
      throw error;
    }
  }

  #read(): Uint8Array | undefined {
    do {
      if (!this.#header.isComplete) this.#position = this.#header.read(this.#chunk, this.#position);
      if (this.#header.isComplete) {
        const body = this.#readBody();
        if (body !== undefined) return body;
      }
    } while (this.#nextChunk());
    return undefined;
  }

  #readBody(): Uint8Array | undefined {
    const missing = this.#header.contentLength - this.#body.length;
    const start = this.#position;
    const end = Math.min(start + missing, this.#chunk.length);
    this.#position = end;
    if (end - start < missing) {
      this.#body.append(this.#chunk, start, end, this.#header.contentLength);
      return undefined;
    }
    this.#bufferedBytes -= this.#header.bytes + this.#header.contentLength;
    this.#header.reset();
    if (this.#body.length === 0) return this.#chunk.subarray(start, end); // P2
    this.#body.append(this.#chunk, start, end, this.#body.length + missing);
    return this.#body.take();
  }

  /** Called when the current chunk is used up. */
  #nextChunk(): boolean {
    const next = this.#waiting[this.#nextWaiting++];
    this.#chunk = next ?? EMPTY;
    this.#position = 0;
    if (next !== undefined) return true;
    if (this.#waiting.length > 0) this.#waiting = [];
    this.#nextWaiting = 0;
    return false;
  }

  #die(error: NarthexError): void {
    this.#error = error;
    this.#chunk = EMPTY;
    this.#waiting = [];
    this.#body.take();
    this.#position = 0;
    this.#bufferedBytes = 0;
  }
}
