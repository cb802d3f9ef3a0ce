// What a killed runtime left is gone on with when the next one starts, whether a client comes or not (rt-13).
import { existsSync } from "node:fs";
import path from "node:path";
import { startScriptedModel, type ScriptedAnswer } from "@narthex/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { tempFolder } from "./fixture.ts";
import { logOf, makeHome, typesIn, untilLogged, type Process } from "./raw-runtime.ts";

const call = (name: string, args: unknown): ScriptedAnswer => ({ toolCalls: [{ name, arguments: args }] });
const PERMISSION = "session.permissions.handlePendingPermissionRequest";
const TOOL = "session.tools.handlePendingToolCall";

async function homeWithModel(...script: ScriptedAnswer[]) {
  const model = await startScriptedModel(...script);
  onTestFinished(() => model.close());
  return { home: makeHome(model.baseUrl), model };
}

/** Creates a session, sends prompts, waits for an event, and kills the runtime. */
async function killedAt(runtime: Process, event: string, { params = {}, prompts = ["go"], sessionId = "s" } = {}) {
  const client = await runtime.connect();
  client.answer = () => ({});
  await client.call("session.create", { sessionId, streaming: true, ...params });
  for (const prompt of prompts) await client.call("session.send", { sessionId, prompt });
  const last = await client.event(event);
  await runtime.kill();
  return last;
}

describe("a runtime that starts, with nobody attached", () => {
  it("makes the model call again, and runs what was queued, in order", async () => {
    const { home, model } = await homeWithModel({ hangAfter: "thinking" }, { text: "answer" });
    await killedAt(await home.start(), "assistant.message_delta", { prompts: ["first", "second", "third"] });
    const client = await (await home.start()).connect();
    const log = await untilLogged(client, "assistant.message", 3);
    expect(typesIn(log, "user.message").map(({ data }) => data.content)).toEqual(["first", "second", "third"]);
    expect(model.calls).toHaveLength(4);
    expect(client.all).toEqual([]);
  });

  it("does it also after it was killed while it did", async () => {
    const { home } = await homeWithModel({ hangAfter: "one" }, { hangAfter: "two" }, { text: "answer" });
    await killedAt(await home.start(), "assistant.message_delta", { prompts: ["first", "second"] });
    const second = await home.start();
    const b = await second.connect();
    await b.call("session.resume", { sessionId: "s", streaming: true });
    await b.event("assistant.message_delta");
    await second.kill();
    const log = await untilLogged(await (await home.start()).connect(), "assistant.message", 2);
    expect(typesIn(log, "user.message").map(({ data }) => data.content)).toEqual(["first", "second"]);
    expect(typesIn(log, "assistant.turn_start")).toHaveLength(2);
  });

  it("tells the model of an interrupted tool, and does not run it again", async () => {
    const folder = tempFolder();
    const command = `echo ran >> ${folder}/runs; echo pid $$; exec sleep 60`;
    const { home } = await homeWithModel(call("bash", { command }), { text: "I see" });
    const first = await home.start();
    const a = await first.connect();
    await a.call("session.create", { sessionId: "s", requestPermission: true });
    await a.call("session.send", { sessionId: "s", prompt: "go" });
    const { data } = await a.event("permission.requested");
    await a.call(PERMISSION, { sessionId: "s", requestId: data.requestId, result: { kind: "approve-once" } });
    const partial = await a.event("tool.execution_partial_result");
    await first.kill();
    process.kill(Number(/pid (\d+)/.exec(partial.data.partialOutput)![1]), "SIGKILL");
    const log = await untilLogged(await (await home.start()).connect(), "assistant.message", 2);
    expect(typesIn(log, "tool.execution_complete")[0].data.error.code).toBe("TOOL_INTERRUPTED");
    expect(typesIn(log, "tool.execution_start")).toHaveLength(1);
  });

  it("asks for permission whoever attaches later, also what it comes to ask for only now", async () => {
    const folder = tempFolder();
    const { home } = await homeWithModel({ hangAfter: "hm" }, call("bash", { command: `touch ${folder}/made` }), {
      text: "ok",
    });
    await killedAt(await home.start(), "assistant.message_delta", { params: { requestPermission: true } });
    const b = await (await home.start()).connect();
    await untilLogged(b, "permission.requested", 1);
    await b.call("session.resume", { sessionId: "s" });
    const { data } = await b.event("permission.requested");
    const answer = { sessionId: "s", requestId: data.requestId, result: { kind: "approve-once" } };
    expect(await b.call(PERMISSION, answer)).toEqual({ success: true });
    await b.event("session.idle");
    expect(existsSync(path.join(folder, "made"))).toBe(true);
  });

  it("offers the model the tools of the clients that were there, and takes their answers later", async () => {
    const { home, model } = await homeWithModel({ hangAfter: "hm" }, call("mine", {}), { text: "ok" });
    const tools = [{ name: "mine", description: "ours", skipPermission: true }];
    await killedAt(await home.start(), "assistant.message_delta", { params: { tools } });
    const b = await (await home.start()).connect();
    const log = await untilLogged(b, "external_tool.requested", 1);
    const { requestId } = typesIn(log, "external_tool.requested")[0].data;
    expect(await b.call(TOOL, { sessionId: "s", requestId, result: "fine" })).toEqual({ success: true });
    await untilLogged(b, "assistant.message", 2);
    const offered = model.calls.map(({ body }) => JSON.stringify(body.tools).includes("mine"));
    expect(offered).toEqual([true, true, true]);
  });

  it("waits for a client where hooks or the model are a client's", async () => {
    const { home, model } = await homeWithModel(
      { hangAfter: "hm" },
      { hangAfter: "hm" },
      { hangAfter: "hm" },
      { text: "ok" },
    );
    const provider = { type: "openai", baseUrl: model.baseUrl, wireModel: "theirs", apiKey: "sk-their-key" };
    await killedAt(await home.start("--max-recoveries", "0"), "assistant.message_delta", {
      params: { hooks: true },
      sessionId: "hooked",
    });
    await killedAt(await home.start("--max-recoveries", "0"), "assistant.message_delta", {
      params: { provider },
      sessionId: "own",
    });
    await killedAt(await home.start("--max-recoveries", "0"), "assistant.message_delta", { sessionId: "plain" });
    const b = await (await home.start("--max-recoveries", "1")).connect();
    await untilLogged(b, "assistant.message", 1, "plain");
    for (const sessionId of ["hooked", "own"]) {
      expect(typesIn(await logOf(b, sessionId), "assistant.message")).toEqual([]);
    }
    await b.call("session.resume", { sessionId: "own", provider });
    await untilLogged(b, "assistant.message", 1, "own");
    expect(typesIn(await logOf(b, "hooked"), "assistant.message")).toEqual([]);
  });

  it("does one session after the other when told to, and one that waits for an answer holds up nobody", async () => {
    const { home } = await homeWithModel(
      call("bash", { command: "touch a" }),
      { hangAfter: "hm" },
      { hangAfter: "hm" },
      { text: "ok" },
    );
    const first = await home.start();
    const a = await first.connect();
    const sessions = ["s-1", "s-2", "s-3"];
    for (const sessionId of sessions) {
      await a.call("session.create", { sessionId, requestPermission: true, streaming: true });
      await a.call("session.send", { sessionId, prompt: "go" });
      await a.event(sessionId === "s-1" ? "permission.requested" : "assistant.message_delta");
    }
    await first.kill();
    const b = await (await home.start("--max-recoveries", "1")).connect();
    for (const sessionId of sessions.slice(1)) await untilLogged(b, "assistant.message", 1, sessionId);
    const { items } = await b.call("session.permissions.pendingRequests", { sessionId: "s-1" });
    expect(items).toHaveLength(1);
  });

  it("leaves alone what another runtime on the same data folder has in hand", async () => {
    const { home, model } = await homeWithModel({ hangAfter: "thinking" }, { text: "answer" });
    const first = await home.start();
    const a = await first.connect();
    await a.call("session.create", { sessionId: "s", streaming: true });
    await a.call("session.send", { sessionId: "s", prompt: "go" });
    await a.event("assistant.message_delta");
    const b = await (await home.start()).connect();
    await b.call("session.create", { sessionId: "mine" });
    await b.call("session.send", { sessionId: "mine", prompt: "go" });
    await b.event("session.idle");
    expect(model.calls).toHaveLength(2);
    expect(typesIn(await logOf(b), "assistant.message")).toEqual([]);
  });
});
