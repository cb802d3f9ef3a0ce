import * as official from "@github/copilot-sdk";
import * as narthex from "@narthex/sdk";
import { describe, expect, it, onTestFinished } from "vitest";
import { cleanEnvironment } from "../stand/environment.ts";
import { EventLog } from "../stand/event-log.ts";
import { repositories } from "../stand/git-repository.ts";
import { scriptedModel, toolCall } from "../stand/model.ts";
import { serveNarthex, serveOfficial } from "../stand/serve.ts";

const TOKEN = "a token of the tests";

async function bothClients(serve: typeof serveOfficial, extra: Record<string, string> = {}) {
  const tokens = { NARTHEX_CONNECTION_TOKEN: TOKEN, COPILOT_CONNECTION_TOKEN: TOKEN };
  const { port, end } = await serve(cleanEnvironment(undefined, { ...tokens, ...extra }));
  const options = { connectionToken: TOKEN };
  const theirs = new official.CopilotClient({ connection: official.RuntimeConnection.forUri(port, options) });
  const ours = new narthex.CopilotClient({ connection: narthex.RuntimeConnection.forUri(port, options) });
  onTestFinished(() => theirs.forceStop());
  onTestFinished(() => ours.forceStop());
  return { theirs, ours, end };
}

describe.each([
  ["our runtime", serveNarthex],
  ["the official runtime", serveOfficial],
])("both SDKs at once at %s", (_name, serve) => {
  it("work on one session: the official one asks, ours allows and runs the tool, both see the same", async () => {
    const { theirs, ours, end } = await bothClients(serve);
    const { model, provider } = await scriptedModel(toolCall("whoami", {}), { text: "You are ours." });
    const seenByThem = new EventLog<official.SessionEvent>();
    const seenByUs = new EventLog<narthex.SessionEvent>();
    const config = { provider, model: "m", streaming: true };
    const asking = await theirs.createSession({ ...config, onEvent: seenByThem.take });
    const helping = await ours.resumeSession(asking.sessionId, {
      streaming: true,
      onEvent: seenByUs.take,
      onPermissionRequest: narthex.approveAll,
      tools: [narthex.defineTool("whoami", { handler: () => "ours" })],
    });
    expect((await asking.sendAndWait("who?"))?.data.content).toBe("You are ours.");
    await seenByUs.next("session.idle");
    expect(JSON.stringify(model.calls[1]?.body.messages.at(-1))).toContain("ours");
    const logged = new Set((await helping.getEvents()).map((event) => event.id));
    const turn = (events: readonly { id: string; type: string }[]): string[] =>
      events
        .slice(events.findIndex((event) => event.type === "user.message"))
        .flatMap(({ id }) => (logged.has(id) ? [id] : []));
    expect(turn(seenByUs.all)).toEqual(turn(seenByThem.all));
    expect(turn(seenByUs.all).length).toBeGreaterThan(5);
    await helping.disconnect();
    expect((await asking.sendAndWait("still there?"))?.data.content).toBe("You are ours.");
    expect(await ours.stop()).toEqual([]);
    expect(await theirs.stop()).toEqual([]);
    expect(await end()).toBe(0);
  });

  it("work on one session: ours asks, the official one allows and runs the tool", async () => {
    const { theirs, ours, end } = await bothClients(serve);
    const { provider } = await scriptedModel(toolCall("whoami", {}), { text: "You are theirs." });
    const asking = await ours.createSession({ provider, model: "m", streaming: true });
    await theirs.resumeSession(asking.sessionId, {
      streaming: true,
      onPermissionRequest: official.approveAll,
      tools: [official.defineTool("whoami", { handler: () => "theirs" })],
    });
    expect((await asking.sendAndWait("who?"))?.data.content).toBe("You are theirs.");
    expect(await theirs.stop()).toEqual([]);
    expect(await ours.stop()).toEqual([]);
    expect(await end()).toBe(0);
  });
});

describe("both SDKs at once at our runtime", () => {
  it("share a cloud session, with all of its log, whoever created it", async () => {
    const extra = { NARTHEX_REPOSITORIES: repositories({ "note.txt": "a note\n" }) };
    const { theirs, ours, end } = await bothClients(serveNarthex, extra);
    const cloud = { repository: { owner: "octo", name: "demo" } };
    const byUs = await ours.createCloudSession({ cloud });
    expect((await byUs.sendAndWait("show note.txt"))?.data.content).toContain("a note");
    const atTheirs = await theirs.resumeSession(byUs.sessionId, {});
    expect((await atTheirs.getEvents()).map((event) => event.id)).toEqual(
      (await byUs.getEvents()).map((event) => event.id),
    );
    const byThem = await theirs.createSession({ cloud });
    expect((await byThem.sendAndWait("show note.txt"))?.data.content).toContain("a note");
    const atOurs = await ours.resumeSession(byThem.sessionId, {});
    expect((await atOurs.getEvents()).map((event) => event.id)).toEqual(
      (await byThem.getEvents()).map((event) => event.id),
    );
    expect((await ours.listSessions()).every((session) => session.isRemote)).toBe(true);
    expect(await theirs.stop()).toEqual([]);
    expect(await ours.stop()).toEqual([]);
    expect(await end()).toBe(0);
  });
});
