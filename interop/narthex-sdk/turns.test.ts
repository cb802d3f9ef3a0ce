import { approveAll, defineTool, type SessionEvent } from "@narthex/sdk";
import { describe, expect, it } from "vitest";
import { EventLog } from "../stand/event-log.ts";
import { scriptedModel } from "../stand/model.ts";
import { WAYS, sharedClient } from "./client.ts";

describe.each(WAYS)("turns: our SDK, official runtime, %s", (way) => {
  const client = sharedClient(way);

  it("answers ping and status", async () => {
    expect(await client().ping("hello")).toMatchObject({ message: "pong: hello", protocolVersion: 3 });
    expect(await client().getStatus()).toEqual({ version: expect.any(String), protocolVersion: 3 });
    expect(await client().getAuthStatus()).toMatchObject({ isAuthenticated: false });
    await expect(client().listModels()).rejects.toThrow(/authenticated/);
  });

  it("streams a turn: the deltas make the message, and what was sent is what is logged", async () => {
    const { provider } = await scriptedModel({ text: "A streamed answer, in several pieces." });
    const events = new EventLog<SessionEvent>();
    const session = await client().createSession({ provider, model: "m", streaming: true, onEvent: events.take });
    const answer = await session.sendAndWait({ prompt: "hi" });
    expect(answer?.data.content).toBe("A streamed answer, in several pieces.");
    const deltas = events.of("assistant.message_delta").map((event) => event.data.deltaContent);
    expect(deltas.join("")).toBe(answer?.data.content);
    expect(events.all[0]?.type).toBe("session.start");
    const logged = (await session.getEvents()).map((event) => event.id);
    expect(logged).toEqual(events.persisted.map((event) => event.id).filter((id) => logged.includes(id)));
    expect(logged).toContain(answer?.id);
    await session.disconnect();
  });

  it("aborts a hanging turn and goes on with the next message", async () => {
    const { provider } = await scriptedModel({ hangAfter: "thinking" }, { text: "fresh" });
    const events = new EventLog<SessionEvent>();
    const session = await client().createSession({ provider, model: "m", streaming: true, onEvent: events.take });
    const hanging = session.sendAndWait("hang");
    hanging.catch(() => undefined);
    await events.next("assistant.message_delta");
    await session.abort();
    await expect(hanging).rejects.toMatchObject({ code: "ABORTED" });
    expect((await session.sendAndWait("again"))?.data.content).toBe("fresh");
    await session.disconnect();
  });

  it("gives the outcome of its own turn to a sendAndWait right after one that failed", async () => {
    const { provider } = await scriptedModel({ status: 400, message: "bad request" }, { text: "better" });
    const session = await client().createSession({ provider, model: "m", streaming: true });
    await expect(session.sendAndWait("go")).rejects.toMatchObject({ code: "SESSION_ERROR" });
    // The failed turn's idle is still on its way; the official SDK takes it for this turn's.
    expect((await session.sendAndWait("again"))?.data.content).toBe("better");
    await session.disconnect();
  });

  it("gives each of two messages sent together the answer to itself", async () => {
    const { provider } = await scriptedModel({ text: "one" }, { text: "two" });
    const events = new EventLog<SessionEvent>();
    const session = await client().createSession({ provider, model: "m", streaming: true, onEvent: events.take });
    const prompts = ["a", "b"];
    const answers = await Promise.all(prompts.map((prompt) => session.sendAndWait(prompt)));
    // The official runtime takes concurrent calls in any order.
    const taken = events.of("user.message").map((event) => event.data.content);
    expect(answers.map((answer) => answer?.data.content)).toEqual(
      prompts.map((prompt) => ["one", "two"][taken.indexOf(prompt)]),
    );
    await session.disconnect();
  });

  it("writes log lines, changes the model, and closes for good", async () => {
    const { model, provider } = await scriptedModel({ text: "ok" });
    const events = new EventLog<SessionEvent>();
    const session = await client().createSession({ provider, model: "first", streaming: true, onEvent: events.take });
    await session.log("a line", { level: "warning" });
    expect((await events.next("session.warning")).data.message).toBe("a line");
    await session.setModel("second");
    await session.sendAndWait("go");
    expect(model.calls[0]?.body.model).toBe("second");
    await session.disconnect();
    await session.disconnect();
    await expect(session.send("more")).rejects.toMatchObject({ code: "SESSION_DISCONNECTED" });
  });

  it("runs several sessions at once, each with its own tools and answers", async () => {
    const { provider } = await scriptedModel({ text: "ok" });
    const sessions = await Promise.all(
      [1, 2, 3, 4].map((number) =>
        client().createSession({
          provider,
          model: `m${number}`,
          streaming: true,
          onPermissionRequest: approveAll,
          tools: [defineTool("number", { handler: () => String(number) })],
        }),
      ),
    );
    const answers = await Promise.all(sessions.map((session) => session.sendAndWait("go")));
    expect(answers.map((answer) => answer?.data.content)).toEqual(["ok", "ok", "ok", "ok"]);
    await Promise.all(sessions.map((session) => session.disconnect()));
  });
});
