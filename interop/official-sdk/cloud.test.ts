import { readFileSync } from "node:fs";
import path from "node:path";
import { approveAll, defineTool, type SessionEvent } from "@github/copilot-sdk";
import { describe, expect, it } from "vitest";
import { cleanEnvironment } from "../stand/environment.ts";
import { EventLog } from "../stand/event-log.ts";
import { repositories } from "../stand/git-repository.ts";
import { scriptedModel, toolCall } from "../stand/model.ts";
import { WAYS, officialStand } from "./client.ts";

const cloud = { repository: { owner: "octo", name: "demo" } };

describe.each(WAYS)("cloud sessions: official SDK, our runtime, %s", (way) => {
  it("creates one, loses none of its events, and works in a clone", async () => {
    const { model } = await scriptedModel(
      {
        toolCalls: [
          { name: "bash", arguments: { command: "cat note.txt > copy.txt" } },
          { name: "port", arguments: {} },
        ],
      },
      { text: "Copied." },
    );
    const base = repositories({ "note.txt": "from the repository\n" });
    const stand = await officialStand(way, {
      env: cleanEnvironment(undefined, {
        NARTHEX_REPOSITORIES: base,
        NARTHEX_MODEL: "m",
        NARTHEX_MODEL_BASE_URL: model.baseUrl,
      }),
    });
    const events = new EventLog<SessionEvent>();
    const session = await stand.client.createSession({
      cloud,
      streaming: true,
      onEvent: events.take,
      onPermissionRequest: approveAll,
      onUserInputRequest: () => ({ answer: "", wasFreeform: true }),
      tools: [defineTool("port", { handler: () => "Narthex" })],
      commands: [{ name: "noop", handler: () => undefined }],
      hooks: { onPreToolUse: () => undefined },
    });
    const answer = await session.sendAndWait("copy the note");
    expect(answer?.data.content).toBe("Copied.");

    // From the very first event on, and nothing is missing, doubled or out of order.
    expect(events.all[0]).toMatchObject({ type: "session.start", parentId: null, data: { remoteSteerable: true } });
    expect(await session.getEvents()).toEqual(events.persisted);
    const url = events.of("session.info").find((event) => event.data.infoType === "remote")?.data.url;
    expect(url).toContain(session.sessionId);

    const workspace = session.workspacePath ?? "";
    expect(workspace).not.toContain(base);
    expect(readFileSync(path.join(workspace, "copy.txt"), "utf8")).toBe("from the repository\n");
    expect(await stand.client.getSessionMetadata(session.sessionId)).toMatchObject({
      isRemote: true,
      context: { repository: "octo/demo", branch: "main" },
    });
    expect(await stand.end()).toEqual({ errors: [], exitCode: 0 });
  });
});

describe("cloud sessions: official SDK, our runtime", () => {
  it("creates several at once, and each handler gets its own session's events only", async () => {
    const stand = await officialStand("stdio", {
      env: cleanEnvironment(undefined, { NARTHEX_REPOSITORIES: repositories({ "note.txt": "a note\n" }) }),
    });
    const created = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const events = new EventLog<SessionEvent>();
        const session = await stand.client.createSession({
          cloud,
          onEvent: events.take,
          onPermissionRequest: approveAll,
        });
        return { events, session };
      }),
    );
    expect(new Set(created.map(({ session }) => session.sessionId)).size).toBe(6);
    for (const { events, session } of created) {
      const { data } = await events.next("session.start");
      expect(data.sessionId).toBe(session.sessionId);
    }
    // No model is configured: the built-in planner answers.
    const answers = await Promise.all(created.map(({ session }) => session.sendAndWait("show note.txt")));
    for (const answer of answers) expect(answer?.data.content).toContain("a note");
    for (const { events, session } of created) expect(await session.getEvents()).toEqual(events.persisted);
    expect(await stand.end()).toEqual({ errors: [], exitCode: 0 });
  });

  it("refuses what a cloud session cannot have, and a repository that is not there, in words", async () => {
    const { provider } = await scriptedModel(toolCall("never", {}));
    const stand = await officialStand("stdio", {
      env: cleanEnvironment(undefined, { NARTHEX_REPOSITORIES: repositories({ "note.txt": "a note\n" }) }),
    });
    await expect(stand.client.createSession({ cloud, provider, model: "m" })).rejects.toThrow(/provider/);
    await expect(stand.client.createSession({ cloud, sessionId: "mine" })).rejects.toThrow(/sessionId/);
    const gone = { repository: { owner: "octo", name: "gone" } };
    await expect(stand.client.createSession({ cloud: gone })).rejects.toThrow(/octo\/gone/);
    expect(await stand.client.listSessions()).toEqual([]);
    expect(await stand.end()).toEqual({ errors: [], exitCode: 0 });
  });
});
