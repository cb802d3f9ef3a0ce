import { PROTOCOL_METHODS } from "./protocol-methods.ts";

/** Methods that a client may call and that this profile supports. Everything else of the protocol gets a typed refusal. */
export const SUPPORTED_METHODS = [
  "connect",
  "ping",
  "status.get",
  "auth.getStatus",
  "models.list",
  "tools.list",
  "runtime.shutdown",
  "session.create",
  "session.resume",
  "session.send",
  "session.abort",
  "session.detach",
  "session.destroy",
  "session.delete",
  "session.list",
  "session.getMetadata",
  "session.getLastId",
  "session.getMessages",
  "session.eventLog.read",
  "session.eventLog.tail",
  "session.getForeground",
  "session.setForeground",
  "session.options.update",
  "session.log",
  "session.model.getCurrent",
  "session.model.switchTo",
  "session.tools.handlePendingToolCall",
  "session.permissions.handlePendingPermissionRequest",
  "session.permissions.pendingRequests",
  "session.commands.list",
  "session.commands.invoke",
  "session.commands.handlePendingCommand",
  "session.ui.elicitation",
  "session.ui.handlePendingElicitation",
  "session.ui.handlePendingUserInput",
] as const;

/** A method of the supported profile. */
export type SupportedMethod = (typeof SUPPORTED_METHODS)[number];

const supported: ReadonlySet<string> = new Set(SUPPORTED_METHODS);
const known: ReadonlySet<string> = new Set(PROTOCOL_METHODS);

/** How the profile treats a method: supported, known to the protocol but refused, or unknown. */
export function profileStatus(method: string): "supported" | "unsupported" | "unknown" {
  if (supported.has(method)) return "supported";
  return known.has(method) ? "unsupported" : "unknown";
}
