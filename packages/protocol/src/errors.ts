import { ERROR_CODES, isErrorCode, type ErrorCode, type Retry } from "./error-codes.ts";

const BRAND = Symbol.for("narthex.error");

/** What may stand beside an error's code and message. */
export interface NarthexErrorOptions {
  /** What led to this error. */
  cause?: unknown;
  /** The number of a JSON-RPC error, when it came over the wire or is to go there. */
  rpcCode?: number;
  /** The `data` of a JSON-RPC error. */
  data?: unknown;
}

/** An error object as it stands in a JSON-RPC response. */
export interface RpcErrorObject {
  code: number;
  message: string;
  data?: unknown;
}

/**
 * The one error class of the project. `code` is stable and listed in `spec/errors.md`; `message` says what happened and
 * what to try; `retry` says whether trying again can help.
 *
 * @example
 * try { await client.createCloudSession({ cloud: {} }); }
 * catch (error) { if (NarthexError.is(error) && error.retry === "safe") retryLater(); else throw error; }
 */
export class NarthexError extends Error {
  override readonly name = "NarthexError";
  readonly code: ErrorCode;
  /** JSON-RPC error number. */
  readonly rpcCode: number;
  /** JSON-RPC error data, as the peer sent it. */
  readonly data: unknown;

  constructor(code: ErrorCode, message: string, options: NarthexErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.rpcCode = options.rpcCode ?? ERROR_CODES[code].rpcCode;
    this.data = options.data;
    Object.defineProperty(this, BRAND, { value: true });
  }

  get retry(): Retry {
    return ERROR_CODES[this.code].retry;
  }

  /** True for errors of this class, also those of another copy of the package. */
  static is(value: unknown): value is NarthexError {
    return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
  }

  /** Any thrown value as a NarthexError: itself, or wrapped under `fallback`. */
  static from(value: unknown, fallback: ErrorCode = "INTERNAL"): NarthexError {
    if (NarthexError.is(value)) return value;
    return new NarthexError(fallback, messageOf(value), { cause: value });
  }

  /** The error of a JSON-RPC response. Code, message and data of the peer stay as they are. */
  static fromRpc(error: RpcErrorObject): NarthexError {
    return new NarthexError(codeOfRpcError(error), error.message, { rpcCode: error.code, data: error.data });
  }

  /** This error as a JSON-RPC error object; `data.code` carries the stable code. */
  toRpc(): RpcErrorObject {
    const extra = typeof this.data === "object" && this.data !== null && !Array.isArray(this.data) ? this.data : {};
    return { code: this.rpcCode, message: this.message, data: { code: this.code, ...extra } };
  }
}

/** The text of any thrown value, without ever throwing itself. */
export function messageOf(value: unknown): string {
  try {
    return value instanceof Error ? value.message : String(value);
  } catch {
    return "unknown error";
  }
}

const CODE_BY_RPC_NUMBER = new Map<number, ErrorCode>([
  [-32700, "MESSAGE_INVALID_JSON"],
  [-32600, "MESSAGE_INVALID"],
  [-32601, "METHOD_NOT_FOUND"],
  [-32602, "INVALID_PARAMS"],
  [-32000, "SERVER_SHUTTING_DOWN"],
  [-32001, "AUTHENTICATION_REQUIRED"],
  [-32002, "AUTHENTICATION_FAILED"],
  [-32003, "AUTHENTICATION_NOT_CONFIGURED"],
]);

function codeOfRpcError(error: RpcErrorObject): ErrorCode {
  const data = error.data;
  const own = typeof data === "object" && data !== null ? (data as { code?: unknown }).code : undefined;
  if (isErrorCode(own)) return own;
  return CODE_BY_RPC_NUMBER.get(error.code) ?? "REQUEST_FAILED";
}
