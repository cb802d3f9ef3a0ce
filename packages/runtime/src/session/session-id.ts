import { randomBytes } from "node:crypto";
import { NarthexError, parseSessionId } from "@narthex/protocol";
import type { SessionParams } from "./session-config.ts";

/**
 * An id for a session whose id the runtime chooses: a UUID of version 7, so ids sort by time of creation, with 74 random
 * bits, so nobody guesses one.
 */
export function newSessionId(nowMs: number = Date.now(), random: (size: number) => Uint8Array = randomBytes): string {
  const bytes = random(16);
  for (let index = 0; index < 6; index += 1) bytes[index] = Math.floor(nowMs / 2 ** (8 * (5 - index))) % 256;
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * The id of a session that a create asks for.
 * @throws {NarthexError} SESSION_ID_INVALID, CLOUD_SESSION_ID_NOT_ALLOWED, CLOUD_PROVIDER_NOT_ALLOWED
 */
export function idFor(params: SessionParams): string {
  const given = params.sessionId === "" ? undefined : params.sessionId;
  if (params.cloud === undefined) return given === undefined ? newSessionId() : parseSessionId(given);
  if (given !== undefined) {
    throw new NarthexError(
      "CLOUD_SESSION_ID_NOT_ALLOWED",
      "Cannot specify sessionId when creating a cloud session: the runtime chooses it.",
    );
  }
  if (params.provider !== undefined) {
    throw new NarthexError(
      "CLOUD_PROVIDER_NOT_ALLOWED",
      "Cannot specify provider when creating a cloud session: the runtime's model is used.",
    );
  }
  return newSessionId();
}
