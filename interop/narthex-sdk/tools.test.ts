import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { ToolSet, approveAll, defineTool, type PermissionRequest, type SessionEvent } from "@narthex/sdk";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { tempFolder } from "../stand/environment.ts";
import { EventLog } from "../stand/event-log.ts";
import { lastMessage, offeredTools, scriptedModel, systemMessage, toolCall } from "../stand/model.ts";
import { WAYS, sharedClient } from "./client.ts";

const upper = defineTool("upper", {
  description: "Shouts a text",
  parameters: z.object({ text: z.string() }),
  handler: ({ text }) => text.toUpperCase(),
});

describe.each(WAYS)("tools: our SDK, official runtime, %s", (way) => {
  const client = sharedClient(way);

  it("runs a tool of the application after its permission", async () => {
    const { model, provider } = await scriptedModel(toolCall("upper", { text: "abc" }), { text: "done" });
    const asked: PermissionRequest[] = [];
    const session = await client().createSession({
      provider,
      model: "m",
      streaming: true,
      tools: [upper],
      onPermissionRequest: (request, invocation) => {
        asked.push(request);
        return approveAll(request, invocation);
      },
    });
    expect((await session.sendAndWait("go"))?.data.content).toBe("done");
    expect(asked).toMatchObject([{ kind: "custom-tool", toolName: "upper", args: { text: "abc" } }]);
    expect(lastMessage(model, 1)).toContain("ABC");
    await session.disconnect();
  });

  it("runs or refuses a shell command as the application says", async () => {
    const workingDirectory = tempFolder();
    const { model, provider } = await scriptedModel(
      toolCall("bash", { command: "echo made > made.txt", description: "makes a file" }),
      toolCall("bash", { command: "echo bad > bad.txt", description: "makes another" }),
      { text: "ok" },
    );
    const session = await client().createSession({
      provider,
      model: "m",
      streaming: true,
      workingDirectory,
      onPermissionRequest: (request) =>
        request.kind === "shell" && request.fullCommandText.includes("made")
          ? { kind: "approve-once" }
          : { kind: "reject", feedback: "not on my watch" },
    });
    await session.sendAndWait("go");
    expect(readFileSync(path.join(workingDirectory, "made.txt"), "utf8")).toBe("made\n");
    expect(existsSync(path.join(workingDirectory, "bad.txt"))).toBe(false);
    expect(lastMessage(model, 2)).toContain("not on my watch");
    await session.disconnect();
  });

  it("asks the user and gives the answer to the model", async () => {
    const question = { question: "tea or coffee?", choices: ["tea", "coffee"] };
    const { model, provider } = await scriptedModel(toolCall("ask_user", question), { text: "ok" });
    const asked: unknown[] = [];
    const session = await client().createSession({
      provider,
      model: "m",
      streaming: true,
      onUserInputRequest: (request, { sessionId }) => {
        asked.push({ ...request, sessionId });
        return { answer: "coffee", wasFreeform: false };
      },
    });
    await session.sendAndWait("go");
    expect(asked).toMatchObject([{ ...question, sessionId: session.sessionId }]);
    expect(lastMessage(model, 1)).toContain("coffee");
    await session.disconnect();
  });

  it("lets hooks deny, change arguments and change results", async () => {
    const { model, provider } = await scriptedModel(
      toolCall("upper", { text: "denied" }),
      toolCall("upper", { text: "changed" }),
      { text: "ok" },
    );
    const events = new EventLog<SessionEvent>();
    const seen: string[] = [];
    const session = await client().createSession({
      provider,
      model: "m",
      streaming: true,
      tools: [upper],
      onEvent: events.take,
      onPermissionRequest: approveAll,
      hooks: {
        onUserPromptSubmitted: ({ prompt }) => ({ modifiedPrompt: `${prompt}, please` }),
        onPreToolUse: ({ toolName, toolArgs, timestamp, workingDirectory }) => {
          const { text } = toolArgs as { text: string };
          seen.push(`${toolName} ${text} ${timestamp instanceof Date} ${path.isAbsolute(workingDirectory)}`);
          if (text === "denied") return { permissionDecision: "deny", permissionDecisionReason: "bad word" };
          return { permissionDecision: "allow", modifiedArgs: { text: "hook" } };
        },
        onPostToolUse: ({ toolResult }) => ({
          modifiedResult: { ...toolResult, textResultForLlm: `<${toolResult.textResultForLlm}>` },
        }),
        onSessionStart: ({ source }) => void seen.push(`start ${source}`),
        onSessionEnd: ({ reason }) => void seen.push(`end ${reason}`),
      },
    });
    await session.sendAndWait("go");
    expect(seen).toEqual(["start new", "upper denied true true", "upper changed true true", "end complete"]);
    expect(JSON.stringify(model.calls[0]?.body.messages)).toContain("go, please");
    expect(lastMessage(model, 1)).toContain("bad word");
    expect(lastMessage(model, 2)).toContain("<HOOK>");
    expect(events.of("hook.end").every((event) => event.data.success)).toBe(true);
    await session.disconnect();
  });

  it("builds the system message and the tool list from the application's changes", async () => {
    const { model, provider } = await scriptedModel({ text: "ok" });
    const session = await client().createSession({
      provider,
      model: "m",
      streaming: true,
      tools: [upper],
      availableTools: new ToolSet().addBuiltIn(["view", "bash"]).addCustom("*"),
      excludedTools: ["builtin:bash"],
      systemMessage: {
        mode: "customize",
        sections: {
          identity: { action: "replace", content: "You are a lighthouse." },
          code_change_rules: { action: (current) => `TRANSFORMED(${current.length > 0})` },
        },
        content: "The end.",
      },
    });
    await session.sendAndWait("go");
    const text = systemMessage(model, 0);
    const parts = ["You are a lighthouse.", "TRANSFORMED(true)", "The end."];
    expect(parts.filter((part) => !text.includes(part))).toEqual([]);
    expect(offeredTools(model, 0).toSorted()).toEqual(["upper", "view"]);
    await session.disconnect();
  });

  it("fetches a token for the model when the application gives one out", async () => {
    const { model, provider } = await scriptedModel({ text: "ok" });
    const asked: unknown[] = [];
    const session = await client().createSession({
      provider: {
        type: "openai",
        baseUrl: provider.baseUrl,
        bearerTokenProvider: async (args) => `token-${asked.push(args)}`,
      },
      model: "m",
      streaming: true,
    });
    await session.sendAndWait("go");
    expect(model.calls[0]?.headers.authorization).toBe("Bearer token-1");
    expect(asked[0]).toEqual({ providerName: "default", sessionId: session.sessionId });
    await session.disconnect();
  });
});
