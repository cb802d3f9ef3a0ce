// The fetch of one model call: watches time, size and silence, and reads the body of a refusal itself.
import { brokenError, silentError, statusError, type Endpoint } from "./model-errors.ts";
import { readRetryAfter } from "./retry-policy.ts";

export interface WatchLimits {
  /** Longest wait for the head of the answer, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** Longest silence within the answer, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** Largest answer in bytes. */
  readonly maxResponseBytes: number;
}

const MAX_ERROR_BODY_BYTES = 64 * 1024;

/**
 * One call's fetch. What goes wrong is kept in `failure`, because the layer above wraps errors in its own; the content
 * type is kept for a message about servers that do not stream.
 */
export class WatchedFetch {
  readonly #endpoint: Endpoint;
  readonly #limits: WatchLimits;
  readonly #now: () => number;
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  /** The first thing that went wrong here. */
  failure: Error | undefined;
  /** True once the head of a good answer has come. */
  hasAnswered = false;
  contentType = "";

  constructor(endpoint: Endpoint, limits: WatchLimits, now: () => number) {
    this.#endpoint = endpoint;
    this.#limits = limits;
    this.#now = now;
  }

  /** Ends the call and every timer. */
  close(): void {
    clearTimeout(this.#timer);
    this.#controller.abort();
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const { requestTimeoutMs, idleTimeoutMs } = this.#limits;
    this.#watch(requestTimeoutMs, () => silentError(this.#endpoint, requestTimeoutMs));
    const signals = [this.#controller.signal, ...(init?.signal ? [init.signal] : [])];
    // A redirect would carry the key and the conversation to wherever the server says.
    const response = await globalThis.fetch(input, { ...init, redirect: "manual", signal: AbortSignal.any(signals) });
    this.#watch(idleTimeoutMs, () => this.#idle());
    if (!response.ok) throw await this.#refusal(response);
    this.hasAnswered = true;
    this.contentType = response.headers.get("content-type") ?? "";
    const body = response.body?.pipeThrough(this.#meter()) ?? null;
    return new Response(body, { status: response.status, headers: response.headers });
  };

  async #refusal(response: Response): Promise<Error> {
    const text = await readStart(response);
    const retryAfterMs = readRetryAfter(response.headers, this.#now());
    this.failure ??= statusError(this.#endpoint, response.status, serverMessage(text), retryAfterMs);
    clearTimeout(this.#timer);
    return this.failure;
  }

  /** Each piece resets the watch; the bytes are counted. */
  #meter(): TransformStream<Uint8Array, Uint8Array> {
    let bytes = 0;
    return new TransformStream({
      transform: (chunk, controller) => {
        bytes += chunk.byteLength;
        this.#watch(this.#limits.idleTimeoutMs, () => this.#idle());
        if (bytes <= this.#limits.maxResponseBytes) controller.enqueue(chunk);
        else this.#fail(brokenError(this.#endpoint, `it is larger than ${this.#limits.maxResponseBytes} bytes`));
      },
      flush: () => clearTimeout(this.#timer),
    });
  }

  #idle(): Error {
    return brokenError(this.#endpoint, `nothing came for ${this.#limits.idleTimeoutMs} ms`);
  }

  #watch(timeoutMs: number, reason: () => Error): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fail(reason()), timeoutMs);
  }

  #fail(error: Error): void {
    this.failure ??= error;
    this.close();
  }
}

async function readStart(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length >= MAX_ERROR_BODY_BYTES) break;
    }
  } catch {
    // what has come so far has to do
  }
  return text.slice(0, MAX_ERROR_BODY_BYTES);
}

/** The message in the usual `{"error": {"message"}}`, else plain text; markup of a proxy's error page is no message. */
function serverMessage(text: string): string {
  try {
    const body = JSON.parse(text) as { error?: { message?: unknown } | string; message?: unknown; detail?: unknown };
    const inner = typeof body.error === "object" ? body.error.message : body.error;
    const message = inner ?? body.message ?? body.detail;
    return typeof message === "string" ? message : JSON.stringify(body);
  } catch {
    return text.trimStart().startsWith("<") ? "" : text;
  }
}
