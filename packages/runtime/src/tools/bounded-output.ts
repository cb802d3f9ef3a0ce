/** Text of any length, of which only the beginning and the end are kept. */
export class BoundedOutput {
  readonly #headChars: number;
  readonly #tailChars: number;
  #head = "";
  #tail = "";
  #length = 0;

  /** @param maxChars most characters kept, half of them from either end */
  constructor(maxChars: number) {
    this.#headChars = Math.ceil(maxChars / 2);
    this.#tailChars = Math.floor(maxChars / 2);
  }

  add(text: string): void {
    this.#length += text.length;
    const room = this.#headChars - this.#head.length;
    this.#head += text.slice(0, room);
    this.#tail += text.slice(room);
    // Cutting at twice the size keeps the cost of many small pieces linear.
    if (this.#tail.length > 2 * this.#tailChars) this.#tail = this.#tail.slice(-this.#tailChars || this.#tail.length);
  }

  /** The text, with a line that says how much is missing in the middle. */
  toString(): string {
    const overflow = this.#length - this.#headChars - this.#tailChars;
    if (overflow <= 0) return this.#head + this.#tail;
    const head = this.#head.replace(LONE_HIGH, "");
    const tail = this.#tail.slice(-this.#tailChars || this.#tail.length).replace(LONE_LOW, "");
    const cut = this.#length - head.length - tail.length;
    return `${head}\n[… ${cut} characters cut …]\n${tail}`;
  }
}

// Halves of a character outside of the basic plane, left over by a cut.
const LONE_HIGH = /[\ud800-\udbff]$/;
const LONE_LOW = /^[\udc00-\udfff]/;

/** The text, cut in the middle when it is longer than `maxChars`. */
export function cutMiddle(text: string, maxChars: number): string {
  const output = new BoundedOutput(maxChars);
  output.add(text);
  return output.toString();
}
