import { NarthexError } from "@narthex/protocol";
import { Arrivals } from "@narthex/testkit";
import { describe, expect, it } from "vitest";
import type { SessionEvent } from "../src/index.ts";
import { connectedPair, messagesOf } from "./fixture.ts";

const info = (message: string) => ({ infoType: "test", message });

/** Until a reply given just now is in the outbound queue, within the same turn of the event loop. */
async function responseWritten(): Promise<void> {
  for (let step = 0; step < 10; step += 1) await Promise.resolve();
}

describe("entry", () => {
  it.each([
    ["no cloud (entry-1)", {}, "CLOUD_CONFIG_REQUIRED", /cloud/],
    ["a sessionId (entry-1)", { cloud: {}, sessionId: "mine" }, "CLOUD_SESSION_ID_NOT_ALLOWED", /sessionId/],
    ["a provider (entry-1)", { cloud: {}, provider: { baseUrl: "x" } }, "CLOUD_PROVIDER_NOT_ALLOWED", /provider/],
    ["providers (entry-1)", { cloud: {}, providers: [] }, "CLOUD_PROVIDER_NOT_ALLOWED", /providers/],
    ["a bad repository", { cloud: { repository: { owner: "a/b", name: "c" } } }, "REPOSITORY_NAME_INVALID", /owner/],
  ])("refuses a config with %s before any frame", async (_name, config, code, text) => {
    const { client, runtime } = await connectedPair();
    const failure: unknown = await client.createCloudSession(config as never).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code });
    expect((failure as Error).message).toMatch(text);
    expect(runtime.untakenCalls).toEqual([]);
  });

  it("refuses cloud in createSession and names createCloudSession (entry-2)", async () => {
    const { client, runtime } = await connectedPair();
    const failure = client.createSession({ cloud: {} });
    await expect(failure).rejects.toMatchObject({ code: "CLOUD_NEEDS_CREATE_CLOUD_SESSION" });
    await expect(failure).rejects.toThrow(/createCloudSession/);
    expect(runtime.untakenCalls).toEqual([]);
  });

  it("sends no sessionId and no provider, and the flags as the config has them (entry-3)", async () => {
    const { client, runtime } = await connectedPair();
    void client
      .createCloudSession({
        cloud: { repository: { owner: "octo", name: "demo", branch: "dev" } },
        infiniteSessions: { enabled: true, backgroundCompactionThreshold: 0.8 },
        onPermissionRequest: () => ({ kind: "approve-once" }),
        hooks: { onPreToolUse: () => undefined },
        model: "m",
      })
      .catch(() => undefined);
    const { params } = await runtime.nextCall("session.create");
    expect(Object.keys(params)).not.toContain("sessionId");
    expect(Object.keys(params)).not.toContain("provider");
    expect(params).toMatchObject({
      cloud: { repository: { owner: "octo", name: "demo", branch: "dev" } },
      infiniteSessions: { enabled: true, backgroundCompactionThreshold: 0.8 },
      requestPermission: true,
      requestUserInput: false,
      requestElicitation: false,
      requestExitPlanMode: false,
      requestAutoModeSwitch: false,
      hooks: true,
      model: "m",
    });
  });

  it("takes the runtime's id, its remoteUrl and its workspace (entry-4)", async () => {
    const { client, runtime } = await connectedPair();
    const creating = client.createCloudSession({ cloud: {} });
    (await runtime.nextCall("session.create")).reply({
      sessionId: "s-1",
      remoteUrl: "http://x/s-1",
      workspacePath: "/w",
    });
    const session = await creating;
    expect(session).toMatchObject({ sessionId: "s-1", remoteUrl: "http://x/s-1", workspacePath: "/w" });
  });

  it("fills remoteUrl from session.info when the response has none (entry-4)", async () => {
    const { client, runtime } = await connectedPair();
    const creating = client.createCloudSession({ cloud: {} });
    const create = await runtime.nextCall("session.create");
    runtime.event("s-1", "session.info", { infoType: "remote", message: "", url: "http://late/s-1" });
    create.reply({ sessionId: "s-1" });
    expect((await creating).remoteUrl).toBe("http://late/s-1");
  });

  it("hands the runtime's error through whole (entry-6)", async () => {
    const { client, runtime } = await connectedPair();
    const creating = client.createCloudSession({ cloud: {} });
    const failure = new NarthexError("REQUEST_FAILED", "not here", {
      rpcCode: -32042,
      data: { reason: "policy_blocked" },
    });
    (await runtime.nextCall("session.create")).fail(failure);
    await expect(creating).rejects.toMatchObject({
      rpcCode: -32042,
      message: "not here",
      data: { reason: "policy_blocked" },
    });
  });
});

describe("parking and hand-over", () => {
  it("delivers early events once, in order, to the handler of the config (park-1)", async () => {
    const { client, runtime } = await connectedPair();
    const seen: SessionEvent[] = [];
    const creating = client.createCloudSession({ cloud: {}, onEvent: (event) => seen.push(event) });
    const create = await runtime.nextCall("session.create");
    for (let n = 0; n < 50; n += 1) runtime.event("s-1", "session.info", info(`e${n}`));
    create.reply({ sessionId: "s-1" });
    const session = await creating;
    expect(messagesOf(seen)).toEqual(Array.from({ length: 50 }, (_, n) => `e${n}`));
    expect(session.startup).toMatchObject({ parkedEvents: 50, droppedEvents: 0 });
  });

  it("shows early events to a handler attached right after the await (park-2)", async () => {
    const { client, runtime } = await connectedPair();
    const creating = client.createCloudSession({ cloud: {} });
    const create = await runtime.nextCall("session.create");
    runtime.event("s-1", "session.info", info("early"));
    create.reply({ sessionId: "s-1" });
    await responseWritten();
    runtime.event("s-1", "session.info", info("behind the response"));
    const session = await creating;
    const seen = new Arrivals<SessionEvent>();
    session.on((event) => seen.push(event));
    runtime.event("s-1", "session.info", info("later"));
    const messages = [await seen.next("1"), await seen.next("2"), await seen.next("3")];
    expect(messagesOf(messages)).toEqual(["early", "behind the response", "later"]);
    expect(seen.rest).toEqual([]);
  });

  it("answers early requests once, after registration, with the handlers' values (park-3)", async () => {
    const { client, runtime } = await connectedPair();
    let isRegistered = false;
    const calls: string[] = [];
    const note = (name: string): void => {
      expect(isRegistered).toBe(true);
      calls.push(name);
    };
    const creating = client.createCloudSession({
      cloud: {},
      onUserInputRequest: ({ question }) => (note("input"), { answer: `to ${question}`, wasFreeform: true }),
      onExitPlanModeRequest: () => (note("plan"), { approved: false, feedback: "no" }),
      onAutoModeSwitchRequest: () => (note("auto"), "yes_always"),
      hooks: {
        onPreToolUse: ({ toolName }) => (
          note("hook"),
          { permissionDecision: "deny", permissionDecisionReason: toolName }
        ),
      },
      systemMessage: { mode: "customize", sections: { tone: { action: (text) => (note("transform"), `${text}!`) } } },
    });
    const create = await runtime.nextCall("session.create");
    const sessionId = "s-1";
    const replies = Promise.all([
      runtime.request("userInput.request", { sessionId, question: "q" }),
      runtime.request("exitPlanMode.request", { sessionId, summary: "s", actions: [], recommendedAction: "exit_only" }),
      runtime.request("autoModeSwitch.request", { sessionId }),
      runtime.request("hooks.invoke", { sessionId, hookType: "preToolUse", input: { toolName: "bash", toolArgs: {} } }),
      runtime.request("systemMessage.transform", { sessionId, sections: { tone: { content: "calm" } } }),
    ]);
    await client.ping(); // everything before it has been read
    expect(calls).toEqual([]);
    isRegistered = true;
    create.reply({ sessionId });
    expect(await replies).toEqual([
      { answer: "to q", wasFreeform: true },
      { approved: false, feedback: "no" },
      { response: "yes_always" },
      { output: { permissionDecision: "deny", permissionDecisionReason: "bash" } },
      { sections: { tone: { content: "calm!" } } },
    ]);
    expect(calls.toSorted()).toEqual(["auto", "hook", "input", "plan", "transform"]);
    await creating;
  });

  it("answers early broadcast requests by their calls, once each", async () => {
    const { client, runtime } = await connectedPair();
    const creating = client.createCloudSession({
      cloud: {},
      onPermissionRequest: () => ({ kind: "approve-once" }),
      tools: [{ name: "add", handler: ({ a, b }: { a: number; b: number }) => String(a + b) }],
    });
    const create = await runtime.nextCall("session.create");
    const permission = {
      requestId: "p1",
      permissionRequest: { kind: "custom-tool", toolName: "add", toolDescription: "" },
    };
    runtime.event("s-1", "permission.requested", permission);
    runtime.event("s-1", "permission.requested", permission);
    runtime.event("s-1", "external_tool.requested", {
      requestId: "t1",
      toolCallId: "c",
      toolName: "add",
      arguments: { a: 2, b: 3 },
    });
    create.reply({ sessionId: "s-1" });
    await creating;
    const decided = await runtime.nextCall("session.permissions.handlePendingPermissionRequest");
    expect(decided.params).toEqual({ sessionId: "s-1", requestId: "p1", result: { kind: "approve-once" } });
    const ran = await runtime.nextCall("session.tools.handlePendingToolCall");
    expect(ran.params).toEqual({ sessionId: "s-1", requestId: "t1", result: "5" });
    expect(runtime.untakenCalls.map((call) => call.method)).toEqual([]);
  });

  it("refuses an early request with malformed params at once (park-5)", async () => {
    const { client, runtime } = await connectedPair();
    const creating = client.createCloudSession({
      cloud: {},
      onUserInputRequest: () => ({ answer: "", wasFreeform: true }),
    });
    const create = await runtime.nextCall("session.create");
    await expect(runtime.request("userInput.request", { sessionId: "s-1" })).rejects.toMatchObject({
      code: "INVALID_PARAMS",
    });
    await expect(runtime.request("userInput.request", { question: "whose?" })).rejects.toMatchObject({
      rpcCode: -32602,
    });
    create.reply({ sessionId: "s-1" });
    await creating;
  });

  it("never lets live traffic overtake parked traffic, 1,000 times over (order-2, order-3)", async () => {
    const { client, runtime } = await connectedPair();
    for (let round = 0; round < 1_000; round += 1) {
      const seen: SessionEvent[] = [];
      const done = new Arrivals<SessionEvent>();
      const creating = client.createCloudSession({
        cloud: {},
        onEvent: (event) => {
          seen.push(event);
          if (seen.length === 4) done.push(event);
        },
      });
      const create = await runtime.nextCall("session.create");
      const id = `s-${round}`;
      runtime.event(id, "session.info", info("1"));
      runtime.event(id, "session.info", info("2"));
      create.reply({ sessionId: id }); // written in the same turn of the loop as what follows: one segment
      await responseWritten();
      runtime.event(id, "session.info", info("3"));
      runtime.event(id, "session.info", info("4"));
      await Promise.all([creating, done.next("the fourth event")]);
      expect(messagesOf(seen)).toEqual(["1", "2", "3", "4"]);
    }
  });

  it("binds responses in the opposite order to the right configs, and leaves the other's traffic alone (guard-6, park-6)", async () => {
    const { client, runtime } = await connectedPair();
    const seenA: SessionEvent[] = [];
    const seenB: SessionEvent[] = [];
    const a = client.createCloudSession({ cloud: {}, model: "A", onEvent: (event) => seenA.push(event) });
    const createA = await runtime.nextCall("session.create");
    const b = client.createCloudSession({ cloud: {}, model: "B", onEvent: (event) => seenB.push(event) });
    const createB = await runtime.nextCall("session.create");
    runtime.event("id-a", "session.info", info("for a"));
    runtime.event("id-b", "session.info", info("for b"));
    createB.reply({ sessionId: "id-b" });
    expect((await b).sessionId).toBe("id-b");
    expect(messagesOf(seenB)).toEqual(["for b"]);
    expect(seenA).toEqual([]);
    createA.reply({ sessionId: "id-a" });
    expect((await a).sessionId).toBe("id-a");
    expect(messagesOf(seenA)).toEqual(["for a"]);
  });
});

describe("requests that the create itself needs (adopt-1)", () => {
  const files = new Map<string, string>();
  const fsOf = () => ({
    readFile: async (file: string) => {
      const content = files.get(file);
      if (content === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
      return content;
    },
    writeFile: async (file: string, content: string) => void files.set(file, content),
    appendFile: async () => undefined,
    exists: async (file: string) => files.has(file),
    stat: async () => ({ isFile: true, isDirectory: false, size: 0, mtime: "", birthtime: "" }),
    mkdir: async () => undefined,
    readdir: async () => [],
    readdirWithTypes: async () => [],
    rm: async () => undefined,
    rename: async () => undefined,
  });
  const config = { cloud: {}, createSessionFsProvider: fsOf };

  it("are served before the response, and the session is the one that served them", async () => {
    const { client, runtime } = await connectedPair();
    let made = 0;
    const creating = client.createCloudSession({ cloud: {}, createSessionFsProvider: () => (made++, fsOf()) });
    const create = await runtime.nextCall("session.create");
    const call = (method: string, params: object) =>
      runtime.request(`sessionFs.${method}`, { sessionId: "s-1", ...params });
    expect(await call("readFile", { path: "/state" })).toEqual({
      content: "",
      error: { code: "ENOENT", message: "no such file" },
    });
    expect(await call("writeFile", { path: "/state", content: "kept" })).toBeNull();
    create.reply({ sessionId: "s-1" });
    expect((await creating).sessionId).toBe("s-1");
    expect(await call("readFile", { path: "/state" })).toEqual({ content: "kept" });
    expect(made).toBe(1);
  });

  it("fail the create when the response names another session, and both are cleaned up", async () => {
    const { client, runtime } = await connectedPair();
    const creating = client.createCloudSession(config);
    const create = await runtime.nextCall("session.create");
    await runtime.request("sessionFs.exists", { sessionId: "s-1", path: "/x" });
    create.reply({ sessionId: "s-2" });
    await expect(creating).rejects.toMatchObject({ code: "SESSION_CREATE_RESPONSE_INVALID" });
    const destroyed = [await runtime.nextCall("session.destroy"), await runtime.nextCall("session.destroy")];
    expect(destroyed.map(({ params }) => params.sessionId).toSorted()).toEqual(["s-1", "s-2"]);
  });

  it("are refused after a short time, with a text of their own, while several creates are in flight", async () => {
    const { client, runtime } = await connectedPair({ client: { pendingRouting: { ambiguousTimeoutMs: 20 } } });
    const creates = [client.createCloudSession(config), client.createCloudSession(config)];
    const calls = [await runtime.nextCall("session.create"), await runtime.nextCall("session.create")];
    const refused = runtime.request("sessionFs.exists", { sessionId: "s-1", path: "/x" });
    await expect(refused).rejects.toThrow(/several creates are in flight/);
    for (const [index, call] of calls.entries()) call.reply({ sessionId: `s-${index + 1}` });
    await Promise.all(creates);
  });
});

describe("resuming a session that is live here (live-6)", () => {
  it("hands its events to the new object once the runtime agrees, each once", async () => {
    const { client, runtime } = await connectedPair();
    const [old, fresh]: [SessionEvent[], SessionEvent[]] = [[], []];
    const creating = client.createCloudSession({ cloud: {}, onEvent: (event) => old.push(event) });
    (await runtime.nextCall("session.create")).reply({ sessionId: "s-1" });
    const first = await creating;
    const resuming = client.resumeSession("s-1", { onEvent: (event) => fresh.push(event) });
    const resume = await runtime.nextCall("session.resume");
    runtime.event("s-1", "session.info", info("before"));
    resume.reply({ sessionId: "s-1" });
    await responseWritten();
    runtime.event("s-1", "session.info", info("after"));
    await resuming;
    await client.ping();
    expect([messagesOf(old), messagesOf(fresh)]).toEqual([["before"], ["after"]]);
    await expect(first.send("x")).rejects.toMatchObject({ code: "SESSION_DISCONNECTED" });
  });

  it("leaves the session as it was when the runtime refuses", async () => {
    const { client, runtime } = await connectedPair();
    const seen: SessionEvent[] = [];
    const creating = client.createCloudSession({ cloud: {}, onEvent: (event) => seen.push(event) });
    (await runtime.nextCall("session.create")).reply({ sessionId: "s-1" });
    await creating;
    const resuming = client.resumeSession("s-1");
    (await runtime.nextCall("session.resume")).fail(new NarthexError("SESSION_NOT_FOUND", "no"));
    await expect(resuming).rejects.toMatchObject({ code: "SESSION_NOT_FOUND" });
    runtime.event("s-1", "session.info", info("still here"));
    await client.ping();
    expect(messagesOf(seen)).toEqual(["still here"]);
  });
});
