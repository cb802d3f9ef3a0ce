import type { SessionEvent } from "@narthex/sdk";
import { Arrivals } from "@narthex/testkit";
import { describe, expect, it } from "vitest";
import { cleanEnvironment, tempFolder } from "../stand/environment.ts";
import { EventLog } from "../stand/event-log.ts";
import { scriptedModel } from "../stand/model.ts";
import { WAYS, narthexClient } from "./client.ts";
import { MemoryFiles } from "./memory-files.ts";

describe.each(WAYS)("sessions: our SDK, official runtime, %s", (way) => {
  it("resumes a session after a restart of the runtime, with its log and its conversation", async () => {
    const { model, provider } = await scriptedModel({ text: "I keep it." }, { text: "It was 42." });
    const home = tempFolder();
    const before = narthexClient(way, cleanEnvironment(home));
    const first = await before.createSession({ provider, model: "m", streaming: true });
    await first.sendAndWait("remember 42");
    expect((await before.listSessions()).map((session) => session.sessionId)).toEqual([first.sessionId]);
    expect(await before.stop()).toEqual([]);

    const after = narthexClient(way, cleanEnvironment(home));
    await after.start();
    expect(await after.getLastSessionId()).toBe(first.sessionId);
    expect(await after.getSessionMetadata(first.sessionId)).toMatchObject({ sessionId: first.sessionId });
    const events = new EventLog<SessionEvent>();
    const second = await after.resumeSession(first.sessionId, {
      provider,
      model: "m",
      streaming: true,
      onEvent: events.take,
    });
    await events.next("session.resume");
    expect((await second.sendAndWait("which number?"))?.data.content).toBe("It was 42.");
    const said = (await second.getEvents()).flatMap((event) =>
      event.type === "assistant.message" ? [event.data.content] : [],
    );
    expect(said).toEqual(["I keep it.", "It was 42."]);
    expect(JSON.stringify(model.calls[1]?.body.messages)).toContain("remember 42");
    await after.deleteSession(first.sessionId);
    expect(await after.getSessionMetadata(first.sessionId)).toBeUndefined();
    expect(await after.stop()).toEqual([]);
  });

  it("says in words and codes what is wrong", async () => {
    const client = narthexClient(way);
    await client.start();
    await expect(client.resumeSession("nobody")).rejects.toThrow(/not found: nobody/i);
    await expect(client.deleteSession("nobody")).rejects.toMatchObject({ code: "SESSION_DELETE_FAILED" });
    await expect(client.createSession({ sessionId: "../x" })).rejects.toMatchObject({ code: "SESSION_ID_INVALID" });
    await expect(client.createCloudSession({ cloud: {} })).rejects.toThrow(/./);
    expect(await client.ping("still there")).toMatchObject({ message: "pong: still there" });
    expect(await client.stop()).toEqual([]);
  });

  it("keeps a session's state in the file system that the application provides", async () => {
    const { provider } = await scriptedModel({ text: "kept elsewhere" });
    const files = new MemoryFiles();
    const client = narthexClient(way, cleanEnvironment(), {
      sessionFs: { initialCwd: tempFolder(), sessionStatePath: "/state", conventions: "posix" },
    });
    const session = await client.createSession({
      provider,
      model: "m",
      streaming: true,
      createSessionFsProvider: () => files,
    });
    expect(files.files.size).toBeGreaterThan(0); // asked for before the response to create
    expect((await session.sendAndWait("go"))?.data.content).toBe("kept elsewhere");
    expect(await client.stop()).toEqual([]);
    const log = [...files.files].find(([name]) => name.endsWith("events.jsonl"))?.[1] ?? "";
    expect(log).toContain("kept elsewhere");
  });

  it("tells of sessions that come and go", async () => {
    const { provider } = await scriptedModel({ text: "ok" });
    const client = narthexClient(way);
    const seen = new Arrivals<string>();
    client.onLifecycle(({ type, sessionId }) => seen.push(`${type} ${sessionId}`));
    const { sessionId } = await client.createSession({ provider, model: "m" });
    const next = (text: string): Promise<string> => seen.next(text, (arrived) => arrived === text);
    await next(`session.created ${sessionId}`);
    await client.deleteSession(sessionId);
    await next(`session.deleted ${sessionId}`);
    expect(await client.stop()).toEqual([]);
  });
});
