// The SDK against the real runtime, over every way there is to it.
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { openLocalEngine } from "@narthex/engine";
import { Runtime } from "@narthex/runtime";
import {
  CopilotClient,
  RuntimeConnection,
  approveAll,
  defineTool,
  type CopilotClientOptions,
  type SessionEvent,
} from "@narthex/sdk";
import { Gateway, connectInProcess } from "@narthex/server";
import { startScriptedModel } from "@narthex/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { MAIN, makeRepository, start, tempFolder } from "./fixture.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

function clientOf(
  connection: CopilotClientOptions["connection"],
  home: string,
  env: Record<string, string> = {},
): CopilotClient {
  const client = new CopilotClient({
    ...(connection === undefined ? {} : { connection }),
    baseDirectory: home,
    env: { ...process.env, NARTHEX_HOME: home, ...env },
    logger: silent,
  });
  onTestFinished(() => client.forceStop());
  return client;
}

/** Starts `narthex serve` and gives its port. */
async function serve(home: string, env: Record<string, string> = {}): Promise<string> {
  const { child } = start(["serve", "--port", "0"], { env: { NARTHEX_HOME: home, ...env } });
  const [text] = (await once(child.stdout!, "data")) as [string];
  return /listening on port (\d+)/.exec(text)![1]!;
}

async function inProcess(home: string): Promise<CopilotClientOptions["connection"]> {
  const engine = await openLocalEngine({ directory: home });
  const runtime = new Runtime({
    engine,
    workspacesDirectory: path.join(home, "workspaces"),
    repositories: {},
    model: { kind: "offline" },
    defaultWorkingDirectory: home,
    remoteUrlOf: () => "http://in-process",
    logger: silent,
  });
  const gateway = new Gateway({ runtime, logger: silent });
  onTestFinished(async () => {
    await gateway.shutDown();
    gateway.close();
    await engine.close();
  });
  return RuntimeConnection.forInProcess({ connect: () => connectInProcess(gateway) });
}

const WAYS: Record<string, (home: string) => Promise<CopilotClientOptions["connection"]>> = {
  "stdio, the default, with the installed runtime": async () => undefined,
  stdio: async () => RuntimeConnection.forStdio({ path: MAIN }),
  tcp: async () => RuntimeConnection.forTcp({ path: MAIN }),
  "a running runtime": async (home) => RuntimeConnection.forUri(`127.0.0.1:${await serve(home)}`),
  "a running runtime over WebSocket": async (home) => RuntimeConnection.forUri(`ws://127.0.0.1:${await serve(home)}/`),
  "a duplex in this process": inProcess,
};

describe.each(Object.entries(WAYS))("over %s", (_name, way) => {
  it("creates a cloud session with everything on it, runs a turn, and ends in good order", async () => {
    const home = tempFolder();
    const client = clientOf(await way(home), home);
    const events: SessionEvent[] = [];
    const calls: string[] = [];
    const session = await client.createCloudSession({
      cloud: {},
      onEvent: (event) => events.push(event),
      onPermissionRequest: (request) => (calls.push(`permission ${request.kind}`), { kind: "approve-once" }),
      tools: [
        defineTool("deploy_window", {
          description: "When may this be deployed?",
          parameters: z.object({ service: z.string() }),
          handler: ({ service }) => (calls.push(`tool ${service}`), `${service}: weekdays`),
        }),
      ],
      hooks: { onPreToolUse: ({ toolName }) => void calls.push(`hook ${toolName}`) },
      commands: [{ name: "note", handler: ({ args }) => void calls.push(`command ${args}`) }],
      systemMessage: {
        mode: "customize",
        sections: { tone: { action: (text) => (calls.push("transform"), `${text}!`) } },
      },
    });
    expect(session.remoteUrl).toMatch(/^http:/);
    expect(events.map((event) => event.type)).toEqual(expect.arrayContaining(["session.start", "session.info"]));
    const answer = await session.sendAndWait('use the tool deploy_window with {"service": "billing"}');
    expect(answer?.data.content).toContain("billing: weekdays");
    expect(calls).toEqual(["transform", "hook deploy_window", "permission custom-tool", "tool billing"]);
    const stored = await session.getEvents();
    expect(stored).toEqual(events.filter((event) => event.ephemeral !== true));
    expect((await client.listSessions()).map((entry) => entry.sessionId)).toEqual([session.sessionId]);
    expect(await client.getLastSessionId()).toBe(session.sessionId);
    expect((await client.getSessionMetadata(session.sessionId))?.isRemote).toBe(true);
    await session.disconnect();
    await expect(session.send("gone")).rejects.toMatchObject({ code: "SESSION_DISCONNECTED" });
    const again = await client.resumeSession(session.sessionId, { onPermissionRequest: approveAll });
    expect((await again.sendAndWait("list files"))?.data.content).toContain("ffline planner");
    await client.deleteSession(session.sessionId);
    expect(await client.getSessionMetadata(session.sessionId)).toBeUndefined();
    expect(await client.stop()).toEqual([]);
  });
});

describe("a client and its runtime", () => {
  it("sees sessions come and go, and goes on with a session after the runtime was started anew", async () => {
    const home = tempFolder();
    const one = clientOf(RuntimeConnection.forTcp({ path: MAIN }), home);
    await one.start();
    const seen: string[] = [];
    one.onLifecycle((event) => seen.push(event.type));
    const first = await one.createSession({ sessionId: "mine" });
    await first.sendAndWait("list files");
    expect(seen).toContain("session.created");
    expect(await one.stop()).toEqual([]);
    const two = clientOf(RuntimeConnection.forTcp({ path: MAIN }), home);
    const resumed = await two.resumeSession("mine");
    const before = (await resumed.getEvents()).map((event) => event.type);
    expect(before).toEqual(expect.arrayContaining(["user.message", "assistant.message", "session.resume"]));
    await two.stop();
  });

  it("reads a session's events from any place, replayed and live, like its handlers saw them", async () => {
    const client = clientOf(undefined, tempFolder());
    const handled: SessionEvent[] = [];
    const session = await client.createCloudSession({
      cloud: {},
      streaming: true,
      onPermissionRequest: approveAll,
      onEvent: (event) => handled.push(event),
    });
    const live: SessionEvent[] = [];
    const reading = (async () => {
      for await (const event of session.events()) live.push(event);
    })();
    await session.sendAndWait("list files");
    const middle = handled.at(-1)!;
    await session.sendAndWait("what changed last");
    const replayed: SessionEvent[] = [];
    for await (const event of session.events({ after: middle.id, follow: false })) replayed.push(event);
    const ids = (events: readonly SessionEvent[]): string[] => events.map(({ id }) => id);
    expect(ids(replayed)).toEqual(ids(handled.slice(handled.indexOf(middle) + 1)));
    const chosen: string[] = [];
    for await (const event of session.events({ types: ["user.message"], follow: false })) chosen.push(event.type);
    expect(chosen).toEqual(["user.message", "user.message"]);
    await session.disconnect();
    await reading; // ends with the session, not with an error
    expect(ids(live)).toEqual(ids(handled).slice(0, live.length));
    expect(ids(live)).toContain(middle.id);
    await client.stop();
  });

  it("aborts a turn; sendAndWait tells it apart, and the next turn is its own", async () => {
    const model = await startScriptedModel({ hangAfter: "well" }, { text: "second" });
    onTestFinished(() => model.close());
    const home = tempFolder();
    const client = clientOf(RuntimeConnection.forTcp({ path: MAIN }), home, {
      NARTHEX_MODEL: "m",
      NARTHEX_MODEL_BASE_URL: model.baseUrl,
    });
    const session = await client.createCloudSession({ cloud: {}, streaming: true });
    const delta = new Promise<void>((resolve) => session.on("assistant.message_delta", () => resolve()));
    const turn = session.sendAndWait("one");
    await delta;
    await session.abort();
    await expect(turn).rejects.toMatchObject({ code: "ABORTED" });
    expect((await session.sendAndWait("two"))?.data.content).toBe("second");
    await client.stop();
  });

  it("asks the person behind the application, in forms too", async () => {
    const home = tempFolder();
    const client = clientOf(RuntimeConnection.forTcp({ path: MAIN }), home);
    const session = await client.createCloudSession({
      cloud: {},
      onUserInputRequest: ({ question }) => ({ answer: `about "${question}": green`, wasFreeform: true }),
      onElicitationRequest: ({ message }) => ({ action: "accept", content: { value: message === "Sure?" } }),
    });
    expect(session.capabilities.ui?.elicitation).toBe(true);
    expect(await session.ui.confirm("Sure?")).toBe(true);
    expect((await session.sendAndWait("ask me which colour I like"))?.data.content).toContain("green");
    await client.stop();
  });

  it("clones the repository it is told to, from the folder of the runtime", async () => {
    const base = tempFolder();
    makeRepository({ "a.txt": "hello\n" }, path.join(base, "octo", "demo"));
    const home = tempFolder();
    const client = clientOf(RuntimeConnection.forStdio({ path: MAIN }), home, { NARTHEX_REPOSITORIES: base });
    const session = await client.createCloudSession({ cloud: { repository: { owner: "octo", name: "demo" } } });
    const context = (await session.getEvents()).find((event) => event.type === "session.context_changed");
    expect(context?.data).toMatchObject({ repository: "octo/demo", branch: "main" });
    const missing = client.createCloudSession({ cloud: { repository: { owner: "octo", name: "none" } } });
    await expect(missing).rejects.toMatchObject({ code: "REPOSITORY_NOT_FOUND" });
    await client.stop();
  });
});

describe("a runtime that does not come up", () => {
  it("is not there", async () => {
    const client = clientOf(RuntimeConnection.forStdio({ path: "/no/such/runtime" }), tempFolder());
    await expect(client.start()).rejects.toMatchObject({ code: "RUNTIME_NOT_FOUND" });
  });

  it.each(["stdio", "tcp"] as const)("dies at start, over %s, and says what it said", async (kind) => {
    const folder = tempFolder();
    const program = path.join(folder, "dies.js");
    writeFileSync(program, 'console.error("no disk left"); process.exit(7);');
    const connection =
      kind === "stdio" ? RuntimeConnection.forStdio({ path: program }) : RuntimeConnection.forTcp({ path: program });
    const failure = clientOf(connection, folder).start();
    await expect(failure).rejects.toMatchObject({ code: "RUNTIME_EXITED" });
    await expect(failure).rejects.toThrow(/exit code 7.*no disk left/s);
  });

  it("never says where it listens", async () => {
    const folder = tempFolder();
    const program = path.join(folder, "silent.js");
    writeFileSync(program, "setInterval(() => {}, 1000);");
    const client = new CopilotClient({
      connection: RuntimeConnection.forTcp({ path: program }),
      startTimeoutMs: 300,
      logger: silent,
    });
    await expect(client.start()).rejects.toMatchObject({ code: "RUNTIME_START_TIMEOUT" });
  });

  it("wants another token", async () => {
    const port = await serve(tempFolder(), { NARTHEX_CONNECTION_TOKEN: "right" });
    const connect = (connectionToken?: string) =>
      clientOf(
        RuntimeConnection.forUri(port, connectionToken === undefined ? {} : { connectionToken }),
        tempFolder(),
      ).start();
    await expect(connect("wrong")).rejects.toMatchObject({ code: "AUTHENTICATION_FAILED" });
    await expect(connect()).rejects.toMatchObject({ code: "AUTHENTICATION_FAILED" });
    await connect("right");
  });

  it("has a data directory that cannot be used", async () => {
    const folder = tempFolder();
    const file = path.join(folder, "file");
    writeFileSync(file, "");
    const client = clientOf(RuntimeConnection.forTcp({ path: MAIN }), file);
    await expect(client.start()).rejects.toThrow(/STORE_UNAVAILABLE/);
  });
});
