// What a runtime owes (spec/PROTOCOL.md, section 8), over real sockets. Crashes are in packages/cli/test/crash.test.ts.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startScriptedModel, type ScriptedAnswer } from "@narthex/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { scripted, startStand, type RawClient, type Stand } from "./fixture.ts";

const EARLY = ["early-session-traffic"];
const call = (name: string, args: unknown): ScriptedAnswer => ({ toolCalls: [{ name, arguments: args }] });

async function modelStand(...script: ScriptedAnswer[]) {
  const model = await startScriptedModel(...script);
  onTestFinished(() => model.close());
  const stand = await startStand({ model: scripted(model.baseUrl) });
  return { model, stand };
}

/** A stand that clones from a folder in which `octo/demo` is. */
async function standWithRepository(): Promise<Stand> {
  const base = mkdtempSync(path.join(tmpdir(), "narthex-repositories-"));
  onTestFinished(() => rmSync(base, { recursive: true }));
  const folder = path.join(base, "octo", "demo");
  mkdirSync(folder, { recursive: true });
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=t", "-c", "user.email=t@example.com", ...args]);
  git("init", "-q", "-b", "main");
  writeFileSync(path.join(folder, "readme.md"), "hello\n");
  git("add", ".");
  git("commit", "-qm", "first");
  return startStand({ repositories: { base } });
}
const REPOSITORY = { cloud: { repository: { owner: "octo", name: "demo" } } };

/** A client that answers everything a session can ask of it. */
function answersEverything(client: RawClient): RawClient {
  client.answer = (method) => {
    if (method === "userInput.request") return { answer: "tea", wasFreeform: true };
    if (method === "hooks.invoke") return {};
    return null;
  };
  return client;
}

const EVERYTHING = {
  requestPermission: true,
  requestUserInput: true,
  requestElicitation: true,
  hooks: true,
  streaming: true,
  tools: [{ name: "mine", description: "ours", skipPermission: true }],
  commands: [{ name: "greet", description: "says hello" }],
};

it("rt-1: events go out in append order, to every client; parents were sent before (with tools, hooks, questions)", async () => {
  const { stand } = await modelStand(
    {
      toolCalls: [
        { name: "bash", arguments: { command: "touch a; echo b" } },
        { name: "mine", arguments: {} },
      ],
    },
    call("ask_user", { question: "tea?" }),
    { text: "all of it, streamed" },
  );
  const [a, b] = [answersEverything(await stand.connect(EARLY)), await stand.connect()];
  const { sessionId } = await a.call("session.create", { cloud: {}, ...EVERYTHING });
  await b.call("session.resume", { sessionId });
  await a.call("session.send", { sessionId, prompt: "go" });
  const asked = await a.event("permission.requested");
  await a.call("session.permissions.handlePendingPermissionRequest", {
    sessionId,
    requestId: asked.data.requestId,
    result: { kind: "approve-once" },
  });
  const wanted = await a.event("external_tool.requested");
  await b.call("session.tools.handlePendingToolCall", { sessionId, requestId: wanted.data.requestId, result: "x" });
  await Promise.all([a.event("session.idle"), b.event("session.idle")]);
  const { events } = await a.call("session.eventLog.read", { sessionId, includeEphemeral: true, max: 1_000 });
  const log = events.map((event: { id: string }) => event.id);
  const read = (client: RawClient) => client.all.map(({ event }) => event.id);
  expect(read(a)).toEqual(log);
  expect(read(b)).toEqual(log.slice(log.indexOf(read(b)[0])));
  const sent = new Set<string>();
  let last: string | null = null;
  for (const { event } of a.all) {
    expect(event.parentId).toBe(last);
    if (last !== null) expect(sent).toContain(last);
    if (event.ephemeral === true) continue;
    sent.add(event.id);
    last = event.id;
  }
});

it("rt-2: a create does not wait for a client that answers nothing", async () => {
  const { stand } = await modelStand({ text: "ok" });
  const client = await stand.connect(EARLY);
  client.answer = () => new Promise(() => undefined);
  for (const params of [
    { cloud: {}, ...EVERYTHING },
    { sessionId: "mine", ...EVERYTHING },
  ]) {
    expect(await client.call("session.create", params)).toHaveProperty("sessionId");
  }
  expect(client.order.filter((entry) => entry.startsWith("request"))).toEqual([]);
});

describe("rt-3: a send with a key", () => {
  it("leads to one turn, however often and however close together it is repeated", async () => {
    const { stand, model } = await modelStand({ text: "ok" });
    const [a, b] = [await stand.connect(), await stand.connect()];
    await a.call("session.create", { sessionId: "s" });
    const send = { sessionId: "s", prompt: "go", idempotencyKey: "k" };
    const sent = await Promise.all([a, a, b, b].map((client) => client.call("session.send", send)));
    expect(new Set(sent.map(({ messageId }) => messageId)).size).toBe(1);
    await a.event("session.idle");
    expect(await b.call("session.send", send)).toEqual(sent[0]);
    await a.turn("s", "another");
    expect(model.calls).toHaveLength(2);
    expect(a.all.filter(({ event }) => event.type === "user.message")).toHaveLength(2);
  });

  it("is refused when the key comes with something else; what is malformed is refused at the door", async () => {
    const { stand } = await modelStand({ text: "ok" });
    const client = await stand.connect();
    await client.call("session.create", { sessionId: "s" });
    const send = { sessionId: "s", prompt: "go", idempotencyKey: "k" };
    await client.call("session.send", send);
    for (const other of [{ prompt: "stop" }, { mode: "immediate" }, { attachments: [{ type: "file", path: "x" }] }]) {
      await expect(client.call("session.send", { ...send, ...other })).rejects.toMatchObject({
        code: "IDEMPOTENCY_KEY_REUSED",
        rpcCode: -32602,
        retry: "never",
      });
    }
    for (const idempotencyKey of ["", "x".repeat(257), 7, null]) {
      await expect(client.call("session.send", { ...send, idempotencyKey })).rejects.toMatchObject({
        code: "INVALID_PARAMS",
      });
      await expect(client.call("session.create", { cloud: {}, idempotencyKey })).rejects.toMatchObject({
        code: "INVALID_PARAMS",
      });
    }
  });

  it("is answered as at first when the queue is full by now", async () => {
    const model = await startScriptedModel({ hangAfter: "x" });
    onTestFinished(() => model.close());
    const stand = await startStand({ model: scripted(model.baseUrl), limits: { maxQueuedPrompts: 1 } });
    const client = await stand.connect();
    await client.call("session.create", { sessionId: "s" });
    const send = (prompt: string) => client.call("session.send", { sessionId: "s", prompt, idempotencyKey: prompt });
    const first = [await send("running"), await send("waiting")];
    await expect(send("too many")).rejects.toMatchObject({ code: "QUEUE_FULL", retry: "safe" });
    expect([await send("running"), await send("waiting")]).toEqual(first);
  });

  it("does not run a prompt again that was dropped by an abort", async () => {
    const { stand, model } = await modelStand({ hangAfter: "x" }, { text: "ok" });
    const client = await stand.connect();
    await client.call("session.create", { sessionId: "s", streaming: true });
    await client.call("session.send", { sessionId: "s", prompt: "running" });
    const queued = { sessionId: "s", prompt: "queued", idempotencyKey: "k" };
    const sent = await client.call("session.send", queued);
    await client.event("assistant.message_delta");
    await client.call("session.abort", { sessionId: "s" });
    await client.event("session.idle");
    expect(await client.call("session.send", queued)).toEqual(sent);
    await client.turn("s", "next");
    expect(model.calls).toHaveLength(2);
    expect(await stand.engine.mailbox.take("s")).toEqual([]);
  });
});

it("rt-3: a send that is answered while its session is shut down is done by the next one of its id, once", async () => {
  const { stand } = await modelStand({ text: "ok" });
  const client = await stand.connect();
  await client.call("session.create", { sessionId: "s" });
  const prompts = Array.from({ length: 8 }, (_, index) => `prompt ${index}`);
  for (const prompt of prompts) {
    const [sent] = await Promise.all([
      client.call("session.send", { sessionId: "s", prompt }),
      client.call("session.destroy", { sessionId: "s" }),
    ]);
    expect(sent).toHaveProperty("messageId");
    await client.call("session.resume", { sessionId: "s" });
    await client.event("session.idle");
  }
  const { events } = await client.call("session.getMessages", { sessionId: "s" });
  const said = events.filter((event: { type: string }) => event.type === "user.message");
  expect(said.map((event: { data: { content: string } }) => event.data.content)).toEqual(prompts);
  expect(await stand.engine.mailbox.take("s")).toEqual([]);
  expect(await stand.engine.verify()).toEqual([]);
});

describe("rt-3: a create with a key", () => {
  it("leads to one session, also while the first is under way and from another connection", async () => {
    const stand = await standWithRepository();
    const [a, b] = [await stand.connect(EARLY), await stand.connect()];
    const create = { ...REPOSITORY, idempotencyKey: "k", requestPermission: true };
    const creating = [a.call("session.create", create), a.call("session.create", create)];
    await a.event("session.start");
    creating.push(b.call("session.create", create));
    const created = await Promise.all(creating);
    expect(new Set(created.map(({ sessionId }) => sessionId)).size).toBe(1);
    expect(created[2]).toMatchObject({ workspacePath: created[0].workspacePath, remoteUrl: created[0].remoteUrl });
    expect((await a.call("session.list")).sessions).toHaveLength(1);
    const { sessionId } = created[0];
    await b.call("session.send", { sessionId, prompt: "list files" });
    await Promise.all([a.event("session.idle"), b.event("session.idle")]);
    await expect(a.call("session.create", { cloud: {}, idempotencyKey: "k" })).rejects.toMatchObject({
      code: "IDEMPOTENCY_KEY_REUSED",
    });
    await a.call("session.delete", { sessionId });
    expect((await a.call("session.create", create)).sessionId).not.toBe(sessionId);
  });

  it("can be tried again after a create that failed", async () => {
    const stand = await standWithRepository();
    const client = await stand.connect();
    const create = { cloud: { repository: { owner: "octo", name: "nope" } }, idempotencyKey: "k" };
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await expect(client.call("session.create", create)).rejects.toMatchObject({ code: "REPOSITORY_NOT_FOUND" });
    }
    expect(await client.call("session.create", { ...REPOSITORY, idempotencyKey: "k" })).toHaveProperty("sessionId");
  });
});

it("rt-6: a client that drops during a create leaves a session that is listed and can be resumed", async () => {
  const stand = await standWithRepository();
  const other = await stand.connect();
  const dropping = await stand.connect(EARLY);
  dropping.call("session.create", REPOSITORY).catch(() => undefined);
  const { sessionId } = await dropping.events.next("the first event");
  dropping.peer.close();
  await other.notices.next("the session", (notice) => notice.type === "session.created");
  expect((await other.call("session.list")).sessions).toMatchObject([
    { sessionId, isRemote: true, remoteUrl: stand.urlOf(sessionId), context: { repository: "octo/demo" } },
  ]);
  const shown = await (await fetch(stand.urlOf(sessionId))).json();
  expect(shown).toMatchObject({ state: "stored", attachedClients: 0 }); // nothing is left attached to it
  await other.call("session.resume", { sessionId });
  await other.turn(sessionId, "list files");
});

it("rt-9: a cloud create with handlers, tools, hooks and commands works", async () => {
  const { stand, model } = await modelStand(call("mine", { x: 1 }), { text: "ok" });
  const client = await stand.connect(EARLY);
  const hooks: string[] = [];
  client.answer = (method, params) => (method === "hooks.invoke" ? (hooks.push(params.hookType), {}) : null);
  const { sessionId, capabilities } = await client.call("session.create", { cloud: {}, ...EVERYTHING });
  expect(capabilities.ui.elicitation).toBe(true);
  await client.call("session.send", { sessionId, prompt: "go" });
  const { data } = await client.event("external_tool.requested");
  await client.call("session.tools.handlePendingToolCall", { sessionId, requestId: data.requestId, result: "fine" });
  await client.event("session.idle");
  expect(model.calls[1]!.body.messages.at(-1)).toMatchObject({ role: "tool", content: "fine" });
  expect(hooks).toEqual(["userPromptSubmitted", "preToolUse", "postToolUse"]);
  const invoked = client.call("session.commands.invoke", { sessionId, name: "greet", input: "you" });
  const command = await client.event("command.execute");
  expect(command.data).toMatchObject({ commandName: "greet", args: "you" });
  await client.call("session.commands.handlePendingCommand", { sessionId, requestId: command.data.requestId });
  expect(await invoked).toEqual({ kind: "completed" });
});

it("rt-10: usage is in the log, and the account of a session is rebuilt from it after a restart", async () => {
  const { stand, model } = await modelStand({ text: "one" }, { text: "two" });
  const client = await stand.connect();
  await client.call("session.create", { sessionId: "s" });
  await client.turn("s", "first");
  await client.turn("s", "second");
  const { events } = await client.call("session.getMessages", { sessionId: "s" });
  const usage = events.filter((event: { type: string }) => event.type === "assistant.usage");
  expect(usage).toHaveLength(2);
  for (const event of usage) {
    expect(event).not.toHaveProperty("ephemeral");
    expect(event.data).toMatchObject({ model: "scripted", inputTokens: 10, outputTokens: 5 });
  }
  await stand.gateway.shutDown();
  await stand.engine.close();
  const next = await startStand({ model: scripted(model.baseUrl), home: stand.home });
  const later = await next.connect();
  await later.call("session.resume", { sessionId: "s" });
  await later.call("session.destroy", { sessionId: "s" });
  expect((await later.event("session.shutdown")).data.modelMetrics.scripted).toMatchObject({
    requests: { count: 2 },
    usage: { inputTokens: 20, outputTokens: 10 },
  });
});

describe("a question", () => {
  it("stays open when the client that was asked goes away, and is put to the one that comes", async () => {
    const { stand, model } = await modelStand(call("ask_user", { question: "tea?" }), { text: "ok" });
    const a = await stand.connect();
    a.answer = () => new Promise(() => undefined);
    await a.call("session.create", { sessionId: "s", requestUserInput: true });
    await a.call("session.send", { sessionId: "s", prompt: "go" });
    await a.event("user_input.requested");
    a.peer.close();
    const b = answersEverything(await stand.connect());
    await b.call("session.resume", { sessionId: "s", requestUserInput: true });
    await b.event("session.idle");
    expect(b.order).toContain("request userInput.request");
    expect(JSON.stringify(model.calls[1]!.body.messages.at(-1))).toContain("tea");
  });

  it("is settled by a refusal of everyone who was asked", async () => {
    const { stand, model } = await modelStand(call("ask_user", { question: "tea?" }), { text: "ok" });
    const client = await stand.connect(); // its default is to refuse
    await client.call("session.create", { sessionId: "s", requestUserInput: true });
    await client.turn("s", "go");
    expect(JSON.stringify(model.calls[1]!.body.messages.at(-1))).toMatch(/could not be answered/);
  });
});
