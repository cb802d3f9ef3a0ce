// The store fails once, at each of the commits of a run of work in turn, and works again: the work goes on, and nothing of
// what was accepted is lost or done twice.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Engine } from "@narthex/engine";
import { NarthexError } from "@narthex/protocol";
import { startScriptedModel } from "@narthex/testkit";
import { expect, it, onTestFinished } from "vitest";
import { scripted, startStand, type RawClient } from "./fixture.ts";

const PARAMS = { sessionId: "s", requestPermission: true };
const PERMISSION = "session.permissions.handlePendingPermissionRequest";

/** An engine whose log and mailbox refuse what is written in one turn of the loop, once. */
function sick(failingCommit: number) {
  let commits = 0;
  let [isWithin, isRefusing] = [false, false];
  let fail = (): void => undefined;
  const failed = new Promise<void>((resolve) => (fail = resolve));
  const write = <T>(go: () => Promise<T>): Promise<T> => {
    if (!isWithin) {
      commits += 1;
      isWithin = true;
      isRefusing = commits === failingCommit;
      setImmediate(() => (isWithin = false));
    }
    if (!isRefusing) return go();
    fail();
    return Promise.reject(new NarthexError("STORE_UNAVAILABLE", "The disk is full; free some space and try again."));
  };
  const wrap = (engine: Engine): Engine => {
    const { directory, log, mailbox } = engine;
    return {
      directory,
      log: {
        append: (id, events, options) => write(() => log.append(id, events, options)),
        read: (id, options) => log.read(id, options),
        tail: (id) => log.tail(id),
        locate: (id, eventId) => log.locate(id, eventId),
        subscribe: (id, listener) => log.subscribe(id, listener),
      },
      mailbox: {
        post: (id, command) => write(() => mailbox.post(id, command)),
        find: (id, commandId) => mailbox.find(id, commandId),
        take: (id) => mailbox.take(id),
        sessionsWaiting: (page) => mailbox.sessionsWaiting(page),
        ack: (id, positions, options) => write(() => mailbox.ack(id, positions, options)),
      },
      leases: engine.leases,
      archives: engine.archives,
      isAlone: () => engine.isAlone(),
      verify: (id) => engine.verify(id),
      close: () => engine.close(),
    };
  };
  return { wrap, failed };
}

/** Calls again when the store could not take it. */
async function persistently(client: RawClient, method: string, params: object): Promise<any> {
  try {
    return await client.call(method, params);
  } catch (error) {
    if (!NarthexError.is(error) || error.code !== "STORE_UNAVAILABLE") throw error;
    return client.call(method, params);
  }
}

it("goes on from each commit that its store has refused", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "narthex-sick-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  let hasFailed = true;
  for (let commit = 1; hasFailed; commit += 1) {
    const file = path.join(folder, `ran-${commit}`);
    const bash = { name: "bash", arguments: { command: `echo ran >> ${file}` } };
    // It goes by the conversation: a call whose answer could not be kept is made again.
    const model = await startScriptedModel(({ body }) =>
      body.messages.some(({ role }) => role === "tool") ? { text: "done" } : { toolCalls: [bash] },
    );
    onTestFinished(() => model.close());
    const { wrap, failed } = sick(commit);
    const stand = await startStand({
      model: scripted(model.baseUrl),
      home: path.join(folder, `home-${commit}`),
      wrap,
    });
    const a = await stand.connect();
    a.onEvent = ({ type, data }) => {
      if (type !== "permission.requested") return;
      const answer = { sessionId: "s", requestId: data.requestId, result: { kind: "approve-once" } };
      void persistently(a, PERMISSION, answer).catch(() => undefined);
    };
    await persistently(a, "session.create", PARAMS);
    const prompts = ["first", "second"];
    for (const prompt of prompts) {
      await persistently(a, "session.send", { sessionId: "s", prompt, idempotencyKey: prompt });
    }
    const idle = a.event("session.idle").then(() => "over");
    hasFailed = (await Promise.race([failed.then(() => "failed"), idle])) === "failed";
    // Any call of the session brings it back, as time does.
    if (hasFailed) await a.call("session.permissions.pendingRequests", { sessionId: "s" });
    await idle;
    const { events } = await a.call("session.getMessages", { sessionId: "s" });
    const said = events.filter(({ type }: any) => type === "user.message").map(({ data }: any) => data.content);
    expect(said, `after commit ${commit}`).toEqual(prompts);
    const types = events.map(({ type }: any) => type);
    const count = (type: string): number => types.filter((each: string) => each === type).length;
    expect(count("tool.execution_complete")).toBe(1);
    expect(count("permission.completed")).toBe(count("permission.requested"));
    expect(count("session.error")).toBe(0);
    const ran = existsSync(file) ? readFileSync(file, "utf8") : ""; // at most once, as after a crash
    expect(["", "ran\n"]).toContain(ran);
    expect(await stand.engine.mailbox.take("s")).toEqual([]);
    expect(await stand.engine.verify()).toEqual([]);
    await stand.crash();
  }
}, 60_000);
