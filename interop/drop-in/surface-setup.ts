// What programs set up with the SDK, broadly: this must type-check against the official package and against ours, with
// nothing but the import changed. It is never run.
import {
  RuntimeConnection,
  ToolSet,
  approveAll,
  convertMcpCallToolResult,
  createAttributedPermissionResult,
  defineTool,
  type AgentStopHandler,
  type AttributedPermissionResult,
  type AutoModeSwitchHandler,
  type BearerTokenProvider,
  type ChildProcessRuntimeConnection,
  type CommandDefinition,
  type CommandHandler,
  type CopilotClientInfo,
  type CopilotClientOptions,
  type CustomAgentConfig,
  type DefaultAgentConfig,
  type ElicitationHandler,
  type ElicitationResult,
  type ExitPlanModeHandler,
  type InfiniteSessionConfig,
  type LargeToolOutputConfig,
  type MCPHTTPServerConfig,
  type MCPServerConfig,
  type MCPStdioServerConfig,
  type MemoryConfiguration,
  type ModelBilling,
  type ModelCapabilitiesOverride,
  type ModelInfo,
  type NamedProviderConfig,
  type PermissionDecisionContext,
  type PermissionHandler,
  type PermissionRequest,
  type PermissionRequestResult,
  type ProviderConfig,
  type ProviderModelConfig,
  type RemoteSessionMode,
  type SectionOverride,
  type SectionTransformFn,
  type SessionFsConfig,
  type SessionHooks,
  type SystemMessageConfig,
  type SystemMessageSection,
  type TelemetryConfig,
  type Tool,
  type ToolHandler,
  type ToolInvocation,
  type ToolResultObject,
  type ToolSearchConfig,
  type TraceContextProvider,
  type UserPromptTransformedHandler,
  type ZodSchema,
} from "@github/copilot-sdk";
import { z } from "zod";

// Connections and client options.
export const start: ChildProcessRuntimeConnection = {
  path: "/opt/runtime",
  args: ["--log-level", "debug"],
  env: { A: "b" },
};
export const connections = [
  RuntimeConnection.forStdio(),
  RuntimeConnection.forStdio({ path: "/opt/runtime", args: ["-v"] as const }),
  RuntimeConnection.forTcp({ port: 0, connectionToken: "t", ...start }),
  RuntimeConnection.forUri("localhost:3000", { connectionToken: "t" }),
  RuntimeConnection.forInProcess(),
];
export const aConnection: RuntimeConnection | undefined = connections.find((each) => each.kind === "uri");
export const clientInfo: CopilotClientInfo = { applicationName: "app", applicationVersion: "1.0.0" };
export const sessionFs: SessionFsConfig = { initialCwd: "/w", sessionStatePath: "/s", conventions: "posix" };
export const telemetry: TelemetryConfig = { otlpEndpoint: "http://127.0.0.1:4318", captureContent: false };
export const onGetTraceContext: TraceContextProvider = async () => ({ traceparent: "00-a-b-01" });
export const price: ModelBilling = { multiplier: 1, tokenPrices: { inputPrice: 1, longContext: { outputPrice: 2 } } };
export const model: ModelInfo = {
  id: "m",
  name: "M",
  capabilities: { supports: { vision: false, reasoningEffort: true }, limits: { max_context_window_tokens: 8000 } },
  policy: { state: "enabled", terms: "" },
  billing: price,
  supportedReasoningEfforts: ["low", "high"],
};
export const options: CopilotClientOptions = {
  ...(aConnection === undefined ? {} : { connection: aConnection }),
  workingDirectory: "/w",
  baseDirectory: "/b",
  logLevel: "warning",
  env: { PATH: "/bin", NOTHING: undefined },
  gitHubToken: "g",
  useLoggedInUser: false,
  onListModels: () => [model],
  telemetry,
  onGetTraceContext,
  sessionFs,
  sessionIdleTimeoutSeconds: 60,
  enableRemoteSessions: false,
  clientInfo,
};

// Tools, with every sort of parameters and results.
export const schema: ZodSchema<{ city: string }> = z.object({ city: z.string() });
export const weather = defineTool("weather", {
  description: "Weather",
  parameters: schema,
  handler: async ({ city }, { sessionId, toolCallId, signal }: ToolInvocation): Promise<ToolResultObject> => ({
    textResultForLlm: `${city} ${sessionId} ${toolCallId} ${signal?.aborted === true}`,
    resultType: "success",
    binaryResultsForLlm: [{ data: "", mimeType: "image/png", type: "image", description: "a map" }],
    toolTelemetry: { properties: { a: 1, b: [true, null] } },
  }),
  skipPermission: true,
  defer: "never",
});
export const inferred = defineTool("add", {
  parameters: z.object({ a: z.number(), b: z.number().optional() }),
  handler: ({ a, b = 0 }) => a + b,
});
export const handler: ToolHandler = (args) => JSON.stringify(args);
export const raw: Tool = {
  name: "raw",
  parameters: { type: "object", properties: { x: { type: "string" } } },
  handler,
};
export const declared: Tool = { name: "declared", description: "answered elsewhere", overridesBuiltInTool: true };
export const converted: ToolResultObject = convertMcpCallToolResult({
  content: [
    { type: "text", text: "t" },
    { type: "image", data: "", mimeType: "image/png" },
    { type: "resource", resource: { uri: "file:///x", text: "t" } },
  ],
  isError: false,
});
export const toolSet = new ToolSet().addBuiltIn("*").addBuiltIn(["bash"]).addCustom("weather").addMcp("*");
export const toolSearch: ToolSearchConfig = { enabled: true, deferThreshold: 10 };
export const onDeploy: CommandHandler = async ({ sessionId, command, commandName, args }) =>
  void [sessionId, command, commandName, args].join(" ");
export const commands: CommandDefinition[] = [{ name: "deploy", description: "d", handler: onDeploy }];

// Permissions and questions.
export const decisionContext: PermissionDecisionContext = {
  outcome: "prompted_user",
  source: "human_response",
  surface: "sdk",
  responseCapability: "interactive",
};
export const decide = (request: PermissionRequest): PermissionRequestResult | AttributedPermissionResult => {
  switch (request.kind) {
    case "shell": {
      const programs: string[] = request.commands.map((command) => command.identifier);
      return programs.includes("rm") || request.hasWriteFileRedirection
        ? { kind: "reject", feedback: request.fullCommandText }
        : { kind: "approve-once" };
    }
    case "write":
      return createAttributedPermissionResult(
        request.diff.length > 0 && request.fileName !== "" ? { kind: "approve-for-session" } : { kind: "no-result" },
        decisionContext,
      );
    case "read":
      return request.path === "/" ? { kind: "user-not-available" } : { kind: "approve-once" };
    case "url":
      return { kind: "approve-permanently", domain: new URL(request.url).hostname };
    case "mcp":
      return request.readOnly ? { kind: "approve-once" } : { kind: "reject", feedback: request.toolName };
    case "custom-tool":
      return { kind: "reject", feedback: `${request.toolName} ${request.toolDescription}` };
    default:
      return { kind: "reject" };
  }
};
export const onPermissionRequest: PermissionHandler = async (request, invocation) =>
  request.managedApprovalRequired === true ? approveAll(request, invocation) : decide(request);
export const onElicitationRequest: ElicitationHandler = ({ message, requestedSchema, mode, url }): ElicitationResult =>
  mode === "url"
    ? { action: "cancel" }
    : { action: "accept", content: { message, keys: Object.keys(requestedSchema?.properties ?? {}), url: url ?? "" } };
export const onExitPlanModeRequest: ExitPlanModeHandler = ({ recommendedAction, actions }) => ({
  approved: actions.includes(recommendedAction),
  selectedAction: recommendedAction,
});
export const onAutoModeSwitchRequest: AutoModeSwitchHandler = ({ retryAfterSeconds }) =>
  (retryAfterSeconds ?? 0) > 60 ? "yes" : "no";

// Hooks.
export const onAgentStop: AgentStopHandler = ({ stopReason, stopHookActive }) =>
  stopHookActive === true || stopReason === "error" ? undefined : { decision: "block", reason: "go on" };
export const onUserPromptTransformed: UserPromptTransformedHandler = ({ transformedPrompt }) => ({
  modifiedTransformedPrompt: transformedPrompt.trim(),
});
export const hooks: SessionHooks = {
  onPreToolUse: ({ toolName, toolArgs, timestamp, workingDirectory }, { sessionId }) => ({
    permissionDecision: toolName === "bash" ? "ask" : "allow",
    permissionDecisionReason: `${timestamp.getTime()} ${workingDirectory} ${sessionId}`,
    modifiedArgs: toolArgs,
    additionalContext: "c",
  }),
  onPreMcpToolCall: ({ serverName, _meta }) => ({ metaToUse: serverName === "" ? null : { ..._meta } }),
  onPostToolUse: async ({ toolResult }) => ({ modifiedResult: { ...toolResult, resultType: "success" } }),
  onPostToolUseFailure: ({ error }) => ({ additionalContext: error }),
  onUserPromptSubmitted: ({ prompt }) => ({ modifiedPrompt: prompt, suppressOutput: false }),
  onUserPromptTransformed,
  onSessionStart: ({ source, initialPrompt }) => ({ additionalContext: `${source} ${initialPrompt ?? ""}` }),
  onSessionEnd: ({ reason, finalMessage }) => ({ sessionSummary: `${reason} ${finalMessage ?? ""}` }),
  onErrorOccurred: ({ recoverable, errorContext }) => ({
    errorHandling: recoverable && errorContext === "model_call" ? "retry" : "abort",
    retryCount: 1,
  }),
  onAgentStop,
};

// System message, agents, servers, providers.
export const transform: SectionTransformFn = async (content) => content.toUpperCase();
export const tone: SectionOverride = { action: transform };
export const section: SystemMessageSection = "code_change_rules";
export const systemMessages: SystemMessageConfig[] = [
  { content: "added" },
  { mode: "append", content: "added" },
  { mode: "replace", content: "all" },
  { mode: "customize", sections: { identity: { action: "remove" }, tone, [section]: tone }, content: "end" },
];
export const local: MCPStdioServerConfig = { command: "server", args: ["-x"], env: { A: "b" }, workingDirectory: "/w" };
export const remote: MCPHTTPServerConfig = {
  type: "http",
  url: "https://example.com/mcp",
  headers: { a: "b" },
  tools: ["*"],
};
export const mcpServers: Record<string, MCPServerConfig> = { local, remote };
export const agent: CustomAgentConfig = { name: "a", prompt: "p", tools: null, mcpServers, skills: ["s"], infer: true };
export const defaultAgent: DefaultAgentConfig = { excludedTools: ["x"] };
export const bearerTokenProvider: BearerTokenProvider = async ({ providerName, sessionId }) =>
  `${providerName} ${sessionId}`;
export const provider: ProviderConfig = { type: "openai", baseUrl: "http://127.0.0.1:1/v1", bearerTokenProvider };
export const named: NamedProviderConfig = {
  name: "n",
  type: "azure",
  baseUrl: "https://x",
  azure: { apiVersion: "v" },
};
export const modelCapabilities: ModelCapabilitiesOverride = {
  limits: { max_output_tokens: 10 },
  supports: { vision: true },
};
export const named1: ProviderModelConfig = { id: "m", provider: "n", capabilities: modelCapabilities };
export const infiniteSessions: InfiniteSessionConfig = { enabled: true, backgroundCompactionThreshold: 0.8 };
export const largeOutput: LargeToolOutputConfig = { maxSizeBytes: 1024, outputDirectory: "/tmp" };
export const memory: MemoryConfiguration = { enabled: false };
export const remoteSession: RemoteSessionMode = "off";
