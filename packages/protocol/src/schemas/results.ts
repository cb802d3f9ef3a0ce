// What a runtime answers, as far as a client relies on it. Unknown fields pass through.
import { z } from "zod";
import { SESSION_ID_PATTERN } from "../ids.ts";

const uiCapabilities = z.looseObject({
  elicitation: z.boolean().optional(),
  mcpApps: z.boolean().optional(),
  canvases: z.boolean().optional(),
});

/** What a session or its clients can do. */
export const SESSION_CAPABILITIES = z.looseObject({ ui: uiCapabilities.optional() });

/** Result of `session.create` and `session.resume`. */
export const SESSION_CREATE_RESULT = z.looseObject({
  sessionId: z.string().regex(SESSION_ID_PATTERN),
  workspacePath: z.string().nullish(),
  remoteUrl: z.string().nullish(),
  capabilities: SESSION_CAPABILITIES.nullish(),
});
export type SessionCreateResult = z.infer<typeof SESSION_CREATE_RESULT>;

export const CONNECT_RESULT = z.looseObject({
  protocolVersion: z.number().optional(),
  version: z.string().optional(),
  /** What the runtime says it does beyond the protocol. */
  features: z.array(z.string()).optional(),
});

export const SEND_RESULT = z.looseObject({ messageId: z.string() });
export const SUCCESS_RESULT = z.looseObject({ success: z.boolean(), error: z.string().optional() });

/** A page of `session.eventLog.read`. */
export const EVENT_LOG_PAGE = z.looseObject({
  events: z.array(z.looseObject({ id: z.string(), type: z.string() })),
  cursor: z.string(),
  hasMore: z.boolean(),
  /** `expired`: the runtime does not know the cursor, or no longer. */
  cursorStatus: z.enum(["ok", "expired"]),
});

const sessionContext = z.looseObject({
  cwd: z.string(),
  gitRoot: z.string().optional(),
  repository: z.string().optional(),
  branch: z.string().optional(),
});

/** One session in a list. */
export const SESSION_METADATA = z.looseObject({
  sessionId: z.string(),
  startTime: z.string(),
  modifiedTime: z.string(),
  summary: z.string().optional(),
  isRemote: z.boolean().optional(),
  remoteUrl: z.string().optional(),
  context: sessionContext.optional(),
});
export type WireSessionMetadata = z.infer<typeof SESSION_METADATA>;
