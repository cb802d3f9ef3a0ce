// The runtime is killed, as by a loss of power, and started again on the same data folder (rt-3, rt-6, rt-7). What it left
// is taken up when a client comes; start-recovery.test.ts is about what is taken up without one.
import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import { startScriptedModel, type ScriptedAnswer, type ScriptedModel } from "@narthex/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { tempFolder } from "./fixture.ts";
import { logOf, makeHome, typesIn, type Home } from "./raw-runtime.ts";

const call = (name: string, args: unknown): ScriptedAnswer => ({ toolCalls: [{ name, arguments: args }] });
const PERMISSION = "session.permissions.handlePendingPermissionRequest";
const TOOL = "session.tools.handlePendingToolCall";

/** Nothing is taken up before a client comes. */
const FOR_CLIENTS = { NARTHEX_MAX_RECOVERIES: "0" };

async function homeWithModel(...script: ScriptedAnswer[]): Promise<{ home: Home; model: ScriptedModel }> {
  const model = await startScriptedModel(...script);
  onTestFinished(() => model.close());
  return { home: makeHome(model.baseUrl, FOR_CLIENTS), model };
}

/** Starts a session, sends a prompt, waits for an event, and kills the runtime. */
async function killedAt(home: Home, event: string, params: object = {}) {
  const runtime = await home.start();
  const client = await runtime.connect();
  await client.call("session.create", { sessionId: "s", streaming: true, ...params });
  await client.call("session.send", { sessionId: "s", prompt: "go" });
  const last = await client.event(event);
  await runtime.kill();
  return last;
}

describe("a runtime that is killed", () => {
  it("while prompts wait: runs each once and in order, and is idle once; keys are remembered (rt-3)", async () => {
    const { home, model } = await homeWithModel({ hangAfter: "thinking" }, { text: "answer" });
    const first = await home.start();
    const a = await first.connect();
    expect((await a.call("connect")).features).toContain("durable-send");
    await a.call("session.create", { sessionId: "s", streaming: true });
    const sends = [
      { prompt: "running", idempotencyKey: "k1" },
      { prompt: "queued", idempotencyKey: "k2" },
      { prompt: "also queued" },
      { prompt: "steering", mode: "immediate", idempotencyKey: "k4" },
    ];
    const sent: string[] = [];
    for (const send of sends) sent.push((await a.call("session.send", { sessionId: "s", ...send })).messageId);
    await a.event("assistant.message_delta");
    await first.kill();

    const second = await home.start();
    const b = await second.connect();
    await b.call("session.resume", { sessionId: "s", streaming: true });
    for (const index of [1, 0, 3]) {
      const again = await b.call("session.send", { sessionId: "s", ...sends[index] });
      expect(again).toEqual({ messageId: sent[index] });
    }
    await b.event("session.idle");
    const again = await b.call("session.send", { sessionId: "s", ...sends[1] });
    expect(again).toEqual({ messageId: sent[1] });
    const log = await logOf(b);
    expect(typesIn(log, "user.message").map(({ data }) => [data.content, data.messageId])).toEqual([
      ["running", sent[0]],
      ["steering", sent[3]],
      ["queued", sent[1]],
      ["also queued", sent[2]],
    ]);
    expect(typesIn(log, "assistant.message")).toHaveLength(4);
    expect(b.count("session.idle")).toBe(1);
    expect(model.calls).toHaveLength(5); // the one that hung is made again
    expect(b.all.at(-1)!.event.type).toBe("session.idle");
    await expect(
      b.call("session.send", { sessionId: "s", prompt: "another", idempotencyKey: "k1" }),
    ).rejects.toMatchObject({ code: "IDEMPOTENCY_KEY_REUSED", rpcCode: -32602 });
  });

  it("while the model answers: makes the call again in the same turn", async () => {
    const { home, model } = await homeWithModel({ hangAfter: "half a sen" }, { text: "whole" });
    await killedAt(home, "assistant.message_delta");
    const b = await (await home.start()).connect();
    await b.call("session.resume", { sessionId: "s" });
    await b.event("session.idle");
    const log = await logOf(b);
    expect(typesIn(log, "user.message")).toHaveLength(1);
    expect(typesIn(log, "assistant.turn_start")).toHaveLength(1);
    expect(typesIn(log, "assistant.message").map(({ data }) => data.content)).toEqual(["whole"]);
    expect(model.calls).toHaveLength(2);
    expect(model.calls[1]!.body.messages).toEqual(model.calls[0]!.body.messages);
    expect(b.count("session.idle")).toBe(1);
    expect(b.order.slice(1, 3)).toEqual(["response session.resume", "event session.resume"]);
  });

  it("while permission is asked: asks again under the same id, of anyone, and takes one answer (rt-7)", async () => {
    const folder = tempFolder();
    const { home, model } = await homeWithModel(call("bash", { command: `touch ${folder}/made; echo made` }), {
      text: "ok",
    });
    const asked = await killedAt(home, "permission.requested", { requestPermission: true });
    const second = await home.start();
    const [a, b] = [await second.connect(), await second.connect()];
    await a.call("session.resume", { sessionId: "s", requestPermission: true });
    await b.call("session.resume", { sessionId: "s", requestPermission: true });
    for (const client of [a, b]) expect(await client.event("permission.requested")).toEqual(asked);
    expect(a.order.slice(1, 4)).toEqual([
      "response session.resume",
      "event permission.requested",
      "event session.resume",
    ]);
    expect(await a.call("session.permissions.pendingRequests", { sessionId: "s" })).toMatchObject({
      items: [{ requestId: asked.data.requestId }],
    });
    const answer = { sessionId: "s", requestId: asked.data.requestId, result: { kind: "approve-once" } };
    expect(await b.call(PERMISSION, answer)).toEqual({ success: true });
    expect(await a.call(PERMISSION, answer)).toEqual({ success: false });
    await Promise.all([a.event("session.idle"), b.event("session.idle")]);
    expect(existsSync(path.join(folder, "made"))).toBe(true);
    const log = await logOf(a);
    expect(typesIn(log, "permission.requested")).toHaveLength(1);
    expect(typesIn(log, "permission.completed")).toHaveLength(1);
    expect(typesIn(log, "tool.execution_start")).toHaveLength(1);
    expect(JSON.stringify(model.calls[1]!.body.messages.at(-1))).toContain("made");
    expect([a.count("session.idle"), b.count("session.idle")]).toEqual([1, 1]);
  });

  it("while a tool runs: tells the model that it was interrupted, and does not run it again (rt-7)", async () => {
    const folder = tempFolder();
    const command = `echo ran >> ${folder}/runs; echo pid $$; exec sleep 60`;
    const { home, model } = await homeWithModel(call("bash", { command }), { text: "I see" });
    const first = await home.start();
    const a = await first.connect();
    await a.call("session.create", { sessionId: "s", requestPermission: true });
    await a.call("session.send", { sessionId: "s", prompt: "go" });
    const { data } = await a.event("permission.requested");
    await a.call(PERMISSION, { sessionId: "s", requestId: data.requestId, result: { kind: "approve-once" } });
    const partial = await a.event("tool.execution_partial_result");
    await first.kill();
    process.kill(Number(/pid (\d+)/.exec(partial.data.partialOutput)![1]), "SIGKILL");

    const b = await (await home.start()).connect();
    await b.call("session.resume", { sessionId: "s", requestPermission: true });
    await b.event("session.idle");
    const log = await logOf(b);
    const [completed, ...more] = typesIn(log, "tool.execution_complete");
    expect(more).toEqual([]);
    expect(completed.data).toMatchObject({ success: false, error: { code: "TOOL_INTERRUPTED" } });
    expect(typesIn(log, "tool.execution_start")).toHaveLength(1);
    expect(b.count("permission.requested")).toBe(0);
    expect(JSON.stringify(model.calls[1]!.body.messages.at(-1))).toMatch(/interrupted/);
    expect(b.count("session.idle")).toBe(1);
  });

  it("while a client's tool is asked: asks again under the same id, also of a client that does not offer it", async () => {
    const { home, model } = await homeWithModel(call("mine", { x: 1 }), { text: "ok" });
    const tools = [{ name: "mine", description: "one of ours", skipPermission: true }];
    const asked = await killedAt(home, "external_tool.requested", { tools });
    const second = await home.start();
    const a = await second.connect();
    await a.call("session.resume", { sessionId: "s" });
    expect(await a.event("external_tool.requested")).toEqual(asked);
    const b = await second.connect();
    await b.call("session.resume", { sessionId: "s", tools });
    expect(await b.event("external_tool.requested")).toEqual(asked);
    const reply = { sessionId: "s", requestId: asked.data.requestId, result: "the result" };
    expect(await b.call(TOOL, reply)).toEqual({ success: true });
    expect(await a.call(TOOL, reply)).toEqual({ success: false });
    await b.event("session.idle");
    expect(model.calls[1]!.body.messages.at(-1)).toMatchObject({ role: "tool", content: "the result" });
    expect(typesIn(await logOf(b), "external_tool.requested")).toHaveLength(1);
  });

  it("right after an answer was taken: does not ask again, and uses the answer", async () => {
    const { home, model } = await homeWithModel(call("mine", {}), { text: "ok" });
    const tools = [{ name: "mine", skipPermission: true }];
    const first = await home.start();
    const a = await first.connect();
    await a.call("session.create", { sessionId: "s", tools });
    await a.call("session.send", { sessionId: "s", prompt: "go" });
    const { data } = await a.event("external_tool.requested");
    const reply = { sessionId: "s", requestId: data.requestId, result: "kept" };
    expect(await a.call(TOOL, reply)).toEqual({ success: true });
    await first.kill();
    const b = await (await home.start()).connect();
    await b.call("session.resume", { sessionId: "s", tools });
    expect(await b.call(TOOL, { ...reply, result: "late" })).toEqual({ success: false });
    // What was finished in time goes idle in the first process.
    const log = await logOf(b);
    if (typesIn(log, "assistant.turn_end").length < 2 || b.count("session.idle") > 0) await b.event("session.idle");
    expect(b.count("external_tool.requested")).toBe(0);
    const told = model.calls.map(({ body }) => body.messages.at(-1)).filter((message) => message?.role === "tool");
    expect(told.length).toBeGreaterThan(0);
    for (const message of told) expect(message).toMatchObject({ content: "kept" });
  });

  it("while the user is asked: asks again by event and request, and takes an answer by call", async () => {
    const { home, model } = await homeWithModel(call("ask_user", { question: "tea or coffee?" }), { text: "ok" });
    const asked = await killedAt(home, "user_input.requested", { requestUserInput: true });
    expect(asked.ephemeral).toBeUndefined();
    const second = await home.start();
    const a = await second.connect();
    await a.call("session.resume", { sessionId: "s", requestUserInput: true });
    expect(await a.event("user_input.requested")).toEqual(asked);
    const { method, params } = await a.requests.next("the question");
    expect([method, params.question]).toEqual(["userInput.request", "tea or coffee?"]);
    expect(a.order.slice(1, 5)).toEqual([
      "response session.resume",
      "event user_input.requested",
      "event session.resume",
      "request userInput.request",
    ]);
    const b = await second.connect();
    await b.call("session.resume", { sessionId: "s" });
    const reply = { sessionId: "s", requestId: asked.data.requestId, response: { answer: "tea" } };
    expect(await b.call("session.ui.handlePendingUserInput", reply)).toEqual({ success: true });
    expect(await b.call("session.ui.handlePendingUserInput", reply)).toEqual({ success: false });
    await b.event("session.idle");
    expect(JSON.stringify(model.calls[1]!.body.messages.at(-1))).toContain("tea");
  });

  it("while a form is shown: shows it again under the same id; its outcome is in the log", async () => {
    const home = makeHome(undefined, FOR_CLIENTS);
    const first = await home.start();
    const a = await first.connect();
    await a.call("session.create", { sessionId: "s", requestElicitation: true });
    const form = { message: "name?", requestedSchema: { type: "object", properties: {} } };
    const lost = a.peer.request("session.ui.elicitation", { sessionId: "s", ...form }).catch((error: unknown) => error);
    const asked = await a.event("elicitation.requested");
    await first.kill();
    expect(await lost).toMatchObject({ code: "CONNECTION_CLOSED" });
    const b = await (await home.start()).connect();
    await b.call("session.resume", { sessionId: "s", requestElicitation: true });
    expect(await b.event("elicitation.requested")).toEqual(asked);
    const reply = { sessionId: "s", requestId: asked.data.requestId, result: { action: "accept", content: { n: 1 } } };
    expect(await b.call("session.ui.handlePendingElicitation", reply)).toEqual({ success: true });
    expect(await b.call("session.ui.handlePendingElicitation", reply)).toEqual({ success: false });
    expect((await b.event("elicitation.completed")).data).toMatchObject({ action: "accept", content: { n: 1 } });
    expect(b.count("session.idle")).toBe(0); // no turn has run
  });

  it("and whose work is aborted after that: ends with one aborted idle, and runs nothing", async () => {
    const { home, model } = await homeWithModel(call("bash", { command: "touch never" }), { text: "not this either" });
    const asked = await killedAt(home, "permission.requested", { requestPermission: true });
    const second = await home.start();
    const b = await second.connect();
    await b.call("session.resume", { sessionId: "s", requestPermission: true });
    await b.call("session.send", { sessionId: "s", prompt: "queued behind it" });
    expect(await b.call("session.abort", { sessionId: "s" })).toEqual({ success: true });
    expect((await b.event("session.idle")).data).toMatchObject({ aborted: true });
    const late = { sessionId: "s", requestId: asked.data.requestId, result: { kind: "approve-once" } };
    expect(await b.call(PERMISSION, late)).toEqual({ success: false });
    await second.kill();
    const c = await (await home.start()).connect();
    await c.call("session.resume", { sessionId: "s", requestPermission: true });
    const log = await logOf(c);
    expect(typesIn(log, "user.message").map(({ data }) => data.content)).toEqual(["go"]);
    expect(typesIn(log, "permission.completed").map(({ data }) => data.result.kind)).toEqual(["cancelled"]);
    expect(typesIn(log, "tool.execution_complete")[0].data.error.code).toBe("ABORTED");
    expect(c.count("permission.requested") + c.count("session.idle")).toBe(0);
    expect(model.calls).toHaveLength(1);
  });

  it("and whose session somebody addresses without resuming it: does what was accepted first, first", async () => {
    const { home } = await homeWithModel({ hangAfter: "thinking" }, { text: "answer" });
    await killedAt(home, "assistant.message_delta");
    const b = await (await home.start()).connect();
    await b.call("session.send", { sessionId: "s", prompt: "later" });
    for (let cursor: string | undefined; ;) {
      const params = { sessionId: "s", waitMs: 5_000, types: ["session.idle"], includeEphemeral: true };
      const page = await b.call("session.eventLog.read", { ...params, ...(cursor === undefined ? {} : { cursor }) });
      if (page.events.length > 0) break;
      cursor = page.cursor;
    }
    const said = typesIn(await logOf(b), "user.message").map(({ data }) => data.content);
    expect(said).toEqual(["go", "later"]);
  });

  it("and whose model was a client's own: waits for a client, and then does everything in order", async () => {
    const model = await startScriptedModel({ hangAfter: "thinking" }, { text: "answer" });
    onTestFinished(() => model.close());
    const home = makeHome(undefined, FOR_CLIENTS); // its own model is the offline planner
    const provider = { type: "openai", baseUrl: model.baseUrl, wireModel: "theirs", apiKey: "sk-their-key" };
    await killedAt(home, "assistant.message_delta", { provider });
    const second = await home.start();
    const b = await second.connect();
    await b.call("session.send", { sessionId: "s", prompt: "later" });
    expect(typesIn(await logOf(b), "user.message")).toHaveLength(1);
    await b.call("session.resume", { sessionId: "s", provider });
    await b.event("session.idle");
    const log = await logOf(b);
    expect(typesIn(log, "user.message").map(({ data }) => data.content)).toEqual(["go", "later"]);
    expect(typesIn(log, "assistant.message").map(({ data }) => data.model)).toEqual(["theirs", "theirs"]);
    expect(JSON.stringify(log)).not.toContain("sk-their-key");
  });

  it("while it creates: leaves a session that is listed, resumed, and found again by its key (rt-6)", async () => {
    const home = makeHome(undefined, FOR_CLIENTS);
    const first = await home.start();
    const a = await first.connect(["early-session-traffic"]);
    const create = { cloud: {}, idempotencyKey: "one", model: "offline" };
    const creating = a.peer.request("session.create", create).catch(() => undefined);
    await a.event("session.start");
    await first.kill();
    await creating;
    const b = await (await home.start()).connect();
    const { sessions } = await b.call("session.list");
    expect(sessions).toMatchObject([{ sessionId: a.all[0]!.sessionId, remoteUrl: expect.any(String) }]);
    const again = await b.call("session.create", create);
    expect(again).toMatchObject({ sessionId: sessions[0].sessionId, isRemote: true });
    await b.call("session.send", { sessionId: again.sessionId, prompt: "list files" });
    await b.event("session.idle");
    const log = await logOf(b, again.sessionId);
    expect(typesIn(log, "session.start")).toHaveLength(1);
    expect(typesIn(log, "session.context_changed")).toHaveLength(1);
  });

  it("again and again, at any moment: every key leads to one turn, and nothing answered is lost", async () => {
    const seed = Number(process.env["NARTHEX_TEST_SEED"] ?? randomInt(2 ** 31));
    let state = seed;
    const random = (below: number): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) % below;
    const { home } = await homeWithModel({ text: "answer" });
    const keys = Array.from({ length: 30 }, (_, index) => `key-${index}`);
    const answered = new Map<string, string>();
    for (let round = 0; round < 5; round += 1) {
      const runtime = await home.start();
      const client = await runtime.connect();
      await client.call(round === 0 ? "session.create" : "session.resume", { sessionId: "s" });
      const left = keys.slice(round * 6);
      let count = 0;
      const enough = random(6) + 1;
      await Promise.race(
        left.map(async (idempotencyKey) => {
          const sent = await client.call("session.send", { sessionId: "s", prompt: idempotencyKey, idempotencyKey });
          const known = answered.get(idempotencyKey);
          if (known !== undefined) expect(sent.messageId, `seed ${seed}`).toBe(known);
          answered.set(idempotencyKey, sent.messageId);
          count += 1;
          if (count < enough) await new Promise(() => undefined);
        }),
      ).catch(() => undefined);
      await runtime.kill();
    }
    const client = await (await home.start()).connect();
    await client.call("session.resume", { sessionId: "s" });
    for (const key of keys) {
      const { messageId } = await client.call("session.send", { sessionId: "s", prompt: key, idempotencyKey: key });
      if (answered.has(key)) expect(messageId, `seed ${seed}`).toBe(answered.get(key));
      answered.set(key, messageId);
    }
    for (let log = await logOf(client); ; log = await logOf(client)) {
      const begun = typesIn(log, "user.message").map(({ data }) => data.content);
      if (begun.length >= keys.length && typesIn(log, "assistant.message").length >= keys.length) break;
      await client.event("assistant.turn_end");
    }
    const log = await logOf(client);
    const begun = typesIn(log, "user.message");
    expect(begun.map(({ data }) => data.content).toSorted(), `seed ${seed}`).toEqual(keys.toSorted());
    for (const { data } of begun) expect(data.messageId).toBe(answered.get(data.content));
    expect(typesIn(log, "assistant.message")).toHaveLength(keys.length);
  }, 60_000);
});

describe("a runtime that is told to end", () => {
  it("leaves the running turn and what waits to the next one", async () => {
    const { home, model } = await homeWithModel({ hangAfter: "thinking" }, { text: "answer" });
    const first = await home.start();
    const a = await first.connect();
    await a.call("session.create", { sessionId: "s", streaming: true });
    await a.call("session.send", { sessionId: "s", prompt: "running" });
    await a.event("assistant.message_delta");
    await a.call("session.send", { sessionId: "s", prompt: "waiting" });
    await first.terminate();
    expect(a.count("session.idle")).toBe(0);
    const b = await (await home.start()).connect();
    await b.call("session.resume", { sessionId: "s" });
    await b.event("session.idle");
    const log = await logOf(b);
    expect(typesIn(log, "user.message").map(({ data }) => data.content)).toEqual(["running", "waiting"]);
    expect(typesIn(log, "abort")).toEqual([]);
    expect(typesIn(log, "session.shutdown")).toHaveLength(1);
    expect(model.calls).toHaveLength(3);
  });
});
