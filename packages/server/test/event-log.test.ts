import { startScriptedModel } from "@narthex/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { scripted, startStand, type RawClient, type WireEvent } from "./fixture.ts";

const persisted = (client: RawClient): string[] =>
  client.all.filter(({ event }) => event.ephemeral !== true).map(({ event }) => event.id);
const ids = (events: WireEvent[]): string[] => events.map((event) => event.id);

/** A session with one finished turn. */
async function standWithTurn(eventLogLimits = {}) {
  const model = await startScriptedModel({ text: "Hello there, this is streamed." });
  onTestFinished(() => model.close());
  const stand = await startStand({ model: scripted(model.baseUrl), eventLogLimits });
  const client = await stand.connect();
  await client.call("session.create", { sessionId: "s", streaming: true });
  await client.turn("s", "hi");
  const read = (params: object = {}) => client.call("session.eventLog.read", { sessionId: "s", ...params });
  return { stand, client, read };
}

describe("session.eventLog.read", () => {
  it("reads everything persisted from the start, in pages that join without gap or repetition", async () => {
    const { client, read } = await standWithTurn();
    const whole = await read();
    expect(whole).toMatchObject({ hasMore: false, cursorStatus: "ok" });
    expect(ids(whole.events)).toEqual(persisted(client));
    const paged: string[] = [];
    for (let page = await read({ max: 2 }); ; page = await read({ max: 2, cursor: page.cursor })) {
      expect(page.events.length).toBeLessThanOrEqual(2);
      paged.push(...ids(page.events));
      if (!page.hasMore) break;
    }
    expect(paged).toEqual(persisted(client));
  });

  it("reads the ephemeral events too, in the order in which they were sent", async () => {
    const { client, read } = await standWithTurn();
    const { events } = await read({ includeEphemeral: true, max: 1_000 });
    expect(ids(events)).toEqual(client.all.map(({ event }) => event.id));
    const { events: deltas } = await read({ includeEphemeral: true, types: ["assistant.message_delta"] });
    expect(deltas.map((event: WireEvent) => event.data.deltaContent).join("")).toBe("Hello there, this is streamed.");
  });

  it("takes a bare event id for the place behind that event, a persisted or an ephemeral one", async () => {
    const { client, read } = await standWithTurn();
    const all = persisted(client);
    expect(ids((await read({ cursor: all[2] })).events)).toEqual(all.slice(3));
    const everything = client.all.map(({ event }) => event);
    const middle = everything.findIndex((event) => event.type === "assistant.message_delta");
    const after = await read({ cursor: everything[middle]!.id, includeEphemeral: true, max: 1_000 });
    expect(ids(after.events)).toEqual(ids(everything.slice(middle + 1)));
  });

  it.each(["no-such-event", "no-such-event|3", "|3", "|999999", "x".repeat(600), ""])(
    "says that the cursor %j is expired, and reads from the start",
    async (cursor) => {
      const { client, read } = await standWithTurn();
      const page = await read({ cursor, max: 3 });
      expect(page).toMatchObject({ cursorStatus: "expired", hasMore: true });
      expect(ids(page.events)).toEqual(persisted(client).slice(0, 3));
    },
  );

  it("reads backwards, newest first", async () => {
    const { client, read } = await standWithTurn();
    const newestFirst = persisted(client).toReversed();
    const first = await read({ direction: "backward", max: 2 });
    expect(ids(first.events)).toEqual(newestFirst.slice(0, 2));
    const second = await read({ direction: "backward", max: 100, cursor: first.cursor });
    expect(ids(second.events)).toEqual(newestFirst.slice(2));
    expect(second.hasMore).toBe(false);
    const { cursor } = await read({ max: 3 });
    expect(ids((await read({ direction: "backward", cursor })).events)).toEqual(newestFirst.slice(-3));
  });

  it("waits for the next event that belongs in the page, and not for others", async () => {
    const { client, read } = await standWithTurn();
    const { cursor } = await client.call("session.eventLog.tail", { sessionId: "s" });
    const waiting = read({ cursor, waitMs: 30_000, types: ["session.warning"] });
    await client.call("session.log", { sessionId: "s", message: "not this one" });
    const { eventId } = await client.call("session.log", { sessionId: "s", message: "this one", level: "warning" });
    const page = await waiting;
    expect(ids(page.events)).toEqual([eventId]);
    expect((await read({ cursor: page.cursor })).events).toEqual([]);
  });

  it("answers empty when nothing comes in time, and bounds time, waiters and pages", async () => {
    const { client, read } = await standWithTurn({ maxWaitMs: 1, maxPageEvents: 2, maxPageChars: 10, maxWaiters: 0 });
    const { cursor } = await client.call("session.eventLog.tail", { sessionId: "s" });
    expect(await read({ cursor, waitMs: 1_000_000 })).toEqual({
      events: [],
      cursor,
      hasMore: false,
      cursorStatus: "ok",
    });
    const page = await read({ max: 50 });
    expect(page.events).toHaveLength(1); // each is larger than a page may be: they come alone
    expect(page.hasMore).toBe(true);
  });

  it("keeps its cursors across a restart", async () => {
    const { stand, client, read } = await standWithTurn();
    const middle = await read({ max: 3 });
    const { cursor } = await client.call("session.eventLog.tail", { sessionId: "s" });
    const all = persisted(client);
    await stand.gateway.shutDown();
    await stand.engine.close();
    const later = await (await startStand({ home: stand.home })).connect();
    const again = (params: object) => later.call("session.eventLog.read", { sessionId: "s", ...params });
    const rest = await again({ cursor: middle.cursor });
    expect(ids(rest.events).slice(0, all.length - 3)).toEqual(all.slice(3));
    const tail = await again({ cursor });
    expect(tail).toMatchObject({ cursorStatus: "ok", events: [{ type: "session.shutdown" }] });
  });

  it.each([{ max: 0 }, { max: 1.5 }, { waitMs: -1 }, { direction: "sideways" }, { types: "some" }, { cursor: 7 }])(
    "refuses %j",
    async (params) => {
      const { read } = await standWithTurn();
      await expect(read(params)).rejects.toMatchObject({ code: "INVALID_PARAMS" });
    },
  );

  it("knows no log of a session that is not there", async () => {
    const client = await (await startStand()).connect();
    for (const method of ["session.eventLog.read", "session.eventLog.tail"]) {
      await expect(client.call(method, { sessionId: "x" })).rejects.toMatchObject({ code: "SESSION_NOT_FOUND" });
    }
  });
});
