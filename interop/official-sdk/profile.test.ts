import {
  CopilotClient,
  CopilotRequestHandler,
  RuntimeConnection,
  type CopilotClientOptions,
} from "@github/copilot-sdk";
import { describe, expect, it, onTestFinished } from "vitest";
import { cleanEnvironment, tempFolder } from "../stand/environment.ts";
import { NARTHEX_RUNTIME } from "../stand/places.ts";

function client(options: CopilotClientOptions = {}): CopilotClient {
  const connection = RuntimeConnection.forStdio({ path: NARTHEX_RUNTIME, env: cleanEnvironment() });
  const made = new CopilotClient({ connection, workingDirectory: tempFolder(), ...options });
  onTestFinished(() => made.forceStop());
  return made;
}

describe("the edge of what our runtime does for the official SDK", () => {
  it("takes settings that it has no use for, and those that the SDK sends after the create", async () => {
    const made = client({
      clientInfo: { applicationName: "app" },
      logLevel: "error",
      sessionIdleTimeoutSeconds: 60,
      enableRemoteSessions: true,
      onGitHubTelemetry: () => undefined,
    });
    const session = await made.createSession({
      skipCustomInstructions: true,
      coauthorEnabled: false,
      customAgentsLocalOnly: true,
      customAgents: [{ name: "a", prompt: "p" }],
      mcpServers: { none: { command: "no-such-program" } },
      infiniteSessions: { enabled: false },
      largeOutput: { enabled: true, outputDirectory: "/nowhere" },
      onExitPlanModeRequest: () => ({ approved: true }),
      onAutoModeSwitchRequest: () => "no",
      enableConfigDiscovery: true,
      featureFlags: { a: true },
    });
    expect((await session.sendAndWait("list files"))?.data.content).toMatch(/planner/);
    expect(await made.stop()).toEqual([]);
  });

  it("works for a client that starts from nothing (mode empty)", async () => {
    const made = client({ mode: "empty", baseDirectory: tempFolder() });
    const session = await made.createSession({ availableTools: ["builtin:glob", "builtin:view"] });
    expect((await session.sendAndWait("list files"))?.data.content).toMatch(/planner/);
    expect(await made.stop()).toEqual([]);
  });

  it.each<[string, CopilotClientOptions]>([
    ["sessionFs", { sessionFs: { initialCwd: "/w", sessionStatePath: "/s", conventions: "posix" } }],
    ["builtinPluginDirectories", { builtinPluginDirectories: ["/plugins"] }],
    ["requestHandler", { requestHandler: new CopilotRequestHandler() }],
  ])("says that %s is outside of its profile", async (_name, options) => {
    await expect(client(options).start()).rejects.toThrow(/not supported in profile/);
  });

  it("says that onMcpAuthRequest is outside of its profile, and the client goes on", async () => {
    const made = client();
    await expect(made.createSession({ onMcpAuthRequest: () => null })).rejects.toThrow(/not supported in profile/);
    expect(await made.ping("still there")).toMatchObject({ message: "pong: still there" });
    expect(await made.stop()).toEqual([]);
  });
});
