// The one place where a session config becomes the params of session.create and session.resume.
import { NarthexError } from "@narthex/protocol";
import { toolDeclaration } from "./define-tool.ts";
import { ToolSet } from "./tool-set.ts";
import type { CustomAgentConfig, MCPServerConfig } from "./types/mcp.ts";
import type { NamedProviderConfig, ProviderConfig } from "./types/provider.ts";
import type { ResumeSessionConfig, SessionConfigBase } from "./types/session-config.ts";
import type { SystemMessageConfig } from "./types/system-message.ts";
import type { Tool } from "./types/tool.ts";

type Json = Record<string, unknown>;

/** Config fields that go to the runtime under the same name. */
const SAME_NAME = [
  "model",
  "clientName",
  "reasoningEffort",
  "reasoningSummary",
  "contextTier",
  "modelCapabilities",
  "models",
  "sessionLimits",
  "streaming",
  "toolSearch",
  "disabledMcpServers",
  "agent",
  "defaultAgent",
  "excludedBuiltinAgents",
  "enableSkills",
  "skillDirectories",
  "disabledSkills",
  "pluginDirectories",
  "instructionDirectories",
  "organizationCustomInstructions",
  "enableOnDemandInstructionDiscovery",
  "infiniteSessions",
  "memory",
  "workingDirectory",
  "additionalDirectories",
  "enableConfigDiscovery",
  "enableFileHooks",
  "enableHostGitOperations",
  "enableSessionStore",
  "enableSessionTelemetry",
  "enableCitations",
  "enableFileChangeTracking",
  "skipEmbeddingRetrieval",
  "embeddingCacheStorage",
  "mcpOAuthTokenStorage",
  "authClientIdMetadataUrl",
  "gitHubToken",
  "remoteSession",
  "featureFlags",
] as const satisfies readonly (keyof SessionConfigBase)[];

/** Config fields that are applied with session.options.update once the session exists. */
const AFTERWARDS = [
  "skipCustomInstructions",
  "customAgentsLocalOnly",
  "coauthorEnabled",
  "manageScheduleEnabled",
  "includedBuiltinSkills",
] as const satisfies readonly (keyof SessionConfigBase)[];

/**
 * The params of `session.create` and `session.resume` for a config; absent options stay absent.
 * @throws {NarthexError} CONFIG_INVALID
 */
export function sessionPayload(config: SessionConfigBase): Json {
  const payload: Json = {};
  for (const field of SAME_NAME) if (config[field] !== undefined) payload[field] = config[field];
  const mapped: Json = {
    isExperimentalMode: config.enableExperimentalMode,
    configDir: config.configDirectory,
    tools: config.tools?.map((tool) => toolDeclaration(tool as Tool)),
    commands: config.commands?.map(({ name, description }) => ({ name, description: description ?? "" })),
    systemMessage: config.systemMessage && systemMessagePayload(config.systemMessage),
    availableTools: toolNames(config.availableTools, "availableTools"),
    excludedTools: toolNames(config.excludedTools, "excludedTools"),
    toolFilterPrecedence: "excluded",
    provider: config.provider && providerPayload(config.provider),
    providers: config.providers?.map(providerPayload),
    mcpServers: config.mcpServers && mcpServersPayload(config.mcpServers),
    customAgents: config.customAgents?.map(customAgentPayload),
    largeOutput: config.largeOutput && largeOutputPayload(config.largeOutput),
    includeSubAgentStreamingEvents: config.includeSubAgentStreamingEvents ?? true,
    envValueMode: "direct",
    ...requestFlags(config),
  };
  for (const [field, value] of Object.entries(mapped)) if (value !== undefined) payload[field] = value;
  return payload;
}

/** The params of `session.resume` for a config: the application's, or that with which the session was created. */
export function resumePayload(id: string, config: ResumeSessionConfig): Json {
  return {
    ...sessionPayload(config),
    sessionId: id,
    requestPermission: true,
    ...(config.suppressResumeEvent === undefined ? {} : { disableResume: config.suppressResumeEvent }),
    ...(config.continuePendingWork === undefined ? {} : { continuePendingWork: config.continuePendingWork }),
  };
}

/** The patch for `session.options.update`; undefined when there is nothing to update. */
export function optionsUpdatePayload(config: SessionConfigBase): Json | undefined {
  const patch: Json = {};
  for (const field of AFTERWARDS) if (config[field] !== undefined) patch[field] = config[field];
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** Tells the runtime which of its questions this client can answer. */
function requestFlags(config: SessionConfigBase): Json {
  return {
    requestPermission: config.onPermissionRequest !== undefined,
    requestUserInput: config.onUserInputRequest !== undefined,
    requestElicitation: config.onElicitationRequest !== undefined,
    requestExitPlanMode: config.onExitPlanModeRequest !== undefined,
    requestAutoModeSwitch: config.onAutoModeSwitchRequest !== undefined,
    hooks: Object.values(config.hooks ?? {}).some((hook) => hook !== undefined),
  };
}

function systemMessagePayload(config: SystemMessageConfig): Json {
  if (config.mode !== "customize" || config.sections === undefined) return { ...config };
  const sections: Json = {};
  for (const [id, override] of Object.entries(config.sections)) {
    if (override === undefined) continue;
    sections[id] = typeof override.action === "function" ? { action: "transform" } : override;
  }
  return { ...config, sections };
}

function toolNames(names: string[] | ToolSet | undefined, option: string): string[] | undefined {
  if (names === undefined) return undefined;
  const list = names instanceof ToolSet ? names.toArray() : names;
  if (list.includes("*")) {
    throw new NarthexError(
      "CONFIG_INVALID",
      `${option} does not take a bare "*": say which tools are meant, with "builtin:*", "custom:*" or "mcp:*".`,
    );
  }
  return list;
}

function providerPayload(provider: ProviderConfig | NamedProviderConfig): Json {
  const { bearerTokenProvider, ...rest } = provider;
  return bearerTokenProvider === undefined ? rest : { ...rest, hasBearerTokenProvider: true };
}

function mcpServersPayload(servers: Record<string, MCPServerConfig>): Json {
  return Object.fromEntries(
    Object.entries(servers).map(([name, server]) => {
      if (!("workingDirectory" in server)) return [name, server];
      const { workingDirectory, ...rest } = server;
      return [name, workingDirectory === undefined ? rest : { ...rest, cwd: workingDirectory }];
    }),
  );
}

function customAgentPayload(agent: CustomAgentConfig): Json {
  return agent.mcpServers === undefined ? { ...agent } : { ...agent, mcpServers: mcpServersPayload(agent.mcpServers) };
}

function largeOutputPayload(config: NonNullable<SessionConfigBase["largeOutput"]>): Json {
  const { outputDirectory, ...rest } = config;
  return outputDirectory === undefined ? rest : { ...rest, outputDir: outputDirectory };
}
