import { NarthexError } from "@narthex/protocol";
import type { ScriptedLog } from "@narthex/testkit";
import { describe, expect, it } from "vitest";
import { CopilotClient, RuntimeConnection } from "../src/index.ts";
import { connectedPair } from "./fixture.ts";
import { FAST, sessionWithOutages } from "./outage-fixture.ts";

const EPHEMERAL = { ephemeral: true };

describe("events after a lost connection (live-7)", () => {
  it("delivers what was missed once, in order, before what is newer, to the same handlers", async () => {
    const { runtime, client, session, seen, told, ...outage } = await sessionWithOutages();
    outage.info("1");
    await client.ping();
    runtime.hangUp();
    expect(await told("lost")).toMatchObject({ error: { code: "CONNECTION_CLOSED" } });
    for (const message of ["2", "3"]) outage.missed(message);
    outage.missed("4", EPHEMERAL);
    expect(await told("reconnecting")).toMatchObject({ attempt: 1 });
    const resume = await runtime.nextCall("session.resume");
    outage.info("5"); // before the resume is answered, and in the log too
    resume.reply({ sessionId: "s-1" });
    outage.info("6", EPHEMERAL);
    await outage.resumed();
    outage.info("7");
    await client.ping();
    expect(seen).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
    expect(await told("connected")).toEqual({ type: "connected", attempt: 1 });
    expect(session.sessionId).toBe("s-1");
  });

  it("asks for the log from the event seen last, page by page", async () => {
    const asked: unknown[] = [];
    const log: { of?: ScriptedLog } = {};
    const outage = await sessionWithOutages({
      answers: {
        "session.eventLog.read": (params) => {
          asked.push(params.cursor);
          const page = log.of?.read({ ...params, max: 2 });
          outage.info(`live ${asked.length}`, EPHEMERAL); // behind the snapshot, in front of its answer
          return page;
        },
      },
    });
    log.of = outage.runtime.log;
    outage.info("0");
    const first = outage.info("1", EPHEMERAL);
    await outage.client.ping();
    outage.runtime.hangUp();
    const ids = ["2", "3", "4"].map((message) => outage.missed(message));
    await outage.resume();
    await outage.resumed();
    expect(asked.slice(0, 2)).toEqual([first, ids[1]]);
    expect(outage.seen.slice(0, 5)).toEqual(["0", "1", "2", "3", "4"]);
    expect(outage.seen[5]).toBe("live 1");
    expect(new Set(outage.seen).size).toBe(outage.seen.length);
  });

  it("reads from the last persisted event when the runtime no longer knows the last one", async () => {
    const wholeLog = (): never => {
      throw new NarthexError("INTERNAL", "It should not be needed.");
    };
    const outage = await sessionWithOutages({ answers: { "session.getMessages": wholeLog } });
    outage.info("1");
    outage.info("2", EPHEMERAL);
    await outage.client.ping();
    outage.runtime.hangUp();
    outage.runtime.log.forgetEphemeral();
    outage.missed("3");
    await outage.resume();
    expect(await outage.told("resumed")).toEqual({ type: "resumed", sessionId: "s-1", isComplete: true });
    expect(outage.seen).toEqual(["1", "2", "3"]);
  });

  it("reads the whole log of a runtime that has no event log, and passes over what it knows", async () => {
    const outage = await sessionWithOutages({ log: "persisted" });
    outage.info("1");
    outage.info("2");
    await outage.client.ping();
    outage.runtime.hangUp();
    outage.missed("3");
    outage.missed("lost for good", EPHEMERAL);
    const resume = await outage.runtime.nextCall("session.resume");
    outage.info("delta", EPHEMERAL);
    outage.info("4");
    resume.reply({ sessionId: "s-1" });
    await outage.resumed();
    expect(outage.seen).toEqual(["1", "2", "3", "delta", "4"]);
  });

  it("goes on where the log cannot be read, and says so", async () => {
    const unknown = (): never => {
      throw new NarthexError("METHOD_NOT_FOUND", "Unhandled method");
    };
    const outage = await sessionWithOutages({
      answers: { "session.eventLog.read": unknown, "session.getMessages": unknown },
    });
    outage.info("1");
    await outage.client.ping();
    outage.runtime.hangUp();
    outage.missed("2");
    const resume = await outage.runtime.nextCall("session.resume");
    outage.info("3");
    resume.reply({ sessionId: "s-1" });
    expect(await outage.told("resumed")).toMatchObject({ isComplete: false });
    expect(outage.seen).toEqual(["1", "3"]);
  });

  it("asks a runtime again that refuses because it shuts down, and says nothing wrong meanwhile", async () => {
    let isOnItsWayOut = true;
    const log: { of?: ScriptedLog } = {};
    const read = (params: Record<string, unknown>): unknown => {
      if (!isOnItsWayOut) return log.of?.read(params);
      throw new NarthexError("SERVER_SHUTTING_DOWN", "SERVER_SHUTTING_DOWN: the runtime takes no more calls.");
    };
    const outage = await sessionWithOutages({
      answers: { "session.eventLog.read": read, "session.getMessages": read },
    });
    log.of = outage.runtime.log;
    outage.info("1");
    await outage.client.ping();
    outage.runtime.hangUp();
    outage.missed("2");
    await outage.resume();
    outage.info("3"); // newer than what is missed: it waits
    for (let answers = 0; answers < 3; answers += 1) await outage.quiet(); // every question has been refused
    outage.runtime.hangUp();
    isOnItsWayOut = false;
    await outage.resume();
    expect(await outage.told("resumed")).toEqual({ type: "resumed", sessionId: "s-1", isComplete: true });
    expect(outage.seen).toEqual(["1", "2", "3"]);
    expect(outage.connection.rest.filter(({ type }) => type === "resumed")).toEqual([]);
  });

  it("does not take what was there before a session was resumed here for missed", async () => {
    const outage = await sessionWithOutages();
    outage.runtime.record("s-2", "session.info", { infoType: "t", message: "old" });
    const seen: string[] = [];
    const resuming = outage.client.resumeSession("s-2", { onEvent: (event) => seen.push(event.type) });
    (await outage.runtime.nextCall("session.resume")).reply({ sessionId: "s-2" });
    await resuming;
    for (const isComplete of [false, true]) {
      outage.runtime.hangUp();
      for (let n = 0; n < 2; n += 1) await outage.resume();
      const told = [await outage.told("resumed"), await outage.told("resumed")];
      expect(told.find(({ sessionId }) => sessionId === "s-2")).toMatchObject({ isComplete });
      outage.runtime.event("s-2", "session.idle", {}, EPHEMERAL);
      await outage.client.ping();
    }
    expect(seen).toEqual(["session.idle", "session.idle"]);
  });

  it("delivers an event whole that was cut in the middle of its frame", async () => {
    const outage = await sessionWithOutages();
    outage.info("1");
    outage.runtime.cutWithin("s-1", "session.info", { infoType: "t", message: "cut" });
    await outage.resume();
    await outage.resumed();
    expect(outage.seen).toEqual(["1", "cut"]);
  });

  it("survives a connection that is lost again while it catches up", async () => {
    const outage = await sessionWithOutages();
    outage.info("1");
    await outage.client.ping();
    outage.runtime.hangUp();
    outage.missed("2");
    await outage.runtime.nextCall("session.resume"); // never answered
    outage.info("3");
    outage.runtime.cutWithin("s-1", "session.info", { infoType: "t", message: "4" });
    await outage.told("lost");
    await outage.told("lost");
    await outage.resume();
    await outage.resumed();
    expect(outage.seen).toEqual(["1", "2", "3", "4"]);
  });

  it("does not lose or repeat anything over many outages", async () => {
    const outage = await sessionWithOutages({ reconnect: { ...FAST, maxElapsedMs: Number.POSITIVE_INFINITY } });
    const sent: string[] = [];
    const note = (message: string): string => (sent.push(message), message);
    for (let round = 0; round < 20; round += 1) {
      outage.info(note(`live ${round}`));
      if (round % 2 === 0)
        outage.runtime.cutWithin("s-1", "session.info", { infoType: "t", message: note(`cut ${round}`) });
      else outage.runtime.hangUp();
      await outage.told("lost");
      for (let n = 0; n < round; n += 1) outage.missed(note(`missed ${round}.${n}`), n % 2 === 0 ? {} : EPHEMERAL);
      const resume = await outage.runtime.nextCall("session.resume");
      outage.info(note(`early ${round}`));
      resume.reply({ sessionId: "s-1" });
      outage.info(note(`late ${round}`), EPHEMERAL);
      await outage.resumed();
    }
    await outage.client.ping();
    expect(outage.seen).toEqual(sent);
  });
});

describe("taking a session up again (live-7)", () => {
  it("says what the config says, with the flags of the create and the model chosen since", async () => {
    const outage = await sessionWithOutages({ config: { model: "first", streaming: true, clientName: "app" } });
    const switching = outage.session.setModel("second");
    (await outage.runtime.nextCall("session.model.switchTo")).reply({});
    await switching;
    outage.runtime.hangUp();
    const { params } = await outage.resume();
    expect(params).toMatchObject({
      sessionId: "s-1",
      model: "second",
      streaming: true,
      clientName: "app",
      requestPermission: false,
      continuePendingWork: true,
    });
    expect(Object.keys(params)).not.toContain("cloud");
  });

  it("takes over what the response says, and patches the options", async () => {
    const patches: unknown[] = [];
    const outage = await sessionWithOutages({
      config: { onPermissionRequest: () => ({ kind: "approve-once" }), coauthorEnabled: false },
      answers: { "session.options.update": (params) => (patches.push(params), { success: true }) },
    });
    outage.runtime.event("s-1", "capabilities.changed", { ui: { elicitation: false } }, EPHEMERAL);
    await outage.client.ping();
    outage.runtime.hangUp();
    const { params } = await outage.resume({
      remoteUrl: "http://new/s-1",
      capabilities: { ui: { elicitation: true } },
    });
    expect(params).toMatchObject({ requestPermission: true });
    await outage.resumed();
    expect(outage.session.remoteUrl).toBe("http://new/s-1");
    expect(outage.session.capabilities).toEqual({ ui: { elicitation: true } });
    const patch = { sessionId: "s-1", coauthorEnabled: false };
    expect(patches).toEqual([patch, patch]);
  });

  it("ends a session that the runtime no longer has, and goes on with the others", async () => {
    const outage = await sessionWithOutages();
    const creating = outage.client.createCloudSession({ cloud: {} });
    (await outage.runtime.nextCall("session.create")).reply({ sessionId: "s-2" });
    const other = await creating;
    const turn = outage.session.sendAndWait("hello");
    (await outage.runtime.nextCall("session.send")).reply({ messageId: "m" });
    const ended = turn.catch((error: unknown) => error);
    await outage.client.ping();
    outage.runtime.hangUp();
    for (let n = 0; n < 2; n += 1) {
      const call = await outage.runtime.nextCall("session.resume");
      if (call.params.sessionId === "s-2") call.reply({ sessionId: "s-2" });
      else call.fail(new NarthexError("SESSION_NOT_FOUND", "Session not found: s-1"));
    }
    const { error } = await outage.told("session-lost");
    expect(error).toMatchObject({ code: "SESSION_LOST", cause: { code: "SESSION_NOT_FOUND" } });
    expect(await ended).toBe(error);
    await expect(outage.session.send("x")).rejects.toBe(error);
    expect(await outage.told("resumed")).toMatchObject({ sessionId: "s-2" });
    const sent = other.send("still here");
    (await outage.runtime.nextCall("session.send")).reply({ messageId: "m2" });
    expect(await sent).toBe("m2");
  });

  it("tries a resume again that failed for a passing reason", async () => {
    const outage = await sessionWithOutages();
    outage.runtime.hangUp();
    (await outage.runtime.nextCall("session.resume")).fail(new NarthexError("STORE_UNAVAILABLE", "busy"));
    await outage.resume();
    await outage.resumed();
  });

  it("leaves a session alone that was disconnected meanwhile", async () => {
    const outage = await sessionWithOutages({ reconnect: { initialDelayMs: 60_000 } });
    outage.runtime.hangUp();
    await outage.told("lost");
    await outage.session.disconnect();
    await expect(outage.session.send("x")).rejects.toMatchObject({ code: "SESSION_DISCONNECTED" });
  });

  it("does not take up a session whose disconnect was under way", async () => {
    const never = (): unknown => new Promise(() => undefined);
    const outage = await sessionWithOutages({ answers: { "session.detach": never } });
    const disconnecting = outage.session.disconnect();
    await outage.client.ping();
    outage.runtime.hangUp();
    await disconnecting;
    await expect(outage.session.send("x")).rejects.toMatchObject({ code: "SESSION_DISCONNECTED" });
    await outage.told("connected");
    await outage.quiet();
    expect(outage.runtime.untakenCalls).toEqual([]);
  });

  it("asks for the models anew", async () => {
    let asked = 0;
    const models = (): unknown => ((asked += 1), { models: [] });
    const outage = await sessionWithOutages({ answers: { "models.list": models } });
    await outage.client.listModels();
    await outage.client.listModels();
    outage.runtime.hangUp();
    await outage.told("connected");
    await outage.client.listModels();
    expect(asked).toBe(2);
  });
});

describe("when it is over", () => {
  it("gives up after its attempts: sessions and waiting calls are told, and start() begins anew", async () => {
    const outage = await sessionWithOutages({ reconnect: { ...FAST, maxAttempts: 2 } });
    outage.runtime.stopListening();
    outage.runtime.hangUp();
    await outage.told("lost");
    const calls = Promise.allSettled([outage.client.ping(), outage.session.send("x"), outage.session.getEvents()]);
    const { error } = await outage.told("gave-up");
    expect(error).toMatchObject({ code: "CONNECTION_CLOSED", cause: { code: "CONNECTION_FAILED" } });
    expect(await calls).toEqual([1, 2, 3].map(() => ({ status: "rejected", reason: error })));
    await expect(outage.session.send("x")).rejects.toBe(error);
    const attempts = outage.connection.rest.filter((event) => event.type === "reconnecting");
    expect(attempts).toMatchObject([{ attempt: 1 }, { attempt: 2 }]);
    await expect(outage.client.ping()).rejects.toMatchObject({ code: "NOT_CONNECTED" });
    await outage.runtime.listen();
    await outage.client.start();
    expect((await outage.client.ping()).message).toBe("pong");
  });

  it("gives up at once when trying again cannot help", async () => {
    let isStrict = false;
    const connect = (): unknown => {
      if (isStrict) throw new NarthexError("AUTHENTICATION_FAILED", "the token is wrong");
      return { ok: true, protocolVersion: 3 };
    };
    const outage = await sessionWithOutages({ answers: { connect } });
    isStrict = true;
    outage.runtime.hangUp();
    expect(await outage.told("gave-up")).toMatchObject({ error: { cause: { code: "AUTHENTICATION_FAILED" } } });
  });

  it("gives up when its signal aborts", async () => {
    const abort = new AbortController();
    const outage = await sessionWithOutages({ reconnect: { initialDelayMs: 60_000, signal: abort.signal } });
    outage.runtime.hangUp();
    await outage.told("reconnecting");
    const waiting = outage.client.ping().catch((error: unknown) => error);
    abort.abort();
    expect(await waiting).toMatchObject({ code: "CONNECTION_CLOSED", cause: { code: "ABORTED" } });
  });

  it.each(["stop", "forceStop"] as const)("%s() ends it at once, in a pause", async (how) => {
    const outage = await sessionWithOutages({ reconnect: { initialDelayMs: 60_000 } });
    outage.runtime.hangUp();
    await outage.told("reconnecting");
    const turn = outage.session.sendAndWait("x").catch((error: unknown) => error);
    const call = outage.client.ping().catch((error: unknown) => error);
    await outage.client[how]();
    const stopped = { code: "CONNECTION_CLOSED", message: "The client was stopped." };
    expect([await turn, await call]).toMatchObject([stopped, stopped]);
    await expect(outage.client.ping()).rejects.toMatchObject({ code: "NOT_CONNECTED" });
  });

  it.each(["stop", "forceStop"] as const)("%s() ends it at once, in an attempt", async (how) => {
    let connects = 0;
    const connect = (): unknown => (
      (connects += 1),
      connects === 1 ? { protocolVersion: 3 } : new Promise(() => undefined)
    );
    const outage = await sessionWithOutages({ answers: { connect } });
    outage.runtime.hangUp();
    const second = await outage.runtime.nextConnection();
    await outage.client[how]();
    await expect(outage.session.send("x")).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    await second.closed;
  });

  it("does not reconnect where it is switched off", async () => {
    const outage = await sessionWithOutages({ reconnect: false });
    const turn = outage.session.sendAndWait("x");
    (await outage.runtime.nextCall("session.send")).reply({ messageId: "m" });
    const ended = turn.catch((error: unknown) => error);
    outage.runtime.hangUp();
    expect(await ended).toMatchObject({ code: "CONNECTION_CLOSED" });
    await outage.told("lost");
    await expect(outage.client.ping()).rejects.toMatchObject({ code: "NOT_CONNECTED" });
    await expect(outage.session.send("x")).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    expect(outage.connection.rest.map((event) => event.type)).toEqual([]);
  });

  it("refuses bounds that are none", async () => {
    const connection = RuntimeConnection.forUri("127.0.0.1:1");
    expect(() => new CopilotClient({ connection, reconnect: { maxDelayMs: -1 } })).toThrow(/reconnect.maxDelayMs/);
    expect(() => new CopilotClient({ connection, reconnect: { maxAttempts: Number.NaN } })).toThrow(/from 0 up/);
  });

  it("connects again without any session", async () => {
    const { client, runtime } = await connectedPair({ client: { reconnect: FAST } });
    await runtime.nextConnection();
    runtime.hangUp();
    await runtime.nextConnection();
    expect((await client.ping()).message).toBe("pong");
  });
});
