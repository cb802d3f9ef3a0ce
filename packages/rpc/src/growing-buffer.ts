const EMPTY = new Uint8Array(0);
const FIRST_BYTES = 256;

/**
 * Bytes that arrive in pieces, gathered in one array. Doubling keeps the total copying linear, however small the pieces
 * are, and memory follows what really arrived, never what a header promised.
 */
export class GrowingBuffer {
  #bytes: Uint8Array = EMPTY;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Copies `source[from..to)` to the end; `atMost` is the size that will never be exceeded. */
  append(source: Uint8Array, from: number, to: number, atMost: number): void {
    const needed = this.#length + (to - from);
    if (needed > this.#bytes.length) this.#grow(needed, atMost);
    this.#bytes.set(source.subarray(from, to), this.#length);
    this.#length = needed;
  }

  /** What has been gathered; the buffer is empty afterwards and never touches these bytes again. */
  take(): Uint8Array {
    const taken = this.#length === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#length);
    this.#bytes = EMPTY;
    this.#length = 0;
    return taken;
  }

  #grow(needed: number, atMost: number): void {
    const doubled = Math.max(needed, this.#bytes.length * 2, FIRST_BYTES);
    const grown = new Uint8Array(Math.max(needed, Math.min(doubled, atMost)));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
