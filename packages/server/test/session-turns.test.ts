import { readFileSync, readdirSync } from "node:fs";
import { startScriptedModel, type ScriptedAnswer } from "@narthex/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { scripted, startStand, type RawClient } from "./fixture.ts";

async function modelStand(...script: readonly ScriptedAnswer[]) {
  const model = await startScriptedModel(...script);
  onTestFinished(() => model.close());
  const stand = await startStand({ model: scripted(model.baseUrl) });
  return { model, stand, client: await stand.connect() };
}

/** Processes of a group that still run; one that ended but was not waited for yet is no longer running. */
function livingInGroup(group: number): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const [state, , pgrp] = readFileSync(`/proc/${pid}/stat`, "utf8")
          .replace(/^.*\) /s, "")
          .split(" ");
        return Number(pgrp) === group && state !== "Z";
      } catch {
        return false; // gone while we looked
      }
    });
}

const typesOf = (client: RawClient): string[] => client.all.map(({ event }) => event.type);
const call = (name: string, args: unknown) => ({ toolCalls: [{ name, arguments: args }] });

describe("a turn", () => {
  it("streams text, logs the message, and ends with one idle; parents name what was sent before (rt-1)", async () => {
    const { client } = await modelStand({ text: "Hello there, this is streamed." });
    await client.call("session.create", { sessionId: "s1", streaming: true });
    const { messageId } = await client.call("session.send", { sessionId: "s1", prompt: "hi" });
    await client.event("session.idle");
    const deltas = client.all.filter(({ event }) => event.type === "assistant.message_delta");
    expect(deltas.map(({ event }) => event.data.deltaContent).join("")).toBe("Hello there, this is streamed.");
    const message = client.all.find(({ event }) => event.type === "assistant.message")!.event;
    expect(message.data).toMatchObject({ content: "Hello there, this is streamed.", originatingMessageId: messageId });
    expect(typesOf(client).filter((type) => type === "session.idle")).toHaveLength(1);
    expect(typesOf(client).at(-1)).toBe("session.idle");
    const sent = new Set<string>();
    for (const { event } of client.all) {
      if (event.parentId !== null) expect(sent).toContain(event.parentId);
      if (event.ephemeral !== true) sent.add(event.id);
    }
    const { events } = await client.call("session.getMessages", { sessionId: "s1" });
    expect(events).toEqual(client.all.map(({ event }) => event).filter((event) => event.ephemeral !== true));
  });

  it("sends no deltas without streaming", async () => {
    const { client } = await modelStand({ text: "whole" });
    await client.call("session.create", { sessionId: "s1" });
    await client.turn("s1", "hi");
    expect(typesOf(client)).not.toContain("assistant.message_delta");
    expect(typesOf(client)).toContain("assistant.message");
  });

  it("runs a built-in tool with permission, and gives its result to the model", async () => {
    const { client, model } = await modelStand(call("bash", { command: "touch made-by-tool; echo done-$((40+2))" }), {
      text: "ok",
    });
    await client.call("session.create", { sessionId: "s1", requestPermission: true });
    await client.call("session.send", { sessionId: "s1", prompt: "go" });
    const asked = await client.event("permission.requested");
    expect(asked.data.permissionRequest).toMatchObject({
      kind: "shell",
      fullCommandText: expect.stringContaining("touch"),
    });
    const answer = { sessionId: "s1", requestId: asked.data.requestId, result: { kind: "approve-once" } };
    const method = "session.permissions.handlePendingPermissionRequest";
    expect(await client.call(method, answer)).toEqual({ success: true });
    expect(await client.call(method, answer)).toEqual({ success: false });
    await client.event("session.idle");
    const result = model.calls[1]!.body.messages.at(-1)!;
    expect(result).toMatchObject({ role: "tool" });
    expect(JSON.stringify(result.content)).toContain("done-42");
  });

  it("tells the model of a refusal, with what the user said", async () => {
    const { client, model } = await modelStand(call("bash", { command: "rm -rf x" }), { text: "ok" });
    await client.call("session.create", { sessionId: "s1", requestPermission: true });
    await client.call("session.send", { sessionId: "s1", prompt: "go" });
    const { data } = await client.event("permission.requested");
    await client.call("session.permissions.handlePendingPermissionRequest", {
      sessionId: "s1",
      requestId: data.requestId,
      result: { kind: "reject", feedback: "not that one" },
    });
    await client.event("session.idle");
    expect(JSON.stringify(model.calls[1]!.body.messages.at(-1)!.content)).toMatch(/refused.*not that one/);
    const completed = client.all.find(({ event }) => event.type === "permission.completed")!.event;
    expect(completed.data.result).toEqual({ kind: "denied-interactively-by-user", feedback: "not that one" });
  });

  it("denies without asking when nobody can give permission", async () => {
    const { client, model } = await modelStand(call("bash", { command: "touch x" }), { text: "ok" });
    await client.call("session.create", { sessionId: "s1" });
    await client.turn("s1", "go");
    expect(typesOf(client)).not.toContain("permission.requested");
    expect(JSON.stringify(model.calls[1]!.body.messages.at(-1)!.content)).toMatch(/Permission denied/);
  });

  it("asks once for what was allowed for the session", async () => {
    const { client } = await modelStand(call("bash", { command: "touch a" }), call("bash", { command: "touch b" }), {
      text: "ok",
    });
    await client.call("session.create", { sessionId: "s1", requestPermission: true });
    await client.call("session.send", { sessionId: "s1", prompt: "go" });
    const { data } = await client.event("permission.requested");
    await client.call("session.permissions.handlePendingPermissionRequest", {
      sessionId: "s1",
      requestId: data.requestId,
      result: { kind: "approve-for-session" },
    });
    await client.event("session.idle");
    expect(typesOf(client).filter((type) => type === "permission.requested")).toHaveLength(1);
    expect(typesOf(client).filter((type) => type === "tool.execution_complete")).toHaveLength(2);
  });

  it("runs tools of the client, several at once, and takes the first answer", async () => {
    const { client, model } = await modelStand(
      {
        toolCalls: [
          { name: "up", arguments: { t: "a" } },
          { name: "up", arguments: { t: "b" } },
        ],
      },
      { text: "ok" },
    );
    const tools = [
      {
        name: "up",
        description: "shouts",
        parameters: { type: "object", properties: { t: { type: "string" } } },
        skipPermission: true,
      },
    ];
    await client.call("session.create", { sessionId: "s1", tools });
    await client.call("session.send", { sessionId: "s1", prompt: "go" });
    const first = await client.event("external_tool.requested");
    const second = await client.event("external_tool.requested");
    for (const { data } of [second, first]) {
      const reply = { sessionId: "s1", requestId: data.requestId, result: String(data.arguments.t).toUpperCase() };
      expect(await client.call("session.tools.handlePendingToolCall", reply)).toEqual({ success: true });
      expect(await client.call("session.tools.handlePendingToolCall", reply)).toEqual({ success: false });
    }
    await client.event("session.idle");
    const results = model.calls[1]!.body.messages.filter((message) => message.role === "tool");
    expect(results.map((message) => message.content).toSorted()).toEqual(["A", "B"]);
  });

  it("asks the user by event and request, and takes the answer", async () => {
    const { client, model } = await modelStand(
      call("ask_user", { question: "tea or coffee?", choices: ["tea", "coffee"] }),
      { text: "ok" },
    );
    client.answer = (method, params) => {
      expect(method).toBe("userInput.request");
      expect(params).toMatchObject({ sessionId: "s1", question: "tea or coffee?", choices: ["tea", "coffee"] });
      return { answer: "tea", wasFreeform: false };
    };
    await client.call("session.create", { sessionId: "s1", requestUserInput: true });
    await client.turn("s1", "ask");
    expect(JSON.stringify(model.calls[1]!.body.messages.at(-1)!.content)).toContain("tea");
    expect(typesOf(client)).toEqual(expect.arrayContaining(["user_input.requested", "user_input.completed"]));
  });

  it("asks the client for a token before each model call, naming the session", async () => {
    const { client, model } = await modelStand({ text: "ok" });
    const asked: unknown[] = [];
    client.answer = (method, params) => ({ token: `${method} ${asked.push(params)}` });
    const provider = { type: "openai", baseUrl: model.baseUrl, wireModel: "m", hasBearerTokenProvider: true };
    await client.call("session.create", { sessionId: "s1", provider });
    await client.turn("s1", "one");
    await client.turn("s1", "two");
    expect(asked).toEqual(Array.from({ length: 2 }, () => ({ sessionId: "s1", providerName: "default" })));
    expect(model.calls.map((call) => call.headers.authorization)).toEqual([
      "Bearer providerToken.getToken 1",
      "Bearer providerToken.getToken 2",
    ]);
  });
});

describe("a tool call that fails has a code", () => {
  it.each([
    ["a path outside of the workspace", call("view", { path: "/etc/passwd" }), "PATH_OUTSIDE_WORKSPACE"],
    ["malformed arguments", call("view", { path: 7 }), "TOOL_ARGUMENTS_INVALID"],
    ["an unknown tool", call("nope", {}), "TOOL_NOT_FOUND"],
    ["nobody to allow it", call("bash", { command: "touch x" }), "PERMISSION_DENIED"],
  ])("%s", async (_name, answer, code) => {
    const { client } = await modelStand(answer, { text: "ok" });
    await client.call("session.create", { sessionId: "s1" });
    await client.turn("s1", "go");
    const completed = client.all.find(({ event }) => event.type === "tool.execution_complete")!.event;
    expect(completed.data).toMatchObject({ success: false, error: { code } });
  });

  it("a handler of the client that threw", async () => {
    const { client } = await modelStand(call("mine", {}), { text: "ok" });
    await client.call("session.create", { sessionId: "s1", tools: [{ name: "mine", skipPermission: true }] });
    await client.call("session.send", { sessionId: "s1", prompt: "go" });
    const { data } = await client.event("external_tool.requested");
    const reply = { sessionId: "s1", requestId: data.requestId, error: "handler broke" };
    await client.call("session.tools.handlePendingToolCall", reply);
    const completed = await client.event("tool.execution_complete");
    expect(completed.data).toMatchObject({ success: false, error: { code: "TOOL_FAILED" } });
    expect(completed.data.error.message).toContain("handler broke");
  });
});

describe("queue and abort", () => {
  it("runs queued prompts in order and goes idle once", async () => {
    const { client, model } = await modelStand({ text: "one" }, { text: "two" }, { text: "three" });
    await client.call("session.create", { sessionId: "s1" });
    await Promise.all(["a", "b", "c"].map((prompt) => client.call("session.send", { sessionId: "s1", prompt })));
    await client.event("session.idle");
    const asked = client.all
      .filter(({ event }) => event.type === "user.message")
      .map(({ event }) => event.data.content);
    expect(asked).toEqual(["a", "b", "c"]);
    expect(model.calls).toHaveLength(3);
    expect(typesOf(client).filter((type) => type === "session.idle")).toHaveLength(1);
  });

  it("aborts a hanging model call; the queue is thrown away, the session stays usable", async () => {
    const { client, model } = await modelStand({ hangAfter: "thinking" }, { text: "fresh" });
    await client.call("session.create", { sessionId: "s1", streaming: true });
    await client.call("session.send", { sessionId: "s1", prompt: "a" });
    await client.event("assistant.message_delta");
    await client.call("session.send", { sessionId: "s1", prompt: "never" });
    expect(await client.call("session.abort", { sessionId: "s1" })).toEqual({ success: true });
    const idle = await client.event("session.idle");
    expect(idle.data).toMatchObject({ aborted: true });
    expect(typesOf(client)).not.toContain("assistant.message");
    await client.turn("s1", "b");
    const asked = client.all
      .filter(({ event }) => event.type === "user.message")
      .map(({ event }) => event.data.content);
    expect(asked).toEqual(["a", "b"]);
    expect(model.calls).toHaveLength(2);
  });

  it("aborts a waiting client tool; its late answer is told that it came too late", async () => {
    const { client } = await modelStand(call("slow", {}), { text: "ok" });
    await client.call("session.create", { sessionId: "s1", tools: [{ name: "slow", skipPermission: true }] });
    await client.call("session.send", { sessionId: "s1", prompt: "go" });
    const { data } = await client.event("external_tool.requested");
    await client.call("session.abort", { sessionId: "s1" });
    const late = { sessionId: "s1", requestId: data.requestId, result: "late" };
    expect(await client.call("session.tools.handlePendingToolCall", late)).toEqual({ success: false });
    const types = typesOf(client);
    expect(types.indexOf("external_tool.completed")).toBeLessThan(types.indexOf("session.idle"));
  });

  it("aborts a running shell command with everything it started", async () => {
    const { client } = await modelStand(call("bash", { command: "echo $$; sleep 300 & sleep 300" }), { text: "ok" });
    await client.call("session.create", { sessionId: "s1", requestPermission: true });
    await client.call("session.send", { sessionId: "s1", prompt: "go" });
    const { data } = await client.event("permission.requested");
    await client.call("session.permissions.handlePendingPermissionRequest", {
      sessionId: "s1",
      requestId: data.requestId,
      result: { kind: "approve-once" },
    });
    const partial = await client.event("tool.execution_partial_result");
    const pid = Number(/\d+/.exec(partial.data.partialOutput)![0]);
    await client.call("session.abort", { sessionId: "s1" });
    await client.event("session.idle");
    expect(livingInGroup(pid)).toEqual([]);
  });

  it("refuses a prompt too many with a code", async () => {
    const model = await startScriptedModel({ hangAfter: "x" });
    onTestFinished(() => model.close());
    const stand = await startStand({ model: scripted(model.baseUrl), limits: { maxQueuedPrompts: 1 } });
    const client = await stand.connect();
    await client.call("session.create", { sessionId: "s1" });
    await client.call("session.send", { sessionId: "s1", prompt: "running" });
    await client.call("session.send", { sessionId: "s1", prompt: "waiting" });
    await expect(client.call("session.send", { sessionId: "s1", prompt: "too many" })).rejects.toMatchObject({
      code: "QUEUE_FULL",
    });
  });
});

describe("a failing model", () => {
  it.each([
    ["401", { status: 401 }, "MODEL_AUTHENTICATION", "authentication", 401],
    ["429", { status: 429, headers: { "retry-after": "0" } }, "MODEL_RATE_LIMITED", "rate_limit", 429],
    ["500", { status: 500, headers: { "retry-after": "0" } }, "MODEL_SERVER_ERROR", "query", 500],
    ["a stream that is cut", { cutAfter: "half a sen" }, "MODEL_STREAM_BROKEN", "query", undefined],
  ])("ends the turn with a clear error: %s", async (_name, answer, errorCode, errorType, statusCode) => {
    const { client, model } = await modelStand(answer);
    await client.call("session.create", { sessionId: "s1" });
    await client.turn("s1", "go");
    const error = client.all.find(({ event }) => event.type === "session.error")!.event;
    expect(error.data).toMatchObject({ errorCode, errorType });
    expect(error.data.statusCode).toBe(statusCode);
    expect(JSON.stringify(client.all)).not.toContain("sk-test-key");
    expect(typesOf(client)).not.toContain("assistant.message");
    expect(model.calls[0]!.headers.authorization).toBe("Bearer sk-test-key");
  });

  it("says so when the endpoint cannot be reached", async () => {
    const stand = await startStand({
      model: { kind: "openai", baseUrl: "http://127.0.0.1:9/v1", model: "m", maxRetries: 0 },
    });
    const client = await stand.connect();
    await client.call("session.create", { sessionId: "s1" });
    await client.turn("s1", "go");
    const error = client.all.find(({ event }) => event.type === "session.error")!.event;
    expect(error.data).toMatchObject({ errorCode: "MODEL_UNREACHABLE" });
    expect(error.data.message).toContain("127.0.0.1:9");
  });
});
