import { NarthexError, messageOf } from "@narthex/protocol";

/** The id of a message this side writes; null where the other side's id could not be read. */
export type ReplyId = number | string | null;

/** @throws NarthexError INVALID_PARAMS if `params` cannot be written as JSON */
export function notificationText(method: string, params: unknown): string {
  return `{"jsonrpc":"2.0","method":${JSON.stringify(method)}${paramsText(method, params)}}`;
}

/**
 * A request in two steps, so that an id is used up only when the parameters can be written.
 *
 * @throws NarthexError INVALID_PARAMS if `params` cannot be written as JSON
 */
export function requestTail(method: string, params: unknown): string {
  return `,"method":${JSON.stringify(method)}${paramsText(method, params)}}`;
}

/** The text of the request whose tail is `tail`. */
export function requestText(id: number, tail: string): string {
  return `{"jsonrpc":"2.0","id":${id}${tail}`;
}

/** A reply; `undefined` goes out as null. Throws what `JSON.stringify` throws. */
export function resultText(id: ReplyId, result: unknown): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${stringify(result) ?? "null"}}`;
}

/** An error reply, with another text than the error's own if one is given. Data that cannot be written is left out. */
export function errorText(id: ReplyId, error: NarthexError, message: string = error.message): string {
  const head = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":`;
  try {
    return `${head}${JSON.stringify({ ...error.toRpc(), message })}}`;
  } catch {
    return `${head}${JSON.stringify({ code: error.rpcCode, message })}}`;
  }
}

function paramsText(method: string, params: unknown): string {
  if (params === undefined) return "";
  let json: string | undefined;
  try {
    json = stringify(params);
  } catch (error) {
    throw unwritable(method, messageOf(error), error);
  }
  if (json === undefined) throw unwritable(method, `a ${typeof params} is no JSON value`);
  return `,"params":${json}`;
}

/** `JSON.stringify` with its true type: functions, symbols and some `toJSON` results have no text. */
function stringify(value: unknown): string | undefined {
  return JSON.stringify(value);
}

function unwritable(method: string, reason: string, cause?: unknown): NarthexError {
  return new NarthexError("INVALID_PARAMS", `The parameters of ${method} cannot be written as JSON: ${reason}`, {
    cause,
  });
}
