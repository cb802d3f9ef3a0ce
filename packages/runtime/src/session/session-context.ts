// What the parts of one session share.
import type { Model } from "../models/model.ts";
import type { RuntimeLogger, SessionLimits } from "../ports.ts";
import type { BuiltInTool, ToolLimits } from "../tools/tool.ts";
import type { Workspace } from "../workspace/workspaces.ts";
import type { Attachments } from "./attachments.ts";
import type { Conversation } from "./conversation.ts";
import type { EventWriter } from "./event-writer.ts";
import type { Inbox } from "./inbox.ts";
import type { PendingRequests } from "./pending-requests.ts";
import type { PermissionRules } from "./permission-rules.ts";
import type { SessionMetrics } from "./session-metrics.ts";
import type { SessionParams } from "./session-config.ts";

export interface SessionContext {
  readonly id: string;
  readonly writer: EventWriter;
  readonly conversation: Conversation;
  readonly attachments: Attachments;
  readonly pending: PendingRequests;
  readonly inbox: Inbox;
  readonly rules: PermissionRules;
  readonly workspace: Workspace;
  readonly metrics: SessionMetrics;
  readonly builtInTools: ReadonlyMap<string, BuiltInTool>;
  readonly limits: SessionLimits;
  readonly toolLimits: ToolLimits;
  readonly logger: RuntimeLogger;
  /** What can change while the session lives. */
  readonly settings: SessionSettings;
  /** The model for a client's wishes. */
  chooseModel(wanted: Pick<SessionParams, "provider" | "model">): Model;
  /** The session goes on with this model in another process too. */
  keepModel(model: string): Promise<void>;
}

export interface SessionSettings {
  /** What the last create or resume asked for. */
  params: SessionParams;
  /** The model of the next call. */
  model: Model;
}
