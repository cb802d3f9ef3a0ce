// What programs do with clients, sessions and events, broadly: this must type-check against the official package and
// against ours, with nothing but the import changed. It is never run.
import {
  CopilotClient,
  RuntimeConnection,
  ToolSet,
  approveAll,
  defineTool,
  type AssistantMessageEvent,
  type CloudSessionOptions,
  type CloudSessionRepository,
  type CopilotSession,
  type ElicitationParams,
  type ElicitationSchema,
  type ElicitationSchemaField,
  type ForegroundSessionInfo,
  type GetAuthStatusResponse,
  type GetStatusResponse,
  type MessageOptions,
  type MessageSource,
  type ResumeSessionConfig,
  type SessionCapabilities,
  type SessionConfig,
  type SessionContext,
  type SessionEvent,
  type SessionFsFileInfo,
  type SessionFsProvider,
  type SessionLifecycleEvent,
  type SessionLifecycleEventType,
  type SessionLifecycleHandler,
  type SessionListFilter,
  type SessionMetadata,
  type SessionUiApi,
  type TypedSessionLifecycleHandler,
  type UiInputOptions,
} from "@github/copilot-sdk";

/** Sessions with every sort of config. */
export async function sessions(client: CopilotClient, files: SessionFsProvider): Promise<CopilotSession> {
  const repository: CloudSessionRepository = { owner: "octo", name: "demo", branch: "main" };
  const cloud: CloudSessionOptions = { repository };
  const config: SessionConfig = {
    sessionId: "mine",
    clientName: "app",
    model: "m",
    reasoningEffort: "high",
    reasoningSummary: "concise",
    contextTier: "default",
    streaming: true,
    tools: [defineTool("t", { handler: () => "x" })],
    availableTools: new ToolSet().addBuiltIn("*"),
    excludedTools: ["builtin:bash"],
    systemMessage: { mode: "append", content: "c" },
    workingDirectory: "/w",
    additionalDirectories: ["/x"],
    infiniteSessions: { enabled: false },
    onPermissionRequest: approveAll,
    onUserInputRequest: ({ question, choices, allowFreeform }, { sessionId }) => ({
      answer: choices?.[0] ?? `${question} ${sessionId}`,
      wasFreeform: allowFreeform !== false,
    }),
    onEvent: (event) => void event.type,
    createSessionFsProvider: (session) => (session.sessionId === "" ? missing : files),
    skipCustomInstructions: true,
    enableSessionTelemetry: false,
    gitHubToken: "g",
    featureFlags: { a: true },
  };
  const { sessionId: _id, ...rest } = config;
  await client.createSession({ ...rest, cloud });
  const resume: ResumeSessionConfig = { suppressResumeEvent: true, continuePendingWork: true, streaming: true };
  await client.resumeSession("mine", resume);
  return client.createSession(config);
}

const missing: SessionFsProvider = {
  readFile: async (path) => Promise.reject(new Error(path)),
  writeFile: async (_path, _content, _mode) => undefined,
  appendFile: async () => undefined,
  exists: async () => false,
  stat: async (): Promise<SessionFsFileInfo> => ({
    isFile: true,
    isDirectory: false,
    size: 1,
    mtime: new Date().toISOString(),
    birthtime: new Date().toISOString(),
  }),
  mkdir: async (_path, recursive) => void recursive,
  readdir: async () => ["a"],
  readdirWithTypes: async () => [{ name: "a", type: "file" }],
  rm: async (_path, _recursive, force) => void force,
  rename: async () => undefined,
};

/** The client's own calls. */
export async function clientCalls(): Promise<string[]> {
  await using client = new CopilotClient({ connection: RuntimeConnection.forStdio() });
  await client.start();
  const pong: { message: string; timestamp: string; protocolVersion?: number } = await client.ping("hi");
  const status: GetStatusResponse = await client.getStatus();
  const auth: GetAuthStatusResponse = await client.getAuthStatus();
  const models: string[] = (await client.listModels()).map((model) => model.id);
  const filter: SessionListFilter = { repository: "octo/demo", branch: "main" };
  const listed: SessionMetadata[] = await client.listSessions(filter);
  const context: SessionContext | undefined = listed[0]?.context;
  const one: SessionMetadata | undefined = await client.getSessionMetadata("id");
  const foreground: ForegroundSessionInfo = { sessionId: (await client.getForegroundSessionId()) ?? "" };
  await client.setForegroundSessionId("id");
  await client.deleteSession((await client.getLastSessionId()) ?? "");
  const onAny: SessionLifecycleHandler = (event: SessionLifecycleEvent) => void event.sessionId;
  const onCreated: TypedSessionLifecycleHandler<"session.created"> = ({ metadata }) =>
    void metadata.startTime.getTime();
  const kind: SessionLifecycleEventType = "session.deleted";
  const offs: (() => void)[] = [
    client.onLifecycle(onAny),
    client.onLifecycle("session.created", onCreated),
    client.onLifecycle(kind, (event) => void event.sessionId),
    client.onLifecycle((event) => event.type === "session.updated" && void event.metadata.summary?.length),
  ];
  for (const off of offs) off();
  const errors: Error[] = await client.stop();
  await client.forceStop();
  return [pong.message, status.version, auth.login ?? "", ...models, context?.workingDirectory ?? ""].concat(
    [one?.modifiedTime.toISOString() ?? "", foreground.workspacePath ?? ""],
    errors.map((error) => error.message),
  );
}

/** Messages, waits, forms and settings of a session. */
export async function sessionCalls(session: CopilotSession): Promise<(string | undefined)[]> {
  const source: MessageSource = "agent-7";
  const message: MessageOptions = {
    prompt: "p",
    source,
    mode: "immediate",
    agentMode: "plan",
    requestHeaders: { a: "b" },
    displayPrompt: "shown",
    attachments: [
      { type: "file", path: "a", displayName: "A" },
      { type: "directory", path: "b" },
      { type: "selection", filePath: "c", displayName: "C", text: "t" },
      { type: "blob", data: "", mimeType: "image/png" },
    ],
  };
  const ids: string[] = [await session.send("p"), await session.send(message)];
  const first: AssistantMessageEvent | undefined = await session.sendAndWait("p");
  const second = await session.sendAndWait("p", 1_000);
  const third = await session.sendAndWait(message, 1_000);
  const events: SessionEvent[] = await session.getEvents();
  const capabilities: SessionCapabilities = session.capabilities;
  const ui: SessionUiApi = session.ui;
  const field: ElicitationSchemaField = { type: "string", title: "T", enum: ["a"], default: "a" };
  const schema: ElicitationSchema = { type: "object", properties: { field, n: { type: "integer" } }, required: ["n"] };
  const params: ElicitationParams = { message: "m", requestedSchema: schema };
  const input: UiInputOptions = { title: "t", format: "email", minLength: 1 };
  const form = capabilities.ui?.elicitation === true ? await ui.elicitation(params) : undefined;
  const sure: boolean = await ui.confirm("sure?");
  const picked: string | null = await ui.select("which?", ["a", "b"]);
  const typed: string | null = await ui.input("name?", input);
  await session.setModel("m", { reasoningEffort: "low" });
  await session.log("line", { level: "warning", ephemeral: true });
  await session.abort();
  await session.disconnect();
  await session[Symbol.asyncDispose]();
  return [...ids, first?.data.content, second?.data.model, third?.id, events[0]?.type, session.workspacePath].concat([
    form?.action,
    String(sure),
    picked ?? undefined,
    typed ?? undefined,
  ]);
}
