import { createHmac } from "node:crypto";
import { isSameSecret } from "../gateway/token.ts";

/**
 * The key that lets whoever holds a session's `remoteUrl` see that session and no other. It follows from a secret of the
 * installation, so it stays valid across restarts and is stored nowhere.
 */
export function accessKey(secret: string, sessionId: string): string {
  return createHmac("sha256", secret).update(`narthex session ${sessionId}`).digest("base64url").slice(0, 32);
}

export function isAccessKey(secret: string, sessionId: string, given: string | undefined): boolean {
  return given !== undefined && isSameSecret(accessKey(secret, sessionId), given);
}
