// Sessions at rest leave memory; whoever is attached does not notice (rt-14).
import { startScriptedModel, within } from "@narthex/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { scripted, startStand, type RawClient, type Stand } from "./fixture.ts";

/** At rest for one millisecond is long enough. */
const SOON = { attachedIdleMs: 1, upkeepMs: 5, callGraceMs: 0 };

/** Waits until a session is somewhere; asking for it does not wake it. */
async function untilIn({ runtime }: Stand, id: string, state: string): Promise<number> {
  const arrived = async (): Promise<number> => {
    for (;;) {
      const { state: now, attachedClients } = runtime.whereabouts(id);
      if (now === state) return attachedClients;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return within(`${id} being ${state}`, arrived());
}

async function hibernated(stand: Stand, ...clients: RawClient[]): Promise<void> {
  const [first, ...others] = clients;
  await first!.call("session.create", { sessionId: "s" });
  await first!.turn("s", "list files");
  for (const client of others) await client.call("session.resume", { sessionId: "s" });
  expect(await untilIn(stand, "s", "hibernated")).toBe(clients.length);
}

describe("a session that is attached and at rest", () => {
  it("hibernates, and wakes with the next message; every client reads all that comes", async () => {
    const stand = await startStand({ limits: SOON });
    const [a, b] = [await stand.connect(), await stand.connect()];
    await hibernated(stand, a, b);
    await b.call("session.send", { sessionId: "s", prompt: "list files" });
    await Promise.all([a.event("session.idle"), b.event("session.idle")]);
    const { events } = await a.call("session.getMessages", { sessionId: "s" });
    const kept = ({ all }: RawClient) => all.map(({ event }) => event).filter(({ ephemeral }) => ephemeral !== true);
    expect(kept(a)).toEqual(events);
    expect(kept(b)).toEqual(events.slice(-kept(b).length));
    expect(kept(b).filter(({ type }) => type === "user.message")).toHaveLength(1);
    expect(await untilIn(stand, "s", "hibernated")).toBe(2);
  });

  it("keeps what was allowed for the session, the model's tools, and what its clients can answer", async () => {
    const bash = { toolCalls: [{ name: "bash", arguments: { command: "touch made" } }] };
    const mine = { toolCalls: [{ name: "mine", arguments: {} }] };
    const model = await startScriptedModel(bash, { text: "one" }, bash, mine, { text: "two" });
    onTestFinished(() => model.close());
    const stand = await startStand({ limits: SOON, model: scripted(model.baseUrl) });
    const a = await stand.connect();
    const tools = [{ name: "mine", skipPermission: true }];
    await a.call("session.create", { sessionId: "s", requestPermission: true, tools, excludedTools: ["glob"] });
    a.onEvent = ({ type, data }) => {
      const answer = { sessionId: "s", requestId: data?.requestId };
      if (type === "permission.requested") {
        const result = { kind: "approve-for-session" };
        void a.call("session.permissions.handlePendingPermissionRequest", { ...answer, result });
      }
      if (type === "external_tool.requested") {
        void a.call("session.tools.handlePendingToolCall", { ...answer, result: "fine" });
      }
    };
    await a.turn("s", "go");
    await untilIn(stand, "s", "hibernated");
    await a.turn("s", "go again");
    expect(a.all.filter(({ event }) => event.type === "permission.requested")).toHaveLength(1);
    expect(a.all.filter(({ event }) => event.type === "external_tool.requested")).toHaveLength(1);
    const offered = model.calls.map(({ body }) => JSON.stringify(body["tools"]));
    expect(new Set(offered).size).toBe(1);
    expect(offered[0]).not.toContain('"name":"glob"');
  });

  it("wakes for a client that joins, and for a line in its log", async () => {
    const stand = await startStand({ limits: SOON });
    const [a, b] = [await stand.connect(), await stand.connect()];
    await hibernated(stand, a);
    await b.call("session.resume", { sessionId: "s" });
    await a.event("session.resume");
    await untilIn(stand, "s", "hibernated");
    await b.call("session.log", { sessionId: "s", message: "hello" });
    expect((await a.event("session.info")).data.message).toBe("hello");
    expect((await b.event("session.info")).data.message).toBe("hello");
  });

  it("is not woken by reading, and lets go of a client that leaves", async () => {
    const stand = await startStand({ limits: SOON });
    const [a, b] = [await stand.connect(), await stand.connect()];
    await hibernated(stand, a, b);
    await b.call("session.getMessages", { sessionId: "s" });
    await b.call("session.eventLog.read", { sessionId: "s" });
    expect(stand.runtime.whereabouts("s").state).toBe("hibernated");
    await b.call("session.detach", { sessionId: "s" });
    expect(stand.runtime.whereabouts("s")).toEqual({ state: "hibernated", attachedClients: 1 });
    a.peer.close();
    await untilIn(stand, "s", "stored");
  });

  it("tells its clients of its end when it is destroyed while it hibernates", async () => {
    const stand = await startStand({ limits: SOON });
    const [a, b] = [await stand.connect(), await stand.connect()];
    await hibernated(stand, a, b);
    expect(await b.call("session.destroy", { sessionId: "s" })).toEqual({ success: true });
    await a.event("session.shutdown");
    expect(stand.runtime.whereabouts("s")).toEqual({ state: "stored", attachedClients: 0 });
  });

  it("stays while it has a question open, also when nobody is attached any more", async () => {
    const stand = await startStand({ limits: SOON });
    const [a, b] = [await stand.connect(), await stand.connect()];
    await a.call("session.create", { sessionId: "s", requestElicitation: true });
    const form = { message: "name?", requestedSchema: { type: "object", properties: {} } };
    const asking = a.call("session.ui.elicitation", { sessionId: "s", ...form }).catch(() => undefined);
    const { data } = await a.event("elicitation.requested");
    await b.call("session.create", { sessionId: "other" });
    await untilIn(stand, "other", "hibernated");
    expect(stand.runtime.whereabouts("s").state).toBe("idle");
    a.peer.close();
    await asking;
    await b.turn("other", "list files");
    await untilIn(stand, "other", "hibernated");
    expect(stand.runtime.whereabouts("s").state).toBe("idle");
    const answer = { sessionId: "s", requestId: data.requestId, result: { action: "accept", content: {} } };
    expect(await b.call("session.ui.handlePendingElicitation", answer)).toEqual({ success: true });
    await untilIn(stand, "s", "stored");
  });
});

describe("memory", () => {
  it("has room for a new session while another is at rest, with or without clients", async () => {
    const stand = await startStand({ limits: { maxLiveSessions: 2, callGraceMs: 0, unattachedIdleMs: 1e6 } });
    const a = await stand.connect();
    const states = (...ids: string[]): string[] => ids.map((id) => stand.runtime.whereabouts(id).state);
    for (const sessionId of ["one", "two", "three"]) await a.call("session.create", { sessionId });
    expect(states("one", "two", "three")).toEqual(["hibernated", "idle", "idle"]);
    await a.call("session.detach", { sessionId: "three" });
    await a.call("session.create", { sessionId: "four" });
    expect(states("two", "three", "four")).toEqual(["idle", "stored", "idle"]);
    await a.turn("one", "list files");
    expect(states("one", "two", "four")).toEqual(["idle", "hibernated", "idle"]);
  });

  it("has none while every session works", async () => {
    const model = await startScriptedModel({ hangAfter: "thinking" });
    onTestFinished(() => model.close());
    const stand = await startStand({ limits: { maxLiveSessions: 1, callGraceMs: 0 }, model: scripted(model.baseUrl) });
    const a = await stand.connect();
    await a.call("session.create", { sessionId: "busy" });
    await a.call("session.send", { sessionId: "busy", prompt: "go" });
    await expect(a.call("session.create", { sessionId: "other" })).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });

  it("keeps a session without clients for the time that the option says", async () => {
    const stand = await startStand({ limits: { unattachedIdleMs: 1e9 } });
    const a = await stand.connect();
    await a.call("session.create", { sessionId: "s" });
    await a.call("session.detach", { sessionId: "s" });
    expect(stand.runtime.whereabouts("s")).toEqual({ state: "idle", attachedClients: 0 });
  });
});
