// @narthex/runtime: hosts agent sessions.
export { Runtime } from "./runtime.ts";
export type { ModelOffer, ToolOffer } from "./offers.ts";
export type { OpenedSession } from "./session/opened-session.ts";
export {
  DEFAULT_SESSION_LIMITS,
  type LifecycleNotice,
  type RuntimeLogger,
  type RuntimeOptions,
  type SessionClient,
  type SessionLimits,
} from "./ports.ts";
export { MAX_IDEMPOTENCY_KEY_CHARS } from "./session/session-config.ts";
export type { HostedSession } from "./session/session.ts";
export { DEFAULT_EVENT_LOG_LIMITS, type EventLogLimits } from "./event-log/event-log-reader.ts";
export type { Prompt } from "./session/turn-machine.ts";
export type { SessionMetadataEntry } from "./session/session-record.ts";
export { modelConfigFromEnvironment, type ModelConfig } from "./models/resolve-model.ts";
export { DEFAULT_TOOL_LIMITS, type ToolLimits } from "./tools/tool.ts";
export { reportSession, type SessionReport } from "./session-report.ts";
export { createGit, type Git } from "./workspace/git.ts";
export type { RepositoryBases } from "./workspace/repository-source.ts";
export {
  packWorkspace,
  parsePackedWorkspace,
  unpackWorkspace,
  type PackedWorkspace,
} from "./workspace/packed-workspace.ts";
export { createWorkspaces, type Workspaces } from "./workspace/workspaces.ts";
