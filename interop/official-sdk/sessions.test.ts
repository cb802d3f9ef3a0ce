import { approveAll, defineTool, type SessionEvent } from "@github/copilot-sdk";
import { describe, expect, it } from "vitest";
import { cleanEnvironment, tempFolder } from "../stand/environment.ts";
import { EventLog } from "../stand/event-log.ts";
import { scriptedModel, toolCall } from "../stand/model.ts";
import { WAYS, officialStand, sharedStand } from "./client.ts";

describe.each(WAYS)("sessions: official SDK, our runtime, %s", (way) => {
  const stand = sharedStand(way);

  it("answers ping, status, authentication, models and foreground", async () => {
    const { client } = stand();
    expect(await client.ping("hello")).toMatchObject({ message: "pong: hello", protocolVersion: 3 });
    expect(await client.getStatus()).toEqual({ version: expect.any(String), protocolVersion: 3 });
    expect(await client.getAuthStatus()).toMatchObject({ isAuthenticated: true });
    expect(await client.listModels()).toHaveLength(1);
    expect(await client.getForegroundSessionId()).toBeUndefined();
    await expect(client.setForegroundSessionId("x")).rejects.toThrow(/headless/);
  });

  it("lists, describes and deletes sessions, and tells of them", async () => {
    const { client } = stand();
    const { provider } = await scriptedModel({ text: "ok" });
    const workingDirectory = tempFolder();
    const lifecycle: string[] = [];
    const off = client.onLifecycle((event) => void lifecycle.push(`${event.type} ${event.sessionId}`));
    const session = await client.createSession({ provider, model: "m", workingDirectory });
    await session.sendAndWait("what is this about?");
    const { sessionId } = session;
    const [listed] = await client.listSessions({ workingDirectory });
    expect(listed).toMatchObject({
      sessionId,
      isRemote: false,
      summary: "what is this about?",
      context: { workingDirectory },
    });
    expect(listed?.startTime).toBeInstanceOf(Date);
    expect(await client.getSessionMetadata(sessionId)).toMatchObject({ sessionId });
    expect(await client.getSessionMetadata("nobody")).toBeUndefined();
    expect(await client.getLastSessionId()).toBe(sessionId);
    await session.disconnect();
    await client.deleteSession(sessionId);
    expect(await client.getSessionMetadata(sessionId)).toBeUndefined();
    await expect(client.deleteSession(sessionId)).rejects.toThrow(sessionId);
    off();
    expect(lifecycle).toContain(`session.created ${sessionId}`);
    expect(lifecycle).toContain(`session.updated ${sessionId}`);
    expect(lifecycle.at(-1)).toBe(`session.deleted ${sessionId}`);
  });

  it("refuses to resume a session that does not exist", async () => {
    await expect(stand().client.resumeSession("nobody", {})).rejects.toThrow(/not found.*nobody/i);
  });

  it("resumes a session after a restart of the runtime, with its log and its conversation", async () => {
    const { model, provider } = await scriptedModel({ text: "I keep it." }, { text: "It was 42." });
    const home = tempFolder();
    const before = await officialStand(way, { env: cleanEnvironment(home) });
    const first = await before.client.createSession({ provider, model: "m" });
    await first.sendAndWait("remember 42");
    const logged = await first.getEvents();
    expect(await before.end()).toEqual({ errors: [], exitCode: 0 });

    const after = await officialStand(way, { env: cleanEnvironment(home) });
    await after.client.start();
    expect(await after.client.getLastSessionId()).toBe(first.sessionId);
    const events = new EventLog<SessionEvent>();
    const second = await after.client.resumeSession(first.sessionId, { provider, model: "m", onEvent: events.take });
    await events.next("session.resume");
    expect((await second.sendAndWait("which number?"))?.data.content).toBe("It was 42.");
    const history = await second.getEvents();
    expect(history.slice(0, logged.length)).toEqual(logged);
    expect(history.slice(logged.length)).toEqual(events.persisted);
    expect(JSON.stringify(model.calls[1]?.body.messages)).toContain("remember 42");
    expect(await after.end()).toEqual({ errors: [], exitCode: 0 });
  });
});

describe.each(["uri", "uri with a token"] as const)("two official clients of one runtime, %s", (way) => {
  it("share a session: one asks, the other allows and runs the tool, both see the same", async () => {
    const stand = await officialStand(way);
    const { provider } = await scriptedModel(toolCall("whoami", {}), { text: "You are B." });
    const a = stand.client;
    const b = stand.another();
    const eventsA = new EventLog<SessionEvent>();
    const eventsB = new EventLog<SessionEvent>();
    const atA = await a.createSession({ provider, model: "m", onEvent: eventsA.take });
    const atB = await b.resumeSession(atA.sessionId, {
      onEvent: eventsB.take,
      onPermissionRequest: approveAll,
      tools: [defineTool("whoami", { handler: () => "B" })],
    });
    expect((await atA.sendAndWait("who?"))?.data.content).toBe("You are B.");
    await eventsB.next("session.idle");
    const fromResume = eventsA.types.indexOf("session.resume");
    expect(eventsB.persisted.filter((event) => event.type !== "session.resume")).toEqual(
      eventsA.persisted.slice(fromResume + 1),
    );
    expect((await a.listSessions()).map((session) => session.sessionId)).toEqual(
      (await b.listSessions()).map((session) => session.sessionId),
    );
    await atB.disconnect();
    expect((await atA.sendAndWait("still there?"))?.data.content).toBe("You are B.");
    expect(await b.stop()).toEqual([]);
    expect(await stand.end()).toEqual({ errors: [], exitCode: 0 });
  });
});
