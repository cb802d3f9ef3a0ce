interface Watched {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

/**
 * Callbacks on abort signals, with one listener a signal however many callbacks it has: a signal that lives as long as a
 * session may be given to thousands of calls, and platforms warn about the eleventh listener.
 */
export class AbortListeners {
  readonly #watched = new Map<AbortSignal, Watched>();

  /** Calls `callback` when `signal` fires, unless the returned function has been called before. */
  add(signal: AbortSignal, callback: () => void): () => void {
    const watched = this.#watched.get(signal) ?? this.#watch(signal);
    watched.callbacks.add(callback);
    return () => {
      watched.callbacks.delete(callback);
      if (watched.callbacks.size === 0) this.#forget(signal, watched);
    };
  }

  #watch(signal: AbortSignal): Watched {
    const callbacks = new Set<() => void>();
    const listener = (): void => {
      for (const callback of callbacks) callback();
    };
    const watched = { callbacks, listener };
    this.#watched.set(signal, watched);
    signal.addEventListener("abort", listener, { once: true });
    return watched;
  }

  #forget(signal: AbortSignal, watched: Watched): void {
    if (this.#watched.get(signal) !== watched) return;
    this.#watched.delete(signal);
    signal.removeEventListener("abort", watched.listener);
  }
}
