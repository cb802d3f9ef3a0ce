import { describe, expect, it } from "vitest";
import { lastMessage, scriptedModel, systemMessage, toolCall } from "../stand/model.ts";
import { WAYS, sharedStand } from "./client.ts";

describe.each(WAYS)("asking the application: official SDK, our runtime, %s", (way) => {
  const stand = sharedStand(way);

  it("asks the user and gives the answer to the model", async () => {
    const question = { question: "tea or coffee?", choices: ["tea", "coffee"] };
    const { model, provider } = await scriptedModel(toolCall("ask_user", { ...question, allow_freeform: false }), {
      text: "ok",
    });
    const asked: unknown[] = [];
    const session = await stand().client.createSession({
      provider,
      model: "m",
      onUserInputRequest: (request, { sessionId }) => {
        asked.push({ ...request, sessionId });
        return { answer: "coffee", wasFreeform: false };
      },
    });
    await session.sendAndWait("go");
    expect(asked).toMatchObject([{ ...question, allowFreeform: false, sessionId: session.sessionId }]);
    expect(lastMessage(model, 1)).toContain("coffee");
    await session.disconnect();
  });

  it("shows forms through session.ui to whoever can show them", async () => {
    const session = await stand().client.createSession({
      onElicitationRequest: ({ message, requestedSchema }) => {
        const [field] = Object.keys(requestedSchema?.properties ?? {});
        const answers: Record<string, string | boolean> = { "Sure?": true, "Which?": "b", "Name?": "Ada" };
        const value = answers[message];
        if (value === undefined || field === undefined) return { action: "decline" };
        return { action: "accept", content: { [field]: value } };
      },
    });
    expect(session.capabilities.ui?.elicitation).toBe(true);
    expect(await session.ui.confirm("Sure?")).toBe(true);
    expect(await session.ui.select("Which?", ["a", "b"])).toBe("b");
    expect(await session.ui.input("Name?", { minLength: 1 })).toBe("Ada");
    expect(await session.ui.input("Something else?")).toBeNull();
    await session.disconnect();
  });

  it("tells a client without a form handler that there is no form", async () => {
    const session = await stand().client.createSession({});
    expect(session.capabilities.ui?.elicitation).not.toBe(true);
    await expect(session.ui.confirm("Sure?")).rejects.toThrow(/[Ee]licitation/);
    await session.disconnect();
  });

  it("builds the system message from the application's changes", async () => {
    const { model, provider } = await scriptedModel({ text: "ok" });
    const session = await stand().client.createSession({
      provider,
      model: "m",
      systemMessage: {
        mode: "customize",
        sections: {
          identity: { action: "replace", content: "You are a lighthouse." },
          tone: { action: (current) => `TRANSFORMED(${current.length > 0})` },
          safety: { action: "append", content: "Mind the rocks." },
        },
        content: "The end.",
      },
    });
    await session.sendAndWait("go");
    const text = systemMessage(model, 0);
    const parts = ["You are a lighthouse.", "TRANSFORMED(true)", "Mind the rocks.", "The end."];
    expect(parts.filter((part) => !text.includes(part))).toEqual([]);
    await session.disconnect();
  });

  it("runs a command of the application", async () => {
    const ran: string[] = [];
    const session = await stand().client.createSession({
      commands: [{ name: "deploy", description: "Deploys", handler: ({ args }) => void ran.push(args) }],
    });
    const { commands } = await session.rpc.commands.list();
    expect(commands).toMatchObject([{ name: "deploy", description: "Deploys" }]);
    await session.rpc.commands.invoke({ name: "deploy", input: "production" });
    expect(ran).toEqual(["production"]);
    await session.disconnect();
  });
});
