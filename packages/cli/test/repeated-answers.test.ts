// Answers and aborts that are repeated with their key, also of a runtime that was killed meanwhile (rt-5).
import { startScriptedModel, type ScriptedAnswer } from "@narthex/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { logOf, makeHome, typesIn, untilLogged, type WireClient } from "./raw-runtime.ts";

const call = (name: string, args: unknown): ScriptedAnswer => ({ toolCalls: [{ name, arguments: args }] });

async function homeWithModel(...script: ScriptedAnswer[]) {
  const model = await startScriptedModel(...script);
  onTestFinished(() => model.close());
  return makeHome(model.baseUrl);
}

const REUSED = { code: "IDEMPOTENCY_KEY_REUSED", rpcCode: -32602 };

/** One question: the event that asks it, and the call that answers it. */
const QUESTIONS = [
  {
    asked: "permission.requested",
    method: "session.permissions.handlePendingPermissionRequest",
    answer: { result: { kind: "approve-once" } },
    other: { result: { kind: "reject" } },
  },
  {
    asked: "external_tool.requested",
    method: "session.tools.handlePendingToolCall",
    answer: { result: "fine" },
    other: { result: "something else" },
  },
  {
    asked: "user_input.requested",
    method: "session.ui.handlePendingUserInput",
    answer: { response: { answer: "tea" } },
    other: { response: { answer: "coffee" } },
  },
  {
    asked: "elicitation.requested",
    method: "session.ui.handlePendingElicitation",
    answer: { result: { action: "accept", content: {} } },
    other: { result: { action: "decline" } },
  },
] as const;

async function sessionThatAsks(client: WireClient): Promise<void> {
  await client.call("session.create", {
    sessionId: "s",
    requestPermission: true,
    requestUserInput: true,
    requestElicitation: true,
    tools: [{ name: "mine", skipPermission: true }],
  });
  await client.call("session.send", { sessionId: "s", prompt: "go" });
}

describe("an answer that is repeated with its key", () => {
  it("gets the first result, of every kind of question, also from the next process; nobody else does", async () => {
    const home = await homeWithModel(
      call("bash", { command: "touch made" }),
      call("mine", {}),
      call("ask_user", { question: "tea?" }),
      { text: "done" },
    );
    const first = await home.start();
    const a = await first.connect();
    await sessionThatAsks(a);
    const form = { message: "name?", requestedSchema: { type: "object", properties: {} } };
    const given: [method: string, params: object][] = [];
    for (const [index, { asked, method, answer, other }] of QUESTIONS.entries()) {
      if (asked === "elicitation.requested") {
        void a.peer.request("session.ui.elicitation", { sessionId: "s", ...form }).catch(() => undefined);
      }
      const { requestId } = (await a.event(asked)).data;
      const params = { sessionId: "s", requestId, idempotencyKey: `answer-${index}`, ...answer };
      const twice = await Promise.all([a.call(method, params), a.call(method, params)]);
      expect([asked, ...twice]).toEqual([asked, { success: true }, { success: true }]);
      expect(await a.call(method, { ...params, idempotencyKey: "another" })).toEqual({ success: false });
      await expect(a.call(method, { ...params, ...other })).rejects.toMatchObject(REUSED);
      given.push([method, params]);
    }
    await untilLogged(a, "elicitation.completed", 1);
    await first.kill();
    const b = await (await home.start()).connect();
    for (const [method, params] of given) {
      expect([method, await b.call(method, params)]).toEqual([method, { success: true }]);
      expect(await b.call(method, { ...params, idempotencyKey: undefined })).toEqual({ success: false });
    }
    const log = await logOf(b);
    const settled = [
      "permission.completed",
      "user_input.completed",
      "elicitation.completed",
      "tool.execution_complete",
    ];
    expect(settled.map((type) => typesIn(log, type).length)).toEqual([1, 1, 1, 3]);
  });

  it("counts when the first one came too late: it gets that result again", async () => {
    const home = await homeWithModel(call("bash", { command: "touch made" }), { text: "done" });
    const a = await (await home.start()).connect();
    await sessionThatAsks(a);
    const { requestId } = (await a.event("permission.requested")).data;
    const { method, answer } = QUESTIONS[0];
    const params = { sessionId: "s", requestId, ...answer };
    expect(await a.call(method, params)).toEqual({ success: true });
    const late = { ...params, idempotencyKey: "late" };
    expect([await a.call(method, late), await a.call(method, late)]).toEqual([{ success: false }, { success: false }]);
  });
});

describe("an abort that is repeated with its key", () => {
  it("ends what ran then, and not what was begun since; a key that was a prompt's is refused", async () => {
    const home = await homeWithModel({ hangAfter: "thinking" });
    const first = await home.start();
    const a = await first.connect();
    await a.call("session.create", { sessionId: "s", streaming: true });
    await a.call("session.send", { sessionId: "s", prompt: "one", idempotencyKey: "prompt" });
    await a.event("assistant.message_delta");
    const abort = { sessionId: "s", idempotencyKey: "abort" };
    const twice = await Promise.all([a.call("session.abort", abort), a.call("session.abort", abort)]);
    expect(twice).toEqual([{ success: true }, { success: true }]);
    await a.event("session.idle");
    await a.call("session.send", { sessionId: "s", prompt: "two" });
    await a.event("assistant.message_delta");
    expect(await a.call("session.abort", abort)).toEqual({ success: true });
    await expect(a.call("session.abort", { sessionId: "s", idempotencyKey: "prompt" })).rejects.toMatchObject(REUSED);
    await first.kill();
    const b = await (await home.start()).connect();
    expect(await b.call("session.abort", abort)).toEqual({ success: true });
    expect(typesIn(await logOf(b), "abort")).toHaveLength(1);
    expect(await b.call("session.abort", { sessionId: "s", idempotencyKey: "second" })).toEqual({ success: true });
    expect(typesIn(await logOf(b), "abort")).toHaveLength(2);
  });

  it("is remembered as well when there was nothing to abort", async () => {
    const home = await homeWithModel({ hangAfter: "thinking" });
    const a = await (await home.start()).connect();
    await a.call("session.create", { sessionId: "s", streaming: true });
    const abort = { sessionId: "s", idempotencyKey: "early" };
    expect(await a.call("session.abort", abort)).toEqual({ success: true });
    await a.call("session.send", { sessionId: "s", prompt: "one" });
    await a.event("assistant.message_delta");
    expect(await a.call("session.abort", abort)).toEqual({ success: true });
    expect(typesIn(await logOf(a), "abort")).toEqual([]);
  });
});
