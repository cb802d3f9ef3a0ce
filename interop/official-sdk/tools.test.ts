import { readFileSync } from "node:fs";
import path from "node:path";
import { ToolSet, approveAll, defineTool, type PermissionRequest, type SessionEvent } from "@github/copilot-sdk";
import { Arrivals, within } from "@narthex/testkit";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { tempFolder } from "../stand/environment.ts";
import { EventLog } from "../stand/event-log.ts";
import { lastMessage, offeredTools, scriptedModel, toolCall } from "../stand/model.ts";
import { WAYS, sharedStand } from "./client.ts";

const upper = defineTool("upper", {
  description: "Shouts a text",
  parameters: z.object({ text: z.string(), times: z.number().optional() }),
  handler: ({ text, times = 1 }) => text.toUpperCase().repeat(times),
});

describe.each(WAYS)("tools: official SDK, our runtime, %s", (way) => {
  const stand = sharedStand(way);

  it("runs a tool of the application after its permission", async () => {
    const { model, provider } = await scriptedModel(toolCall("upper", { text: "abc" }), { text: "done" });
    const asked: PermissionRequest[] = [];
    const session = await stand().client.createSession({
      provider,
      model: "m",
      tools: [upper],
      onPermissionRequest: (request, invocation) => {
        asked.push(request);
        return approveAll(request, invocation);
      },
    });
    expect((await session.sendAndWait("go"))?.data.content).toBe("done");
    expect(asked).toMatchObject([{ kind: "custom-tool", toolName: "upper", args: { text: "abc" } }]);
    expect(lastMessage(model, 1)).toBe('"ABC"');
    const offered = model.calls[0]?.body.tools as { function: { name: string; parameters: unknown } }[];
    expect(offered.find((tool) => tool.function.name === "upper")?.function.parameters).toMatchObject({
      type: "object",
      properties: { text: { type: "string" } },
      required: ["text"],
    });
    await session.disconnect();
  });

  it("takes result objects, failures and errors of tools for what they are", async () => {
    const { model, provider } = await scriptedModel(
      {
        toolCalls: [
          { name: "object", arguments: {} },
          { name: "failing", arguments: {} },
          { name: "throwing", arguments: {} },
        ],
      },
      { text: "ok" },
    );
    const events = new EventLog<SessionEvent>();
    const session = await stand().client.createSession({
      provider,
      model: "m",
      tools: [
        defineTool("object", { skipPermission: true, handler: () => ({ answer: 42 }) }),
        defineTool("failing", {
          skipPermission: true,
          handler: () => ({ textResultForLlm: "no such ship", resultType: "failure", error: "sunk" }),
        }),
        defineTool("throwing", {
          skipPermission: true,
          handler: () => {
            throw new Error("a reef");
          },
        }),
      ],
      onEvent: events.take,
    });
    await session.sendAndWait("go");
    const results = model.calls[1]?.body.messages.filter((message) => message.role === "tool");
    expect(results?.map((message) => message.content)).toEqual([
      '{"answer":42}',
      expect.stringContaining("no such ship"),
      expect.stringContaining("a reef"),
    ]);
    const outcomes = events.of("tool.execution_complete").map((event) => event.data.success);
    expect(outcomes.toSorted()).toEqual([false, false, true]);
    await session.disconnect();
  });

  it("leaves a tool without a handler to whoever answers by call", async () => {
    const { model, provider } = await scriptedModel(toolCall("elsewhere", { n: 1 }), { text: "ok" });
    const events = new EventLog<SessionEvent>();
    const session = await stand().client.createSession({
      provider,
      model: "m",
      tools: [{ name: "elsewhere", description: "answered by call", skipPermission: true }],
      onEvent: events.take,
    });
    const turn = session.sendAndWait("go");
    const { data } = await events.next("external_tool.requested");
    expect(data).toMatchObject({ toolName: "elsewhere", arguments: { n: 1 }, sessionId: session.sessionId });
    const answer = { requestId: data.requestId, result: "from elsewhere" };
    expect(await session.rpc.tools.handlePendingToolCall(answer)).toEqual({ success: true });
    expect(await session.rpc.tools.handlePendingToolCall(answer)).toEqual({ success: false });
    await turn;
    expect(lastMessage(model, 1)).toBe('"from elsewhere"');
    await session.disconnect();
  });

  it("tells a running tool when its turn is aborted", async () => {
    const { provider } = await scriptedModel(toolCall("slow", {}), { text: "ok" });
    const started = new Arrivals<AbortSignal>();
    const session = await stand().client.createSession({
      provider,
      model: "m",
      tools: [
        defineTool("slow", {
          skipPermission: true,
          handler: (_args, { signal }) => {
            if (signal === undefined) throw new Error("no signal");
            started.push(signal);
            return new Promise((resolve) => signal.addEventListener("abort", () => resolve("too late")));
          },
        }),
      ],
    });
    await session.send("go");
    const signal = await started.next("the tool to start");
    const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    await session.abort();
    await within("the tool to hear of the abort", aborted);
    await session.disconnect();
  });

  it("tells the model of a refusal, with the feedback", async () => {
    const { model, provider } = await scriptedModel(toolCall("bash", { command: "rm -rf everything" }), { text: "ok" });
    const events = new EventLog<SessionEvent>();
    const session = await stand().client.createSession({
      provider,
      model: "m",
      onPermissionRequest: () => ({ kind: "reject", feedback: "not on my watch" }),
      onEvent: events.take,
    });
    await session.sendAndWait("go");
    expect(lastMessage(model, 1)).toContain("not on my watch");
    expect(events.of("permission.completed")[0]?.data.result).toEqual({
      kind: "denied-interactively-by-user",
      feedback: "not on my watch",
    });
    expect(events.of("tool.execution_complete")[0]?.data.success).toBe(false);
    await session.disconnect();
  });

  it("runs a shell command in the session's folder once it is allowed", async () => {
    const { provider } = await scriptedModel(toolCall("bash", { command: "echo made > made.txt" }), { text: "ok" });
    const workingDirectory = tempFolder();
    const asked: PermissionRequest[] = [];
    const session = await stand().client.createSession({
      provider,
      model: "m",
      workingDirectory,
      onPermissionRequest: (request) => {
        asked.push(request);
        return { kind: "approve-once" };
      },
    });
    await session.sendAndWait("go");
    expect(asked).toMatchObject([
      { kind: "shell", fullCommandText: "echo made > made.txt", commands: [{ identifier: "echo" }] },
    ]);
    expect(readFileSync(path.join(workingDirectory, "made.txt"), "utf8")).toBe("made\n");
    await session.disconnect();
  });

  it("lets hooks deny, change arguments and change results", async () => {
    const { model, provider } = await scriptedModel(
      toolCall("upper", { text: "denied" }),
      toolCall("upper", { text: "changed" }),
      { text: "ok" },
    );
    const seen: string[] = [];
    const session = await stand().client.createSession({
      provider,
      model: "m",
      tools: [upper],
      onPermissionRequest: approveAll,
      hooks: {
        onUserPromptSubmitted: ({ prompt }) => ({ modifiedPrompt: `${prompt}, please` }),
        onPreToolUse: ({ toolName, toolArgs, timestamp, workingDirectory }) => {
          const { text } = toolArgs as { text: string };
          seen.push(`${toolName} ${text} ${timestamp instanceof Date} ${path.isAbsolute(workingDirectory)}`);
          if (text === "denied") return { permissionDecision: "deny", permissionDecisionReason: "bad word" };
          return { permissionDecision: "allow", modifiedArgs: { text: "hook", times: 2 } };
        },
        onPostToolUse: ({ toolResult }) => ({
          modifiedResult: { ...toolResult, textResultForLlm: `<${toolResult.textResultForLlm}>` },
          additionalContext: "said by a hook",
        }),
      },
    });
    await session.sendAndWait("go");
    expect(seen).toEqual(["upper denied true true", "upper changed true true"]);
    expect(lastMessage(model, 0)).toContain("go, please");
    expect(lastMessage(model, 1)).toContain("bad word");
    expect(lastMessage(model, 2)).toContain("<HOOKHOOK>");
    expect(lastMessage(model, 2)).toContain("said by a hook");
    await session.disconnect();
  });

  it("offers the model only the tools that the session allows", async () => {
    const { model, provider } = await scriptedModel({ text: "ok" });
    const session = await stand().client.createSession({
      provider,
      model: "m",
      tools: [upper, defineTool("hidden", { handler: () => "never" })],
      availableTools: new ToolSet().addBuiltIn(["view", "bash"]).addCustom("*"),
      excludedTools: ["hidden", "builtin:bash"],
    });
    await session.sendAndWait("go");
    expect(offeredTools(model, 0).toSorted()).toEqual(["upper", "view"]);
    await session.disconnect();
  });
});
