import { NarthexError } from "@narthex/protocol";
import type { RefusalReason } from "./routing-types.ts";

/** The error a request gets that reaches no session. The texts are distinct, and part of the contract. */
export function refusal(reason: RefusalReason, method: string, sessionId: string): NarthexError {
  const where = `(${method}, session ${sessionId})`;
  switch (reason) {
    case "unknown":
      return new NarthexError("SESSION_NOT_FOUND", `No session found for sessionId: ${sessionId}`);
    case "released":
      return new NarthexError("SESSION_DISCONNECTED", `Session ${sessionId} is disconnected on this client`, {
        rpcCode: -32602,
      });
    case "overflow":
      return new NarthexError("PENDING_SESSION_BUFFER_OVERFLOW", `pending session buffer overflow ${where}`);
    case "routing-ended":
      return new NarthexError(
        "PENDING_SESSION_ROUTING_ENDED",
        `pending session routing ended before session was registered ${where}`,
      );
    case "ambiguous":
      return new NarthexError(
        "PENDING_SESSION_REQUEST_TIMEOUT",
        `pending session request not served: several creates are in flight, and it is unknown which it belongs to ${where}`,
      );
    case "expired":
      return new NarthexError(
        "PENDING_SESSION_REQUEST_TIMEOUT",
        `pending session request timed out waiting for its session ${where}`,
      );
  }
}
