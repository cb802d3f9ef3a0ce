import { NarthexError } from "@narthex/protocol";
import { describe, expect, it } from "vitest";
import { CopilotClient, RuntimeConnection, type SessionEvent } from "../src/index.ts";
import { connectedPair, messagesOf } from "./fixture.ts";

const ask = (n: number, sessionId = "s-1") => ({ sessionId, question: `q${n}` });
const codeOf = (error: unknown) => (NarthexError.is(error) ? `${error.rpcCode} ${error.message}` : String(error));

describe("bounds", () => {
  it("fails the oldest of 129 early requests before registration; the other 128 succeed (bound-1)", async () => {
    const { client, runtime } = await connectedPair();
    const creating = client.createCloudSession({
      cloud: {},
      onUserInputRequest: ({ question }) => ({ answer: question, wasFreeform: true }),
    });
    const create = await runtime.nextCall("session.create");
    const replies = Array.from({ length: 129 }, (_, n) => runtime.request("userInput.request", ask(n)));
    const oldest = await replies[0]!.catch(codeOf);
    expect(oldest).toMatch(/^-32603 .*pending session buffer overflow/);
    create.reply({ sessionId: "s-1" });
    await creating;
    const others = await Promise.all(replies.slice(1));
    expect(others).toEqual(Array.from({ length: 128 }, (_, n) => ({ answer: `q${n + 1}`, wasFreeform: true })));
  });

  it("drops the oldest of 129 early events, warns through the logger, and tells the session (bound-2)", async () => {
    const { client, runtime, logger } = await connectedPair();
    const seen: SessionEvent[] = [];
    const creating = client.createCloudSession({ cloud: {}, onEvent: (event) => seen.push(event) });
    const create = await runtime.nextCall("session.create");
    const ids = Array.from({ length: 129 }, (_, n) =>
      runtime.event("s-1", "session.info", { infoType: "t", message: String(n) }),
    );
    create.reply({ sessionId: "s-1" });
    const session = await creating;
    expect(messagesOf(seen)).toEqual(Array.from({ length: 128 }, (_, n) => String(n + 1)));
    expect(session.startup).toMatchObject({
      droppedEvents: 1,
      firstDroppedEventId: ids[0],
      lastDroppedEventId: ids[0],
    });
    expect(logger.lines.join("\n")).toMatch(/dropped/);
  });

  it("drops questions last, and declines one that had to go once there is a session (bound-3)", async () => {
    const { client, runtime } = await connectedPair({ client: { pendingRouting: { maxParkedEventsPerSession: 2 } } });
    const decided: string[] = [];
    const creating = client.createCloudSession({
      cloud: {},
      onPermissionRequest: (request) => (decided.push(String(request.toolCallId)), { kind: "approve-once" }),
    });
    const create = await runtime.nextCall("session.create");
    const question = (n: number) => ({
      requestId: `p${n}`,
      permissionRequest: { kind: "read", toolCallId: `c${n}`, path: "/" },
    });
    runtime.event("s-1", "permission.requested", question(1));
    runtime.event("s-1", "assistant.message_delta", { messageId: "m", deltaContent: "x" }, { ephemeral: true });
    runtime.event("s-1", "permission.requested", question(2));
    runtime.event("s-1", "permission.requested", question(3));
    create.reply({ sessionId: "s-1" });
    const session = await creating;
    expect(session.startup).toMatchObject({ parkedEvents: 2, droppedEvents: 2 });
    const answers = new Map<unknown, unknown>();
    for (let n = 0; n < 3; n += 1) {
      const { params } = await runtime.nextCall("session.permissions.handlePendingPermissionRequest");
      answers.set(params.requestId, params.result);
    }
    expect(Object.fromEntries(answers)).toEqual({
      p1: { kind: "user-not-available" },
      p2: { kind: "approve-once" },
      p3: { kind: "approve-once" },
    });
    expect(decided).toEqual(["c2", "c3"]);
  });

  it("reads what was lost back from the runtime's log, in its place, before the create resolves (bound-4)", async () => {
    const seen: string[] = [];
    const log: unknown[] = [];
    const replies: Promise<unknown>[] = [];
    const { client, runtime } = await connectedPair({
      client: { pendingRouting: { maxParkedEventsPerSession: 2 } },
      runtime: {
        answers: {
          "session.getMessages": () => {
            // Behind the snapshot of the log, and in front of its answer.
            runtime.event("s-1", "session.info", { infoType: "t", message: "live" });
            return { events: log };
          },
        },
      },
    });
    const creating = client.createCloudSession({
      cloud: {},
      onEvent: (event) => seen.push(event.type === "session.info" ? event.data.message : event.type),
      onUserInputRequest: () => (seen.push("request"), { answer: "", wasFreeform: true }),
    });
    const create = await runtime.nextCall("session.create");
    for (const message of ["1", "2", "3", "4", "5"]) {
      const data = { infoType: "t", message };
      log.push({
        id: runtime.event("s-1", "session.info", data),
        timestamp: "",
        parentId: null,
        type: "session.info",
        data,
      });
      if (message === "4") replies.push(runtime.request("userInput.request", ask(1)));
    }
    await client.ping();
    create.reply({ sessionId: "s-1" });
    const session = await creating;
    expect(seen).toEqual(["1", "2", "3", "4", "request", "5", "live"]);
    expect(session.startup).toMatchObject({ parkedEvents: 2, droppedEvents: 3, repairedEvents: 3 });
    expect(await Promise.all(replies)).toEqual([{ answer: "", wasFreeform: true }]);
  });

  it("refuses a request for an unknown id at once when no create is in flight (bound-7)", async () => {
    const { runtime } = await connectedPair();
    await expect(runtime.request("userInput.request", ask(1, "nobody"))).rejects.toMatchObject({ rpcCode: -32602 });
  });

  it("refuses a parked request that waits too long, with a text of its own (bound-6)", async () => {
    const { client, runtime } = await connectedPair({ client: { pendingRouting: { parkTimeoutMs: 20 } } });
    const creating = client.createCloudSession({ cloud: {} });
    const create = await runtime.nextCall("session.create");
    const refused = await runtime.request("userInput.request", ask(1)).catch(codeOf);
    expect(refused).toMatch(/^-32603 .*timed out/);
    create.reply({ sessionId: "s-1" });
    await creating;
  });

  it("refuses requests for a session that was just disconnected (bound-9)", async () => {
    const { client, runtime } = await connectedPair();
    const creating = client.createCloudSession({
      cloud: {},
      onUserInputRequest: () => ({ answer: "", wasFreeform: true }),
    });
    (await runtime.nextCall("session.create")).reply({ sessionId: "s-1" });
    await (await creating).disconnect();
    const next = client.createCloudSession({ cloud: {} });
    const create = await runtime.nextCall("session.create");
    await expect(runtime.request("userInput.request", ask(1))).rejects.toMatchObject({ rpcCode: -32602 });
    create.reply({ sessionId: "s-2" });
    await next;
  });
});

describe("guards", () => {
  it("keeps parking for B when A succeeds (guard-1) and when A fails (guard-3)", async () => {
    const { client, runtime } = await connectedPair();
    const seen: SessionEvent[] = [];
    const a = client.createCloudSession({ cloud: {} });
    const createA = await runtime.nextCall("session.create");
    const c = client.createCloudSession({ cloud: {} });
    const createC = await runtime.nextCall("session.create");
    const b = client.createCloudSession({ cloud: {}, onEvent: (event) => seen.push(event) });
    const createB = await runtime.nextCall("session.create");
    createA.reply({ sessionId: "id-a" });
    await a;
    runtime.event("id-b", "session.info", { infoType: "t", message: "after A" });
    createC.fail(new NarthexError("REQUEST_FAILED", "no"));
    await expect(c).rejects.toThrow("no");
    runtime.event("id-b", "session.info", { infoType: "t", message: "after C" });
    createB.reply({ sessionId: "id-b" });
    await b;
    expect(messagesOf(seen)).toEqual(["after A", "after C"]);
  });

  it("refuses what is parked when the last create fails, with its own text (guard-2)", async () => {
    const { client, runtime } = await connectedPair();
    const creating = client.createCloudSession({ cloud: {} });
    const create = await runtime.nextCall("session.create");
    const reply = runtime.request("userInput.request", ask(1)).catch(codeOf);
    create.fail(new NarthexError("REQUEST_FAILED", "no room"));
    await expect(creating).rejects.toThrow("no room");
    expect(await reply).toMatch(/^-32603 .*pending session routing ended before session was registered/);
  });

  it("leaves parking off when the create cannot be written (guard-4)", async () => {
    const { client, runtime } = await connectedPair();
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    await expect(client.createCloudSession({ cloud: {}, featureFlags: cycle as never })).rejects.toThrow();
    await expect(runtime.request("userInput.request", ask(1))).rejects.toMatchObject({ rpcCode: -32602 });
  });

  it("shares nothing between two clients of one process (guard-5)", async () => {
    const one = await connectedPair();
    const two = await connectedPair();
    const creating = one.client.createCloudSession({ cloud: {} });
    const create = await one.runtime.nextCall("session.create");
    await expect(two.runtime.request("userInput.request", ask(1))).rejects.toMatchObject({ rpcCode: -32602 });
    create.reply({ sessionId: "s-1" });
    await creating;
  });

  it("refuses the second of two creates answered with one id; the first keeps working (guard-6)", async () => {
    const { client, runtime } = await connectedPair();
    const seen: SessionEvent[] = [];
    const a = client.createCloudSession({ cloud: {}, onEvent: (event) => seen.push(event) });
    (await runtime.nextCall("session.create")).reply({ sessionId: "same" });
    const session = await a;
    const b = client.createCloudSession({ cloud: {} });
    (await runtime.nextCall("session.create")).reply({ sessionId: "same" });
    await expect(b).rejects.toMatchObject({ code: "SESSION_ID_CONFLICT" });
    const sent = session.send("still here?");
    (await runtime.nextCall("session.send")).reply({ messageId: "m" });
    await sent;
    expect(runtime.untakenCalls.map((call) => call.method)).not.toContain("session.destroy");
  });
});

describe("failure and cleanup", () => {
  it("destroys the session of a response that cannot be decoded, and refuses what is parked for it (fail-1)", async () => {
    const { client, runtime } = await connectedPair();
    const creating = client.createCloudSession({ cloud: {} });
    const create = await runtime.nextCall("session.create");
    const reply = runtime.request("userInput.request", ask(1)).catch(codeOf);
    create.reply({ sessionId: "s-1", capabilities: 7 });
    await expect(creating).rejects.toMatchObject({ code: "SESSION_CREATE_RESPONSE_INVALID" });
    expect(await reply).toMatch(/-32603/);
    const destroyed = await runtime.nextCall("session.destroy");
    expect(destroyed.params).toEqual({ sessionId: "s-1" });
    destroyed.reply({ success: true });
  });

  it.each([null, [], 7, {}, { sessionId: 5 }, { sessionId: "" }])(
    "warns of a possible leak when the response is %j (fail-1)",
    async (answer) => {
      const { client, runtime, logger } = await connectedPair();
      const creating = client.createCloudSession({ cloud: {} });
      (await runtime.nextCall("session.create")).reply(answer);
      await expect(creating).rejects.toMatchObject({ code: "SESSION_CREATE_RESPONSE_INVALID" });
      expect(logger.lines.join("\n")).toMatch(/left with a session/);
    },
  );

  it("rejects a cancelled create promptly and destroys the late session (fail-3)", async () => {
    const { client, runtime } = await connectedPair();
    const abort = new AbortController();
    const creating = client.createCloudSession({ cloud: {} }, { signal: abort.signal });
    const create = await runtime.nextCall("session.create");
    const reply = runtime.request("userInput.request", ask(1)).catch(codeOf);
    await client.ping();
    abort.abort();
    await expect(creating).rejects.toMatchObject({ code: "ABORTED" });
    expect(await reply).toMatch(/routing ended/);
    create.reply({ sessionId: "s-late" });
    expect((await runtime.nextCall("session.destroy")).params).toEqual({ sessionId: "s-late" });
  });

  it("rejects a create that takes too long (fail-3)", async () => {
    const { client, runtime } = await connectedPair();
    const creating = client.createCloudSession({ cloud: {} }, { timeoutMs: 30 });
    const create = await runtime.nextCall("session.create");
    await expect(creating).rejects.toMatchObject({ code: "REQUEST_TIMEOUT" });
    create.reply({ sessionId: "s-late" });
    expect((await runtime.nextCall("session.destroy")).params).toEqual({ sessionId: "s-late" });
  });

  it("says what waited when a create takes too long (fail-8)", async () => {
    const { client, runtime } = await connectedPair();
    const creating = client.createCloudSession({ cloud: {} }, { timeoutMs: 50 });
    await runtime.nextCall("session.create");
    const reply = runtime.request("userInput.request", ask(1)).catch(codeOf);
    await expect(creating).rejects.toThrow(/userInput\.request for session s-1 since \d+ ms/);
    expect(await reply).toMatch(/routing ended/);
  });

  it("rejects a create whose connection drops (fail-4), and sendAndWait too where it is for good (live-2)", async () => {
    const { client, runtime } = await connectedPair({ client: { reconnect: false } });
    const first = client.createCloudSession({ cloud: {} });
    (await runtime.nextCall("session.create")).reply({ sessionId: "s-1" });
    const turn = (await first).sendAndWait("hello");
    (await runtime.nextCall("session.send")).reply({ messageId: "m" });
    const creating = client.createCloudSession({ cloud: {} });
    await runtime.nextCall("session.create");
    const outcomes = Promise.allSettled([creating, turn]);
    runtime.hangUp();
    expect(await outcomes).toMatchObject([
      { status: "rejected", reason: { code: "CONNECTION_CLOSED" } },
      { status: "rejected", reason: { code: "CONNECTION_CLOSED" } },
    ]);
  });

  it("stop() during a create rejects it and answers what is parked (fail-5)", async () => {
    const { client, runtime } = await connectedPair();
    const creating = client.createCloudSession({ cloud: {} }).catch((error: unknown) => error);
    await runtime.nextCall("session.create");
    const reply = runtime.request("userInput.request", ask(1)).catch(codeOf);
    await client.ping();
    const stopped = client.stop();
    expect(await creating).toMatchObject({ code: "CONNECTION_CLOSED" });
    expect(await reply).toMatch(/routing ended/);
    expect(await stopped).toEqual([]);
  });

  it("turns a throwing handler into an error reply, and goes on (fail-7)", async () => {
    const { client, runtime } = await connectedPair();
    const creating = client.createCloudSession({
      cloud: {},
      onUserInputRequest: ({ question }) => {
        if (question === "q1") throw new Error("handler broke");
        return { answer: "fine", wasFreeform: true };
      },
    });
    const create = await runtime.nextCall("session.create");
    const replies = [1, 2].map((n) => runtime.request("userInput.request", ask(n)).catch(codeOf));
    create.reply({ sessionId: "s-1" });
    await creating;
    expect(await replies[0]).toMatch(/^-32603 .*handler broke/);
    expect(await replies[1]).toEqual({ answer: "fine", wasFreeform: true });
  });
});

describe("starting", () => {
  it("refuses a runtime of another protocol version and names both", async () => {
    const { runtime } = await connectedPair({
      runtime: { answers: { connect: () => ({ ok: true, protocolVersion: 3 }) } },
    });
    void runtime;
    const other = await connectedPair({
      runtime: { answers: { connect: () => ({ ok: true, protocolVersion: 2 }) } },
    }).catch((error: unknown) => error);
    expect(other).toMatchObject({ code: "PROTOCOL_VERSION_MISMATCH" });
    expect((other as Error).message).toMatch(/3.*2/);
  });

  it("falls back to ping for a runtime without connect", async () => {
    const answers = {
      connect: () => {
        throw new NarthexError("METHOD_NOT_FOUND", "Unhandled method connect");
      },
      ping: () => ({ message: "pong", timestamp: "t", protocolVersion: 3 }),
    };
    const { client } = await connectedPair({ runtime: { answers } });
    expect((await client.ping()).message).toBe("pong");
  });

  it("says what to do when nothing listens at the address", async () => {
    const client = new CopilotClient({ connection: RuntimeConnection.forUri("127.0.0.1:1") });
    await expect(client.start()).rejects.toMatchObject({ code: "CONNECTION_FAILED" });
    await expect(client.ping()).rejects.toMatchObject({ code: "NOT_CONNECTED" });
  });
});
