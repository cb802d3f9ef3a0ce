/** Closed while a fault makes calls pointless; whoever is to call again waits before it. */
export class Gate {
  #isOpen = true;
  #waiting: (() => void)[] = [];

  close(): void {
    this.#isOpen = false;
  }

  open(): void {
    this.#isOpen = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  passed(): Promise<void> {
    // Also with the gate open the loop gets its turn, so that repetition cannot starve it.
    return new Promise((resolve) => {
      if (this.#isOpen) setImmediate(resolve);
      else this.#waiting.push(resolve);
    });
  }
}
