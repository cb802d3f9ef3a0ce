// A runtime that is told to end: puts away what runs, refuses what comes, and is gone soon.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import path from "node:path";
import { startScriptedModel } from "@narthex/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { tempFolder } from "./fixture.ts";
import { logOf, makeHome, typesIn, untilLogged } from "./raw-runtime.ts";

/** A host of repositories that never answers; its `asked` resolves with the first request. */
async function startSilentHost(): Promise<{ url: string; asked: Promise<unknown> }> {
  const server = createServer(() => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked: once(server, "request") };
}

describe("a runtime that is told to end", () => {
  it("ends with code 0, and leaves running tools, model calls and queued prompts to the next one", async () => {
    const folder = tempFolder();
    const command = `trap '' TERM; echo started; while :; do sleep 0.1; done`;
    const bash = { toolCalls: [{ name: "bash", arguments: { command } }] };
    const model = await startScriptedModel(bash, { hangAfter: "thinking" }, { text: "done" });
    onTestFinished(() => model.close());
    const home = makeHome(model.baseUrl);
    const runtime = await home.start();
    const client = await runtime.connect();
    const params = { streaming: true, requestPermission: true, workingDirectory: folder };
    await client.call("session.create", { sessionId: "tool", ...params });
    await client.call("session.send", { sessionId: "tool", prompt: "go" });
    const { data } = await client.event("permission.requested");
    const answer = { sessionId: "tool", requestId: data.requestId, result: { kind: "approve-once" } };
    await client.call("session.permissions.handlePendingPermissionRequest", answer);
    await client.event("tool.execution_partial_result");
    await client.call("session.create", { sessionId: "model", ...params });
    for (const prompt of ["one", "two"]) await client.call("session.send", { sessionId: "model", prompt });
    await client.event("assistant.message_delta");
    expect(await runtime.terminate()).toBe(0);
    const next = await (await home.start()).connect();
    const tool = await untilLogged(next, "assistant.message", 2, "tool");
    expect(typesIn(tool, "tool.execution_complete")[0].data.error.code).toBe("TOOL_INTERRUPTED");
    await untilLogged(next, "assistant.message", 2, "model");
    for (const id of ["tool", "model"]) {
      const log = await logOf(next, id);
      expect([typesIn(log, "abort"), typesIn(log, "session.shutdown").length]).toEqual([[], 1]);
    }
  });

  it("gives up a create that is under way, and leaves nothing of it", async () => {
    const host = await startSilentHost();
    const home = makeHome(undefined, { NARTHEX_REPOSITORIES: host.url });
    const runtime = await home.start();
    const client = await runtime.connect();
    const cloud = { repository: { owner: "octo", name: "slow" } };
    const creating = client.call("session.create", { cloud }).catch((error: unknown) => error);
    await host.asked;
    expect(await runtime.terminate()).toBe(0);
    expect(await creating).toMatchObject({ code: "SERVER_SHUTTING_DOWN" });
    const next = await (await home.start()).connect();
    expect(await next.call("session.list")).toEqual({ sessions: [] });
    expect(readdirSync(path.join(home.folder, "workspaces"))).toEqual([]);
  });

  it("does not wait longer than --drain-timeout, and loses nothing by it", async () => {
    const model = await startScriptedModel({ hangAfter: "thinking" }, { text: "done" });
    onTestFinished(() => model.close());
    const home = makeHome(model.baseUrl);
    const runtime = await home.start("--drain-timeout", "0");
    const client = await runtime.connect();
    await client.call("session.create", { sessionId: "s", streaming: true });
    for (const prompt of ["one", "two"]) await client.call("session.send", { sessionId: "s", prompt });
    await client.event("assistant.message_delta");
    expect(await runtime.terminate()).toBe(0);
    const log = await untilLogged(await (await home.start()).connect(), "assistant.message", 2);
    expect(typesIn(log, "user.message").map(({ data }) => data.content)).toEqual(["one", "two"]);
  });
});
