import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { PROTOCOL_METHODS, SUPPORTED_METHODS } from "@narthex/protocol";
import { startScriptedModel } from "@narthex/testkit";
import { connectTcp, connectWebSocket } from "@narthex/rpc/node";
import WebSocket from "ws";
import { describe, expect, it, onTestFinished } from "vitest";
import { METHODS } from "../src/gateway/methods.ts";
import { RawClient, scripted, startStand, type Stand } from "./fixture.ts";

const EARLY = ["early-session-traffic"];

function makeRepository(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=t", "-c", "user.email=t@example.com", ...args]);
  git("init", "-q", "-b", "main");
  writeFileSync(path.join(folder, "readme.md"), "hello\n");
  git("add", ".");
  git("commit", "-qm", "first");
  git("branch", "dev");
}

/** A stand that clones from a folder in which `octo/demo` is. */
async function standWithRepository(): Promise<Stand> {
  const base = mkdtempSync(path.join(tmpdir(), "narthex-repositories-"));
  onTestFinished(() => rmSync(base, { recursive: true }));
  makeRepository(path.join(base, "octo", "demo"));
  return startStand({ repositories: { base } });
}

describe("the handshake", () => {
  it("wants the token first, refuses a wrong one, and lets a second try succeed (rt-4)", async () => {
    const stand = await startStand({ token: "right" });
    const client = await stand.connect([], "right");
    expect((await client.call("ping")).protocolVersion).toBe(3);
    const raw = new RawClient(await connectTcp({ host: "127.0.0.1", port: stand.port }));
    onTestFinished(() => raw.peer.close());
    await expect(raw.call("ping")).rejects.toMatchObject({ rpcCode: -32001 });
    await expect(raw.call("connect", { token: "wrong" })).rejects.toMatchObject({ rpcCode: -32002 });
    await expect(raw.call("connect", {})).rejects.toMatchObject({ rpcCode: -32002 });
    expect(await raw.call("connect", { token: "right" })).toMatchObject({ ok: true, protocolVersion: 3 });
    expect((await raw.call("ping", { message: "x" })).message).toBe("pong: x");
  });

  it("refuses a token that nobody asked for, and needs no handshake without one", async () => {
    const stand = await startStand();
    const client = await stand.connect();
    await expect(client.call("connect", { token: "surplus" })).rejects.toMatchObject({ rpcCode: -32003 });
    expect((await client.call("status.get")).protocolVersion).toBe(3);
  });
});

describe("the profile", () => {
  it("has a method for every name it lists, and no other", () => {
    expect(Object.keys(METHODS).toSorted()).toEqual(SUPPORTED_METHODS.filter((name) => name !== "connect").toSorted());
  });

  it("answers every other method of the protocol with a typed refusal, and an unknown one as unknown", async () => {
    const stand = await startStand();
    const client = await stand.connect();
    for (const method of PROTOCOL_METHODS) {
      if ((SUPPORTED_METHODS as readonly string[]).includes(method)) continue;
      const refusal = await client.call(method, { sessionId: "s" }).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ rpcCode: -32601, code: "UNSUPPORTED_IN_PROFILE", data: { method } });
    }
    await expect(client.call("no.such.method")).rejects.toMatchObject({ rpcCode: -32601, code: "METHOD_NOT_FOUND" });
  });
});

describe("creating", () => {
  it("sends a cloud session's first events before the response to a client that keeps them (rt-11)", async () => {
    const stand = await startStand();
    const client = await stand.connect(EARLY);
    const created = await client.call("session.create", { cloud: {} });
    const response = client.order.indexOf("response session.create");
    expect(client.order.indexOf("event session.start")).toBeGreaterThanOrEqual(0);
    expect(client.order.indexOf("event session.start")).toBeLessThan(response);
    expect(created).toMatchObject({ isRemote: true, remoteUrl: stand.urlOf(created.sessionId) });
    expect(client.all.every(({ sessionId }) => sessionId === created.sessionId)).toBe(true);
  });

  it("holds them, in order, until the response is written for every other client (rt-11)", async () => {
    const stand = await startStand();
    const early = await stand.connect(EARLY);
    await early.call("session.create", { cloud: {} });
    const plain = await stand.connect();
    await plain.call("session.create", { cloud: {} });
    await plain.event("session.context_changed");
    expect(plain.order[1]).toBe("response session.create"); // [0] is the response to connect
    const sorted = (client: RawClient) => client.all.map(({ event }) => event.type);
    expect(sorted(plain)).toEqual(sorted(early));
  });

  it("loses no first event of creates that end at the same time, for a client that does not keep them", async () => {
    const stand = await startStand();
    const client = await stand.connect();
    for (let round = 0; round < 10; round += 1) {
      const created = await Promise.all(Array.from({ length: 6 }, () => client.call("session.create", { cloud: {} })));
      await client.call("ping"); // its answer comes after everything that was held
      const started = client.all.filter(({ event }) => event.type === "session.start").map((each) => each.sessionId);
      expect(started).toEqual(expect.arrayContaining(created.map((each) => each.sessionId)));
    }
  });

  it("goes on with a session whose second resume was refused", async () => {
    const stand = await startStand();
    const client = await stand.connect();
    await client.call("session.create", { sessionId: "s1" });
    const unsupported = { sessionId: "s1", provider: { type: "azure", baseUrl: "http://127.0.0.1:9" } };
    await expect(client.call("session.resume", unsupported)).rejects.toMatchObject({ code: "MODEL_CONFIG_INVALID" });
    await client.turn("s1", "list files");
  });

  it("answers a plain create before its events, also for a client that keeps early traffic", async () => {
    const stand = await startStand();
    const client = await stand.connect(EARLY);
    await client.call("session.create", { sessionId: "mine" });
    await client.event("session.start");
    expect(client.order.slice(0, 3)).toEqual(["response connect", "response session.create", "event session.start"]);
  });

  it("names the options that have no effect here, instead of taking them in silence", async () => {
    const stand = await startStand();
    const client = await stand.connect();
    const quiet = {
      toolFilterPrecedence: "excluded",
      includeSubAgentStreamingEvents: true,
      envValueMode: "direct",
      mcpServers: {},
    };
    await client.call("session.create", { sessionId: "quiet", ...quiet });
    await client.event("session.context_changed");
    expect(client.all.map(({ event }) => event.type)).not.toContain("session.warning");
    await client.call("session.create", { sessionId: "loud", customAgents: [{ name: "a", prompt: "b" }], ...quiet });
    expect((await client.event("session.warning")).data.message).toMatch(/without effect: customAgents\./);
    const patch = { sessionId: "quiet", skipCustomInstructions: true, model: "offline" };
    expect(await client.call("session.options.update", patch)).toEqual({ success: true });
    expect((await client.event("session.warning")).data.message).toMatch(/without effect: skipCustomInstructions\./);
    await expect(client.call("session.options.update", { sessionId: "quiet", model: "gpt" })).rejects.toMatchObject({
      code: "MODEL_CONFIG_INVALID",
    });
  });

  it("puts remoteUrl into the response, the metadata and the list (rt-8), and serves the session there", async () => {
    const stand = await startStand();
    const client = await stand.connect(EARLY);
    const { sessionId, remoteUrl } = await client.call("session.create", { cloud: {} });
    expect((await client.call("session.getMetadata", { sessionId })).session.remoteUrl).toBe(remoteUrl);
    await client.turn(sessionId, "list files");
    expect((await client.call("session.list")).sessions).toMatchObject([
      { sessionId, remoteUrl, summary: "list files" },
    ]);
    const shown = await (await fetch(remoteUrl)).json();
    expect(shown).toMatchObject({ session: { sessionId }, state: "idle", attachedClients: 1 });
    const without = await fetch(remoteUrl.replace(/key=.*/, "key=guess"));
    expect(without.status).toBe(404);
  });

  it("clones a repository, honours the branch, and says what is wrong with one that is not there", async () => {
    const stand = await standWithRepository();
    const client = await stand.connect(EARLY);
    const ok = await client.call("session.create", {
      cloud: { repository: { owner: "octo", name: "demo", branch: "dev" } },
    });
    const place = client.all.find(({ event }) => event.type === "session.context_changed")!.event.data;
    expect(place).toMatchObject({ repository: "octo/demo", branch: "dev" });
    expect(readFileSync(path.join(ok.workspacePath, "readme.md"), "utf8")).toBe("hello\n");
    for (const [repository, code] of [
      [{ owner: "octo", name: "nope" }, "REPOSITORY_NOT_FOUND"],
      [{ owner: "octo", name: "demo", branch: "nope" }, "BRANCH_NOT_FOUND"],
      [{ owner: "..", name: "demo" }, "REPOSITORY_NAME_INVALID"],
    ] as const) {
      await expect(client.call("session.create", { cloud: { repository } })).rejects.toMatchObject({ code });
    }
    const left = await stand.engine.directory.list({ onlyWithUserMessage: false });
    expect(left.map((record) => record.id)).toEqual([ok.sessionId]);
  });

  it.each([
    ["a bad id", { sessionId: "../../x" }, "SESSION_ID_INVALID"],
    ["an id that is no text", { sessionId: 7 }, "INVALID_PARAMS"],
    ["a cloud session with an id", { cloud: {}, sessionId: "mine" }, "CLOUD_SESSION_ID_NOT_ALLOWED"],
    ["a cloud session with a provider", { cloud: {}, provider: { baseUrl: "http://x" } }, "CLOUD_PROVIDER_NOT_ALLOWED"],
    ["a tool with a built-in's name", { tools: [{ name: "bash" }] }, "CONFIG_INVALID"],
    ["a missing folder", { workingDirectory: "/no/such/folder" }, "WORKSPACE_UNAVAILABLE"],
    ["params that are a list", [1, 2], "INVALID_PARAMS"],
  ])("refuses %s, and leaves nothing behind", async (_name, params, code) => {
    const stand = await startStand();
    const client = await stand.connect();
    await expect(client.call("session.create", params)).rejects.toMatchObject({ code });
    expect(await stand.engine.directory.list({ onlyWithUserMessage: false })).toEqual([]);
  });
});

describe("several clients", () => {
  it("gives all of them the events, and the first answer counts (rt-5)", async () => {
    const model = await startScriptedModel(
      { toolCalls: [{ name: "bash", arguments: { command: "touch x" } }] },
      { text: "ok" },
    );
    onTestFinished(() => model.close());
    const stand = await startStand({ model: scripted(model.baseUrl) });
    const [a, b] = [await stand.connect(), await stand.connect()];
    await a.call("session.create", { sessionId: "s", requestPermission: true });
    await b.call("session.resume", { sessionId: "s", requestPermission: true });
    await a.call("session.send", { sessionId: "s", prompt: "go" });
    const asked = [await a.event("permission.requested"), await b.event("permission.requested")];
    expect(asked[0]!.id).toBe(asked[1]!.id);
    const answer = { sessionId: "s", requestId: asked[0]!.data.requestId, result: { kind: "approve-once" } };
    const method = "session.permissions.handlePendingPermissionRequest";
    const results = await Promise.all([a.call(method, answer), b.call(method, answer)]);
    expect(results.map((result) => result.success).toSorted()).toEqual([false, true]);
    await Promise.all([a.event("session.idle"), b.event("session.idle")]);
  });

  it("asks an open question again of a client that attaches later", async () => {
    const model = await startScriptedModel(
      { toolCalls: [{ name: "bash", arguments: { command: "touch x" } }] },
      { text: "ok" },
    );
    onTestFinished(() => model.close());
    const stand = await startStand({ model: scripted(model.baseUrl) });
    const a = await stand.connect();
    await a.call("session.create", { sessionId: "s", requestPermission: true });
    await a.call("session.send", { sessionId: "s", prompt: "go" });
    const first = await a.event("permission.requested");
    a.peer.close();
    const b = await stand.connect();
    await b.call("session.resume", { sessionId: "s", requestPermission: true });
    const again = await b.event("permission.requested");
    expect(again.id).toBe(first.id);
    await b.call("session.permissions.handlePendingPermissionRequest", {
      sessionId: "s",
      requestId: again.data.requestId,
      result: { kind: "approve-once" },
    });
    await b.event("session.idle");
  });

  it("tells everyone of sessions that come and go", async () => {
    const stand = await startStand();
    const [a, b] = [await stand.connect(), await stand.connect()];
    await a.call("session.create", { sessionId: "s" });
    expect(await a.call("session.delete", { sessionId: "s" })).toEqual({ success: true });
    await b.call("ping");
    const types = b.lifecycle.filter((notice) => notice.sessionId === "s").map((notice) => notice.type);
    expect(types).toContain("session.created");
    expect(types.at(-1)).toBe("session.deleted");
  });
});

describe("storage", () => {
  it("brings a session back after a restart, with the whole conversation for the model", async () => {
    const model = await startScriptedModel({ text: "first answer" }, { text: "second answer" });
    onTestFinished(() => model.close());
    const one = await startStand({ model: scripted(model.baseUrl) });
    const client = await one.connect();
    await client.call("session.create", { sessionId: "s" });
    await client.turn("s", "first question");
    await one.gateway.shutDown();
    await one.engine.close();
    const two = await startStand({ model: scripted(model.baseUrl), home: one.home });
    const later = await two.connect();
    await later.call("session.resume", { sessionId: "s" });
    expect(await later.call("session.getLastId")).toEqual({ sessionId: "s" });
    await later.turn("s", "second question");
    const contents = model.calls[1]!.body.messages.map((message) => message.content);
    expect(contents.slice(1)).toEqual(["first question", "first answer", "second question"]);
    await expect(later.call("session.resume", { sessionId: "nobody" })).rejects.toMatchObject({
      code: "SESSION_NOT_FOUND",
    });
  });

  it("answers detach, destroy and delete of unknown sessions as the protocol has it", async () => {
    const client = await (await startStand()).connect();
    expect(await client.call("session.detach", { sessionId: "x" })).toEqual({ success: true });
    expect(await client.call("session.destroy", { sessionId: "x" })).toEqual({ success: false });
    expect(await client.call("session.delete", { sessionId: "x" })).toMatchObject({
      success: false,
      error: expect.any(String),
    });
    await expect(client.call("session.send", { sessionId: "x", prompt: "?" })).rejects.toMatchObject({
      code: "SESSION_NOT_FOUND",
    });
  });

  it("takes no more calls after runtime.shutdown", async () => {
    const client = await (await startStand()).connect();
    await client.call("session.create", { sessionId: "s" });
    expect(await client.call("runtime.shutdown")).toEqual({});
    expect(client.all.map(({ event }) => event.type)).toContain("session.shutdown");
    await expect(client.call("ping")).rejects.toMatchObject({ rpcCode: -32000 });
  });
});

describe("the port", () => {
  const exchange = (port: number, text: string): Promise<string> =>
    new Promise((resolve) => {
      let read = "";
      const socket = connectSocket(port, "127.0.0.1", () => socket.write(text));
      socket.on("data", (chunk: Buffer) => (read += chunk.toString()));
      socket.on("error", () => resolve(read));
      socket.on("close", () => resolve(read));
    });

  it("answers a malformed header and closes; other clients are not disturbed", async () => {
    const stand = await startStand();
    const client = await stand.connect();
    expect(await exchange(stand.port, "no header at all\r\n\r\n{}")).toContain("-32700");
    expect(await exchange(stand.port, "Content-Length: 99999999999\r\n\r\n")).toContain("-32600");
    expect((await client.call("ping")).message).toBe("pong");
  });

  it("speaks JSON-RPC over WebSocket too, but not to pages of other sites", async () => {
    const stand = await startStand();
    const client = new RawClient(await connectWebSocket(`ws://127.0.0.1:${stand.port}/`));
    onTestFinished(() => client.peer.close());
    await client.call("connect", { features: EARLY });
    const { sessionId } = await client.call("session.create", { cloud: {} });
    await client.turn(sessionId, "list files");
    const refused = new WebSocket(`ws://127.0.0.1:${stand.port}/`, { origin: "http://evil.example" });
    const outcome = await new Promise<string>((resolve) => {
      refused.on("open", () => resolve("open"));
      refused.on("error", (error) => resolve(error.message));
    });
    expect(outcome).toContain("403");
  });

  it("answers HTTP under a foreign name with 421", async () => {
    const stand = await startStand();
    const answer = await exchange(
      stand.port,
      "GET /healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1.1 421/);
  });
});
