// Sessions that nobody uses are deleted when the operator says so, after an announcement (--session-retention).
import { existsSync } from "node:fs";
import path from "node:path";
import { startScriptedModel } from "@narthex/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { scripted, startStand, type RawClient } from "./fixture.ts";

const SOON = { retentionMs: 40, expiryNoticeMs: 20, expiryGraceMs: 5, upkeepMs: 5 };

/** The next notice of the end of a session. */
const ofEnd = (client: RawClient, sessionId: string): Promise<any> =>
  client.notices.next(`the end of ${sessionId}`, (notice) => notice.sessionId === sessionId && "reason" in notice);

describe("a session that nobody uses", () => {
  it("is announced to go, and then goes with everything that it owned", async () => {
    const stand = await startStand({ limits: SOON });
    const [a, watcher] = [await stand.connect(), await stand.connect()];
    const create = { cloud: {}, idempotencyKey: "one" };
    const { sessionId } = await a.call("session.create", create);
    await a.turn(sessionId, "list files");
    await a.call("session.detach", { sessionId });
    const announced = await ofEnd(watcher, sessionId);
    expect(announced).toMatchObject({ type: "session.updated", reason: "expiring", expiresAt: expect.any(String) });
    expect(await ofEnd(watcher, sessionId)).toEqual({ type: "session.deleted", sessionId, reason: "retention" });
    expect(existsSync(path.join(stand.home, "workspaces", sessionId))).toBe(false);
    await expect(watcher.call("session.getMessages", { sessionId })).rejects.toMatchObject({
      code: "SESSION_NOT_FOUND",
    });
    expect((await a.call("session.create", create)).sessionId).not.toBe(sessionId);
    expect(await stand.engine.verify()).toEqual([]);
  });

  it("is the only kind that goes: not one that is attached, hibernates with a client, or has work", async () => {
    const model = await startScriptedModel({ hangAfter: "thinking" });
    onTestFinished(() => model.close());
    const limits = { ...SOON, attachedIdleMs: 1, callGraceMs: 0 };
    const stand = await startStand({ limits, model: scripted(model.baseUrl) });
    const [a, watcher] = [await stand.connect(), await stand.connect()];
    for (const sessionId of ["attached", "working", "unused"]) await a.call("session.create", { sessionId });
    await a.call("session.send", { sessionId: "working", prompt: "go" });
    for (const sessionId of ["working", "unused"]) await a.call("session.detach", { sessionId });
    await ofEnd(watcher, "unused");
    expect(await ofEnd(watcher, "unused")).toMatchObject({ type: "session.deleted" });
    // What has been at rest since before that has had its time too.
    expect(watcher.lifecycle.filter(({ reason }) => reason === "retention")).toHaveLength(1);
    for (const sessionId of ["attached", "working"]) {
      expect((await a.call("session.getMessages", { sessionId })).events.length).toBeGreaterThan(0);
    }
    expect(stand.runtime.whereabouts("attached")).toEqual({ state: "hibernated", attachedClients: 1 });
    expect(stand.runtime.whereabouts("working").state).toBe("running");
  });

  it("stays for ever by default", async () => {
    const stand = await startStand({ limits: { upkeepMs: 1 } });
    const a = await stand.connect();
    await a.call("session.create", { sessionId: "s" });
    await a.call("session.detach", { sessionId: "s" });
    await a.call("session.create", { sessionId: "other" });
    await a.turn("other", "list files");
    expect((await a.call("session.getMessages", { sessionId: "s" })).events.length).toBeGreaterThan(0);
  });
});
