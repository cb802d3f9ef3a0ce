import type { SessionEvent } from "@github/copilot-sdk";
import { describe, expect, it } from "vitest";
import { EventLog } from "../stand/event-log.ts";
import { scriptedModel } from "../stand/model.ts";
import { WAYS, sharedStand } from "./client.ts";

describe.each(WAYS)("turns: official SDK, our runtime, %s", (way) => {
  const stand = sharedStand(way);

  it("streams a turn: the deltas make the message, and what was sent is what is logged", async () => {
    const { provider } = await scriptedModel({ text: "A streamed answer, in several pieces." });
    const events = new EventLog<SessionEvent>();
    const session = await stand().client.createSession({ provider, model: "m", streaming: true, onEvent: events.take });
    const answer = await session.sendAndWait({ prompt: "hi" });
    expect(answer?.data.content).toBe("A streamed answer, in several pieces.");
    const deltas = events.of("assistant.message_delta").map((event) => event.data.deltaContent);
    expect(deltas.length).toBeGreaterThan(1);
    expect(deltas.join("")).toBe(answer?.data.content);
    expect(events.all[0]?.type).toBe("session.start");
    expect(await session.getEvents()).toEqual(events.persisted);
    await session.disconnect();
  });

  it("aborts a hanging turn and goes on with the next message", async () => {
    const { provider } = await scriptedModel({ hangAfter: "thinking" }, { text: "fresh" });
    const events = new EventLog<SessionEvent>();
    const session = await stand().client.createSession({ provider, model: "m", streaming: true, onEvent: events.take });
    await session.send("hang");
    await events.next("assistant.message_delta");
    await session.abort();
    expect((await events.next("session.idle")).data.aborted).toBe(true);
    expect((await session.sendAndWait("again"))?.data.content).toBe("fresh");
    await session.disconnect();
  });

  it("runs queued messages in order and is idle once", async () => {
    const { model, provider } = await scriptedModel({ text: "one" }, { text: "two" }, { text: "three" });
    const events = new EventLog<SessionEvent>();
    const session = await stand().client.createSession({ provider, model: "m", onEvent: events.take });
    const ids = await Promise.all(["a", "b", "c"].map((prompt) => session.send({ prompt, mode: "enqueue" })));
    await events.next("session.idle");
    expect(events.of("user.message").map((event) => event.data.content)).toEqual(["a", "b", "c"]);
    expect(events.of("user.message").map((event) => event.data.messageId)).toEqual(ids);
    expect(events.of("assistant.message").map((event) => event.data.content)).toEqual(["one", "two", "three"]);
    expect(events.of("session.idle")).toHaveLength(1);
    expect(model.calls).toHaveLength(3);
    await session.disconnect();
  });

  it("reports a failing model as an error of the session, and goes on", async () => {
    const { provider } = await scriptedModel({ status: 401, message: "bad key" }, { text: "better" });
    const events = new EventLog<SessionEvent>();
    const session = await stand().client.createSession({ provider, model: "m", onEvent: events.take });
    await expect(session.sendAndWait("go")).rejects.toThrow(/key/);
    expect(events.of("session.error")[0]?.data).toMatchObject({ errorType: "authentication", statusCode: 401 });
    await events.next("session.idle"); // the official sendAndWait would take it for the next turn's
    expect((await session.sendAndWait("again"))?.data.content).toBe("better");
    await session.disconnect();
  });

  it("changes the model, writes lines into the log, and fetches a token for each model call", async () => {
    const { model, provider } = await scriptedModel({ text: "ok" });
    const events = new EventLog<SessionEvent>();
    const asked: unknown[] = [];
    const session = await stand().client.createSession({
      provider: {
        type: "openai",
        baseUrl: provider.baseUrl,
        bearerTokenProvider: async (args) => `token-${asked.push(args)}`,
      },
      model: "first",
      onEvent: events.take,
    });
    await session.sendAndWait("go");
    await session.setModel("second");
    await session.log("a line", { level: "warning" });
    await session.sendAndWait("go");
    expect(model.calls.map((call) => call.body.model)).toEqual(["first", "second"]);
    expect(model.calls.map((call) => call.headers.authorization)).toEqual(["Bearer token-1", "Bearer token-2"]);
    expect(asked[0]).toEqual({ providerName: "default", sessionId: session.sessionId });
    expect(events.of("session.model_change")[0]?.data).toMatchObject({ previousModel: "first", newModel: "second" });
    expect(events.of("session.warning")[0]?.data.message).toBe("a line");
    expect((await session.rpc.model.getCurrent()).modelId).toBe("second");
    await session.disconnect();
  });

  it("hands attachments to the model", async () => {
    const { model, provider } = await scriptedModel({ text: "ok" });
    const session = await stand().client.createSession({ provider, model: "m" });
    await session.sendAndWait({
      prompt: "look",
      attachments: [
        { type: "selection", filePath: "a.ts", displayName: "a.ts:3", text: "const lighthouse = 1;" },
        { type: "file", path: "README.md" },
      ],
    });
    const prompt = JSON.stringify(model.calls[0]?.body.messages.at(-1));
    expect(prompt).toContain("const lighthouse = 1;");
    expect(prompt).toContain("README.md");
    await session.disconnect();
  });
});
