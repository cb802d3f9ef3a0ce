import { NarthexError } from "@narthex/protocol";
import { describe, expect, it } from "vitest";
import { FAST, sessionWithOutages } from "./outage-fixture.ts";

const PERMISSION = "session.permissions.handlePendingPermissionRequest";
const question = (requestId: string) => ({ requestId, permissionRequest: { kind: "read", path: "/" } });
const codeOf = (error: unknown) => NarthexError.from(error).code;

/** A promise, and what settles it. */
function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

describe("questions that were not answered (live-7)", () => {
  it("puts a missed question once, when it is still open, and answers it once", async () => {
    const asked: unknown[] = [];
    const outage = await sessionWithOutages({
      config: { onPermissionRequest: (_request, { sessionId }) => (asked.push(sessionId), { kind: "approve-once" }) },
    });
    outage.runtime.hangUp();
    await outage.told("lost");
    outage.runtime.record("s-1", "permission.requested", question("open"));
    outage.runtime.record("s-1", "permission.requested", question("over"));
    outage.runtime.record("s-1", "permission.completed", { requestId: "over", result: { kind: "approved" } });
    const resume = await outage.runtime.nextCall("session.resume");
    outage.runtime.event("s-1", "permission.requested", question("open")); // announced once more
    resume.reply({ sessionId: "s-1" });
    const answer = await outage.runtime.nextCall(PERMISSION);
    expect(answer.params).toEqual({ sessionId: "s-1", requestId: "open", result: { kind: "approve-once" } });
    answer.reply({ success: true });
    outage.runtime.event("s-1", "permission.requested", question("open"));
    await outage.client.ping();
    expect(asked).toEqual(["s-1"]);
    expect(outage.runtime.untakenCalls).toEqual([]);
  });

  it("sends an answer that was found during the outage after the resume, once", async () => {
    const decision = deferred<{ kind: "approve-once" }>();
    let asked = 0;
    const outage = await sessionWithOutages({
      config: { onPermissionRequest: () => ((asked += 1), decision.promise) },
    });
    outage.runtime.event("s-1", "permission.requested", question("p1"));
    await outage.client.ping();
    outage.runtime.hangUp();
    const resume = await outage.runtime.nextCall("session.resume");
    decision.resolve({ kind: "approve-once" });
    await decision.promise;
    expect(outage.runtime.untakenCalls).toEqual([]);
    resume.reply({ sessionId: "s-1" });
    outage.runtime.event("s-1", "permission.requested", question("p1"));
    const answer = await outage.runtime.nextCall(PERMISSION);
    expect(answer.params).toMatchObject({ requestId: "p1", result: { kind: "approve-once" } });
    answer.reply({ success: true });
    await outage.client.ping();
    outage.runtime.event("s-1", "permission.requested", question("p1"));
    await outage.quiet();
    expect([asked, outage.runtime.untakenCalls.length]).toEqual([1, 0]);
  });

  it("sends the answer of a handler that is still running on the new connection", async () => {
    const work = deferred<string>();
    const outage = await sessionWithOutages({ config: { tools: [{ name: "slow", handler: () => work.promise }] } });
    const tool = { requestId: "t1", toolCallId: "c", toolName: "slow", arguments: {} };
    outage.runtime.event("s-1", "external_tool.requested", tool);
    await outage.client.ping();
    outage.runtime.hangUp();
    await outage.resume();
    outage.runtime.event("s-1", "external_tool.requested", tool);
    await outage.resumed();
    work.resolve("done");
    const answer = await outage.runtime.nextCall("session.tools.handlePendingToolCall");
    expect(answer.params).toEqual({ sessionId: "s-1", requestId: "t1", result: "done" });
  });

  it("gives an answer once more when the connection was lost before the runtime confirmed it", async () => {
    let asked = 0;
    const outage = await sessionWithOutages({
      config: { onPermissionRequest: () => ((asked += 1), { kind: "approve-once" }) },
    });
    outage.runtime.event("s-1", "permission.requested", question("p1"));
    await outage.runtime.nextCall(PERMISSION); // not confirmed
    outage.runtime.hangUp();
    await outage.resume();
    const again = await outage.runtime.nextCall(PERMISSION);
    expect(again.params).toMatchObject({ requestId: "p1", result: { kind: "approve-once" } });
    expect(asked).toBe(1);
  });

  it.each(["a new event", "the same event"])(
    "gives the same answer to a runtime that lost it, asked by %s",
    async (how) => {
      let asked = 0;
      const outage = await sessionWithOutages({
        config: { onPermissionRequest: () => ((asked += 1), { kind: "approve-once" }) },
      });
      outage.runtime.event("s-1", "permission.requested", question("p1"));
      (await outage.runtime.nextCall(PERMISSION)).reply({ success: true });
      await outage.client.ping(); // the answer is confirmed
      const { events } = outage.runtime.log.messages({ sessionId: "s-1" }) as { events: unknown[] };
      const ask = (): void => {
        if (how === "a new event") outage.runtime.event("s-1", "permission.requested", question("p1"));
        else outage.runtime.notify("session.event", { sessionId: "s-1", event: events[0] });
      };
      outage.runtime.hangUp();
      await outage.resume();
      await outage.resumed();
      ask();
      ask();
      const answer = await outage.runtime.nextCall(PERMISSION);
      expect(answer.params).toMatchObject({ requestId: "p1", result: { kind: "approve-once" } });
      answer.reply({ success: true });
      await outage.client.ping();
      expect([asked, outage.runtime.untakenCalls.length]).toEqual([1, 0]);
      expect(outage.seen).toHaveLength(how === "a new event" ? 3 : 1);
    },
  );

  it("takes back an answer that waits when the missed events say that the question is over", async () => {
    const decision = deferred<{ kind: "approve-once" }>();
    const outage = await sessionWithOutages({ config: { onPermissionRequest: () => decision.promise } });
    outage.runtime.event("s-1", "permission.requested", question("p1"));
    await outage.client.ping();
    outage.runtime.hangUp();
    await outage.told("lost");
    decision.resolve({ kind: "approve-once" });
    outage.runtime.record("s-1", "permission.completed", { requestId: "p1", result: { kind: "approved" } });
    await outage.resume();
    await outage.resumed();
    await outage.quiet();
    expect(outage.runtime.untakenCalls).toEqual([]);
  });

  it("puts the runtime's own requests anew, after what was missed; others are answered while it resumes", async () => {
    const outage = await sessionWithOutages({
      config: {
        onUserInputRequest: () => (outage.seen.push("asked"), { answer: "a", wasFreeform: true }),
        hooks: { onSessionStart: () => ({ additionalContext: "hook" }) },
      },
    });
    outage.runtime.hangUp();
    await outage.told("lost");
    outage.missed("1");
    const resume = await outage.runtime.nextCall("session.resume");
    const asked = outage.runtime.request("userInput.request", { sessionId: "s-1", question: "q" });
    const hook = { sessionId: "s-1", hookType: "sessionStart", input: { source: "resume" } };
    expect(await outage.runtime.request("hooks.invoke", hook)).toEqual({ output: { additionalContext: "hook" } });
    expect(outage.seen).toEqual([]);
    resume.reply({ sessionId: "s-1" });
    expect(await asked).toEqual({ answer: "a", wasFreeform: true });
    expect(outage.seen).toEqual(["1", "asked"]);
  });
});

describe("calls around a lost connection (live-7)", () => {
  it("rejects calls and creates in flight, which it does not repeat (fail-4)", async () => {
    const outage = await sessionWithOutages();
    const calls = [
      outage.session.getEvents(),
      outage.session.send("x"),
      outage.client.createCloudSession({ cloud: {} }),
      outage.client.createSession({ sessionId: "plain" }),
    ];
    const codes = Promise.all(calls.map((call) => call.then(() => "none", codeOf)));
    await outage.runtime.nextCall("session.send");
    await outage.runtime.nextCall("session.create");
    await outage.runtime.nextCall("session.create");
    outage.runtime.hangUp();
    const [events, ...others] = await codes;
    expect(["none", "CONNECTION_CLOSED"]).toContain(events);
    expect(others).toEqual(["CONNECTION_CLOSED", "CONNECTION_CLOSED", "CONNECTION_CLOSED"]);
    expect((await outage.resume()).params.sessionId).toBe("s-1");
    await outage.resumed();
    await outage.quiet();
    expect(outage.runtime.untakenCalls).toEqual([]);
  });

  it("lets calls wait: those of a session until it is resumed, in order", async () => {
    const outage = await sessionWithOutages();
    outage.runtime.hangUp();
    await outage.told("lost");
    const ping = outage.client.ping();
    const sent = [outage.session.send("1"), outage.session.send("2")];
    expect((await ping).message).toBe("pong");
    const resume = await outage.runtime.nextCall("session.resume");
    expect(outage.runtime.untakenCalls).toEqual([]);
    resume.reply({ sessionId: "s-1" });
    for (const n of [1, 2]) {
      const send = await outage.runtime.nextCall("session.send");
      expect(send.params.prompt).toBe(String(n));
      send.reply({ messageId: `m${n}` });
    }
    expect(await Promise.all(sent)).toEqual(["m1", "m2"]);
  });

  it("fails a call that waits too long, with a code of its own; nothing is sent", async () => {
    const outage = await sessionWithOutages({ reconnect: { initialDelayMs: 60_000, callWaitMs: 5 } });
    outage.runtime.hangUp();
    await outage.told("lost");
    const codes = await Promise.all([outage.client.ping(), outage.session.send("x")].map((call) => call.catch(codeOf)));
    expect(codes).toEqual(["NOT_CONNECTED", "NOT_CONNECTED"]);
    const turn = outage.session.sendAndWait("x", 20);
    await expect(turn).rejects.toMatchObject({ code: "TURN_TIMEOUT" });
  });

  it("never sends a message whose sendAndWait has given up meanwhile", async () => {
    const outage = await sessionWithOutages();
    outage.runtime.hangUp();
    const resume = await outage.runtime.nextCall("session.resume");
    await expect(outage.session.sendAndWait("late", 5)).rejects.toMatchObject({ code: "TURN_TIMEOUT" });
    resume.reply({ sessionId: "s-1" });
    await outage.resumed();
    await outage.quiet();
    expect(outage.runtime.untakenCalls).toEqual([]);
  });
});

describe("sendAndWait over a lost connection (live-2, live-7)", () => {
  const said = { messageId: "a", content: "hello", originatingMessageId: "m" };

  async function turnUnderWay(options: Parameters<typeof sessionWithOutages>[0] = {}) {
    const outage = await sessionWithOutages(options);
    const turn = outage.session.sendAndWait("hi");
    turn.catch(() => undefined);
    (await outage.runtime.nextCall("session.send")).reply({ messageId: "m" });
    outage.runtime.event("s-1", "user.message", { content: "hi", messageId: "m" });
    outage.runtime.event("s-1", "assistant.turn_start", { turnId: "0" });
    await outage.client.ping();
    return { ...outage, turn };
  }

  it("ends with the idle of the missed events", async () => {
    const outage = await turnUnderWay();
    outage.runtime.hangUp();
    outage.runtime.record("s-1", "assistant.message", said);
    outage.runtime.record("s-1", "assistant.turn_end", { turnId: "0" });
    outage.runtime.record("s-1", "session.idle", {}, { ephemeral: true });
    await outage.resume();
    expect(await outage.turn).toMatchObject({ data: { content: "hello" } });
  });

  it("goes on when the turn does", async () => {
    const outage = await turnUnderWay();
    outage.runtime.hangUp();
    await outage.resume();
    await outage.resumed();
    outage.runtime.event("s-1", "assistant.message", said);
    outage.runtime.event("s-1", "session.idle", {}, { ephemeral: true });
    expect(await outage.turn).toMatchObject({ data: { content: "hello" } });
  });

  it("ends without the idle when the runtime says that the session does nothing", async () => {
    const outage = await turnUnderWay({ log: "persisted" });
    outage.runtime.hangUp();
    outage.runtime.record("s-1", "assistant.message", said);
    outage.runtime.record("s-1", "assistant.turn_end", { turnId: "0" });
    outage.runtime.record("s-1", "session.idle", {}, { ephemeral: true });
    await outage.resume();
    (await outage.runtime.nextCall("session.metadata.isProcessing")).reply({ processing: false });
    expect(await outage.turn).toMatchObject({ data: { content: "hello" } });
  });

  it("ends without the idle when the session was not active as it was resumed", async () => {
    const outage = await turnUnderWay({ log: "persisted" });
    outage.runtime.hangUp();
    outage.runtime.record("s-1", "assistant.message", said);
    outage.runtime.record("s-1", "assistant.turn_end", { turnId: "0" });
    const resume = await outage.runtime.nextCall("session.resume");
    resume.reply({ sessionId: "s-1" });
    outage.runtime.event("s-1", "session.resume", { resumeTime: "", eventCount: 4, sessionWasActive: false });
    expect(await outage.turn).toMatchObject({ data: { content: "hello" } });
  });

  it("waits on when the runtime is still at work", async () => {
    const outage = await turnUnderWay({ log: "persisted" });
    outage.runtime.hangUp();
    outage.runtime.record("s-1", "assistant.turn_end", { turnId: "0" }); // of a tool call: there is another round
    await outage.resume();
    (await outage.runtime.nextCall("session.metadata.isProcessing")).reply({ processing: true });
    outage.runtime.event("s-1", "assistant.turn_start", { turnId: "1" });
    outage.runtime.event("s-1", "assistant.message", said);
    outage.runtime.event("s-1", "assistant.turn_end", { turnId: "1" });
    outage.runtime.event("s-1", "session.idle", {}, { ephemeral: true });
    expect(await outage.turn).toMatchObject({ data: { content: "hello" } });
  });

  it("rejects when the client gives up", async () => {
    const outage = await turnUnderWay({ reconnect: { ...FAST, maxAttempts: 1 } });
    outage.runtime.stopListening();
    outage.runtime.hangUp();
    await expect(outage.turn).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
  });

  it("rejects when the message had not been accepted: nobody knows whether it was", async () => {
    const outage = await sessionWithOutages();
    const turn = outage.session.sendAndWait("hi").catch(codeOf);
    await outage.runtime.nextCall("session.send");
    outage.runtime.hangUp();
    expect(await turn).toBe("CONNECTION_CLOSED");
  });
});

it("an answer that the runtime's store cannot take just now is given again", async () => {
  const outage = await sessionWithOutages({
    config: { onPermissionRequest: () => ({ kind: "approve-once" }) },
  });
  outage.runtime.event("s-1", "permission.requested", { requestId: "r-1", permissionRequest: { kind: "shell" } });
  const method = "session.permissions.handlePendingPermissionRequest";
  const refused = await outage.runtime.nextCall(method);
  refused.fail(new NarthexError("STORE_UNAVAILABLE", "The disk is full; free some space and try again."));
  const again = await outage.runtime.nextCall(method);
  expect(again.params).toEqual(refused.params);
  again.reply({ success: true });
  await outage.quiet();
  expect(outage.runtime.untakenCalls).toEqual([]);
});
