import { NarthexError, type RpcErrorObject } from "@narthex/protocol";
import type { CallOutcome } from "./outbound-calls.ts";

/** A JSON-RPC 2.0 message as it was parsed: what the fields hold is not checked yet. */
export interface Envelope {
  readonly method?: unknown;
  readonly id?: unknown;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** The parsed body as a message, or `undefined` if it is not an object that says `"jsonrpc":"2.0"`. */
export function envelopeOf(value: unknown): Envelope | undefined {
  const isMessage =
    typeof value === "object" &&
    value !== null &&
    (value as { jsonrpc?: unknown }).jsonrpc === "2.0" &&
    !Array.isArray(value);
  return isMessage ? value : undefined;
}

/** Can this id be given back unchanged? Strings can, and numbers that JavaScript holds exactly. */
export function isCallId(id: unknown): id is number | string {
  return typeof id === "string" || (typeof id === "number" && Math.abs(id) <= Number.MAX_SAFE_INTEGER);
}

/** Is this the answer to a call? A field that is null counts for `result` only. */
export function isResponse(message: Envelope): boolean {
  return message.method === undefined && (message.result !== undefined || message.error !== undefined);
}

/** What a response says. An absent result is null; an error that is no error object becomes MESSAGE_INVALID. */
export function outcomeOf(message: Envelope): CallOutcome {
  const error = message.error ?? undefined;
  if (error === undefined) return { result: message.result ?? null };
  if (isRpcError(error)) return { error: NarthexError.fromRpc(error) };
  return { error: new NarthexError("MESSAGE_INVALID", "The other side answered with a malformed error object.") };
}

/** The id of something that looks like a response and is not a valid one; `undefined` if there is none. */
export function idOfBrokenResponse(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  const message: Envelope = value;
  return message.method === undefined ? message.id : undefined;
}

function isRpcError(error: unknown): error is RpcErrorObject {
  if (typeof error !== "object" || error === null) return false;
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === "number" && typeof message === "string";
}
