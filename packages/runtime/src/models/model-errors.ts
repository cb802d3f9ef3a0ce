// Failures of a model endpoint as NarthexErrors. The errors of the provider layer hold the whole conversation, headers and
// bodies, so none of them is passed on as a cause: only a short, cleaned text of the server is.
import { messageOf, NarthexError, type ErrorCode } from "@narthex/protocol";

/** What every message names. */
export interface Endpoint {
  readonly baseUrl: string;
  readonly model: string;
  /** Takes secrets out of a text. */
  readonly clean: (text: string) => string;
}

/** What the `data` of these errors holds. */
export interface ModelErrorData {
  readonly statusCode?: number;
  readonly retryAfterMs?: number;
  /** Such as ECONNREFUSED. */
  readonly networkCode?: string;
}

const MAX_SERVER_TEXT_CHARS = 300;

/** The error of an HTTP answer that is not 2xx. */
export function statusError(
  endpoint: Endpoint,
  statusCode: number,
  serverText: string,
  retryAfterMs?: number,
): NarthexError {
  const [code, happened, advice] = statusFacts(statusCode, retryAfterMs);
  const said = serverText === "" ? "" : ` It said: ${shorten(endpoint.clean(serverText))}.`;
  const data: ModelErrorData = { statusCode, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  return new NarthexError(code, `${where(endpoint)} ${happened} (${statusCode}).${said} ${advice}`, { data });
}

function statusFacts(statusCode: number, retryAfterMs: number | undefined): [ErrorCode, string, string] {
  if (statusCode === 401 || statusCode === 403) {
    return ["MODEL_AUTHENTICATION", "refused the key", "Check the API key and what it may use."];
  }
  if (statusCode === 429) {
    const wait = retryAfterMs === undefined ? "a while" : `${Math.ceil(retryAfterMs / 1_000)} s`;
    return ["MODEL_RATE_LIMITED", "is limiting the rate of requests", `Wait ${wait} and send the prompt again.`];
  }
  if (statusCode < 400) return ["MODEL_BAD_REQUEST", "is at another address", "Use the final address as the base URL."];
  if (statusCode >= 500) return ["MODEL_SERVER_ERROR", "failed", "Try again; if it goes on, look at that server."];
  if (statusCode === 404) {
    return [
      "MODEL_BAD_REQUEST",
      "does not know the model or the address",
      "Check the model's name and the base URL (it often ends in /v1).",
    ];
  }
  return [
    "MODEL_BAD_REQUEST",
    "refused the request",
    "Check that the model takes tools and a conversation of this length.",
  ];
}

/** The error of a call that got no answer at all. */
export function unreachableError(endpoint: Endpoint, error: unknown): NarthexError {
  const networkCode = networkCodeOf(error);
  const reason = networkCode ?? shorten(endpoint.clean(messageOf(error)));
  const text = `${where(endpoint)} cannot be reached (${reason}). Check the base URL and that the server is running.`;
  const data: ModelErrorData = networkCode === undefined ? {} : { networkCode };
  return new NarthexError("MODEL_UNREACHABLE", text, { data });
}

/** The error of a key that could not be had. */
export function keyError(endpoint: Endpoint, error: unknown): NarthexError {
  const reason = shorten(endpoint.clean(messageOf(error)));
  const text = `No key for the model ${endpoint.model} at ${endpoint.baseUrl} could be had (${reason}). Check where keys come from.`;
  return new NarthexError("MODEL_AUTHENTICATION", text);
}

/** The error of a server that takes the request and stays silent. */
export function silentError(endpoint: Endpoint, timeoutMs: number): NarthexError {
  const text = `${where(endpoint)} did not begin to answer within ${timeoutMs} ms. Try again, or raise the request time limit.`;
  return new NarthexError("MODEL_UNREACHABLE", text, { data: { networkCode: "TIMEOUT" } satisfies ModelErrorData });
}

/** The error of an answer that began and cannot be used to its end. */
export function brokenError(endpoint: Endpoint, reason: string, statusCode?: number): NarthexError {
  const text = `${where(endpoint)} broke off its answer: ${shorten(endpoint.clean(reason))}. Send the prompt again.`;
  const data: ModelErrorData = statusCode === undefined ? {} : { statusCode };
  return new NarthexError("MODEL_STREAM_BROKEN", text, { data });
}

/** The error of a call that the caller cancelled. */
export function abortedError(endpoint: Endpoint): NarthexError {
  return new NarthexError("ABORTED", `The call of the model ${endpoint.model} was cancelled.`);
}

function where(endpoint: Endpoint): string {
  return `The model ${endpoint.model} at ${endpoint.baseUrl}`;
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim().replace(/[.!]$/, "");
  return line.length > MAX_SERVER_TEXT_CHARS ? `${line.slice(0, MAX_SERVER_TEXT_CHARS)}…` : line;
}

/** The first system error code in a chain of causes. */
export function networkCodeOf(error: unknown): string | undefined {
  let current: unknown = error;
  for (let depth = 0; depth < 5 && typeof current === "object" && current !== null; depth += 1) {
    const { code, cause, errors } = current as { code?: unknown; cause?: unknown; errors?: unknown };
    if (typeof code === "string" && /^(?:E[A-Z]+|UND_ERR_\w+|CERT_\w+|\w+_CERT\w*)$/.test(code)) return code;
    current = cause ?? (Array.isArray(errors) ? (errors as unknown[])[0] : undefined);
  }
  return undefined;
}
