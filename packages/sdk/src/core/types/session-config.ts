// Everything a session can be created with. The fields are flat because the published shape is; they are grouped here
// by what they are about.
import type { ReasoningSummary, SessionEvent, SessionEventPayload, SessionEventType } from "@narthex/protocol";
import type { CopilotSession } from "../session.ts";
import type { ToolSet } from "../tool-set.ts";
import type { AutoModeSwitchHandler, ExitPlanModeHandler, UserInputHandler } from "./asking.ts";
import type { ElicitationHandler } from "./elicitation.ts";
import type { SessionHooks } from "./hooks.ts";
import type { CustomAgentConfig, DefaultAgentConfig, MCPServerConfig } from "./mcp.ts";
import type { PermissionHandler } from "./permission.ts";
import type {
  ContextTier,
  ModelCapabilitiesOverride,
  NamedProviderConfig,
  ProviderConfig,
  ProviderModelConfig,
  ReasoningEffort,
} from "./provider.ts";
import type { SessionFsProvider } from "./session-fs.ts";
import type { SystemMessageConfig } from "./system-message.ts";
import type { CommandDefinition, Tool, ToolSearchConfig } from "./tool.ts";

/** A repository that a cloud session is to work on. */
export interface CloudSessionRepository {
  owner: string;
  name: string;
  /** Default: the repository's default branch. */
  branch?: string;
}

/** Makes a session a cloud session: the runtime chooses its id and prepares its workspace. */
export interface CloudSessionOptions {
  /** Without one the session gets an empty workspace. */
  repository?: CloudSessionRepository;
}

/** Compaction of long sessions. Thresholds are shares of the context window, 0 to 1. */
export interface InfiniteSessionConfig {
  enabled?: boolean;
  backgroundCompactionThreshold?: number;
  bufferExhaustionThreshold?: number;
}

export interface MemoryConfiguration {
  enabled: boolean;
}

/** What happens to tool outputs too large for the model. */
export interface LargeToolOutputConfig {
  enabled?: boolean;
  maxSizeBytes?: number;
  outputDirectory?: string;
}

/** Gets every event of a session, of every type. */
export type SessionEventHandler = (event: SessionEvent) => void;
/** Gets the events of one type. */
export type TypedSessionEventHandler<T extends SessionEventType> = (event: SessionEventPayload<T>) => void;

interface ModelOptions {
  model?: string;
  reasoningEffort?: ReasoningEffort;
  reasoningSummary?: ReasoningSummary;
  contextTier?: ContextTier;
  modelCapabilities?: ModelCapabilitiesOverride;
  /** The endpoint of a local session's model. Not allowed for cloud sessions, whose runtime has its own. */
  provider?: ProviderConfig;
  providers?: NamedProviderConfig[];
  models?: ProviderModelConfig[];
  sessionLimits?: { maxAiCredits?: number };
  /** Send text and reasoning as it is produced (default false: whole messages only). */
  streaming?: boolean;
}

interface ToolOptions {
  /** Tools that run in this application. A definition without `handler` is declared but left to other clients. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tools of different argument types live in one list
  tools?: Tool<any>[];
  commands?: CommandDefinition[];
  toolSearch?: ToolSearchConfig;
  /** Only these tools (names, or sets such as `builtin:*`). */
  availableTools?: string[] | ToolSet;
  excludedTools?: string[] | ToolSet;
  mcpServers?: Record<string, MCPServerConfig>;
  disabledMcpServers?: string[];
  largeOutput?: LargeToolOutputConfig;
}

interface HandlerOptions {
  /** Called for every event from the very first one, also those that came before the session was created. */
  onEvent?: SessionEventHandler;
  onPermissionRequest?: PermissionHandler;
  onUserInputRequest?: UserInputHandler;
  onElicitationRequest?: ElicitationHandler;
  onExitPlanModeRequest?: ExitPlanModeHandler;
  onAutoModeSwitchRequest?: AutoModeSwitchHandler;
  hooks?: SessionHooks;
  /** Makes the provider of this session's state files; needs the client option `sessionFs`. */
  createSessionFsProvider?: (session: CopilotSession) => SessionFsProvider;
}

interface AgentOptions {
  systemMessage?: SystemMessageConfig;
  agent?: string;
  customAgents?: CustomAgentConfig[];
  customAgentsLocalOnly?: boolean;
  defaultAgent?: DefaultAgentConfig;
  excludedBuiltinAgents?: string[];
  includedBuiltinSkills?: string[];
  enableSkills?: boolean;
  skillDirectories?: string[];
  disabledSkills?: string[];
  pluginDirectories?: string[];
  instructionDirectories?: string[];
  skipCustomInstructions?: boolean;
  organizationCustomInstructions?: string;
  enableOnDemandInstructionDiscovery?: boolean;
  includeSubAgentStreamingEvents?: boolean;
  infiniteSessions?: InfiniteSessionConfig;
  memory?: MemoryConfiguration;
}

export type RemoteSessionMode = "off" | "export" | "on";

interface EnvironmentOptions {
  /** Name of the application, stored with the session. */
  clientName?: string;
  /** Folder that a local session works in (default: the runtime's). */
  workingDirectory?: string;
  additionalDirectories?: string[];
  configDirectory?: string;
  enableConfigDiscovery?: boolean;
  enableExperimentalMode?: boolean;
  enableFileHooks?: boolean;
  enableHostGitOperations?: boolean;
  enableSessionStore?: boolean;
  enableSessionTelemetry?: boolean;
  enableCitations?: boolean;
  enableFileChangeTracking?: boolean;
  skipEmbeddingRetrieval?: boolean;
  embeddingCacheStorage?: "persistent" | "in-memory";
  coauthorEnabled?: boolean;
  manageScheduleEnabled?: boolean;
  mcpOAuthTokenStorage?: "persistent" | "in-memory";
  authClientIdMetadataUrl?: string;
  gitHubToken?: string;
  remoteSession?: RemoteSessionMode;
  featureFlags?: Record<string, boolean>;
}

/** What creating and resuming have in common. */
export interface SessionConfigBase
  extends ModelOptions, ToolOptions, HandlerOptions, AgentOptions, EnvironmentOptions {}

/** Config of `createSession`. */
export interface SessionConfig extends SessionConfigBase {
  /** Default: a random UUID. */
  sessionId?: string;
  /** Not allowed here: use `createCloudSession`. The field stands in the type so that the refusal can say so. */
  cloud?: CloudSessionOptions;
}

/** Config of `createCloudSession`: `cloud` is required; an id or a model provider is refused. */
export interface CloudSessionConfig extends SessionConfigBase {
  cloud: CloudSessionOptions;
  /** Not allowed: the runtime chooses the id. */
  sessionId?: undefined;
}

/** Config of `resumeSession`. */
export interface ResumeSessionConfig extends SessionConfigBase {
  /** Do not announce the resume to other clients with a `session.resume` event. */
  suppressResumeEvent?: boolean;
  /** Go on with work that was interrupted. */
  continuePendingWork?: boolean;
}

/** Time limits of a create or resume, counted from the call. */
export interface CreateSessionOptions {
  /** Cancels the create, at whatever it is just then; a session that the runtime makes all the same is destroyed. */
  signal?: AbortSignal;
  /** Give up after this many milliseconds, connecting included (default 300,000; 0 waits for ever). */
  timeoutMs?: number;
  /**
   * Milliseconds that the first messages of a cloud session wait for its worker to start, where the runtime does not
   * promise to keep them (default 30,000; 0 sends at once). Past it `send` rejects with SESSION_NOT_READY.
   */
  readyTimeoutMs?: number;
}
