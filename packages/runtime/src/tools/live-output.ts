/** When live output is passed on. */
export interface LiveOutputLimits {
  /** Longest wait before a piece is passed on, in milliseconds. */
  readonly waitMs: number;
  /** A piece of this many characters is passed on at once. */
  readonly pieceChars: number;
  /** Most characters passed on in all; the result itself still holds the end. */
  readonly maxChars: number;
}

/** Joins small pieces of output, so that a chatty command makes few events and an endless one a bounded number. */
export class LiveOutput {
  readonly #limits: LiveOutputLimits;
  readonly #send: (text: string) => void;
  #pending = "";
  #sent = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: LiveOutputLimits, send: (text: string) => void) {
    this.#limits = limits;
    this.#send = send;
  }

  add(text: string): void {
    const room = this.#limits.maxChars - this.#sent - this.#pending.length;
    if (room <= 0) return;
    this.#pending += text.length <= room ? text : `${text.slice(0, room)}\n[… no more live output …]\n`;
    if (this.#pending.length >= this.#limits.pieceChars) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), this.#limits.waitMs);
  }

  /** Passes on what waits; call it once more at the end. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending === "") return;
    const text = this.#pending;
    this.#sent += text.length;
    this.#pending = "";
    this.#send(text);
  }
}
