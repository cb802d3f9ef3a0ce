// Session events by their published names.
export type { PermissionRequestedData, SessionEvent, SessionEventPayload, SessionEventType } from "@narthex/protocol";
import type { SessionEventPayload } from "@narthex/protocol";

export type PermissionRequestedEvent = SessionEventPayload<"permission.requested">;
