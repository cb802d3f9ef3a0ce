import { describe, expect, it } from "vitest";
import { buildSystemMessage, defaultSections } from "./system-message.ts";

const workspace = { root: "/w", isOwned: true, repository: { owner: "octo", name: "demo", branch: "main" } };
const unchanged = () => Promise.resolve({});

describe("the system message", () => {
  it("names the workspace, and adds the client's text at the end", async () => {
    const text = await buildSystemMessage(workspace, { content: "Speak French." }, unchanged);
    expect(text).toContain("/w");
    expect(text).toContain("octo/demo, branch main");
    expect(text.endsWith("\n\nSpeak French.")).toBe(true);
  });

  it("is the client's text alone when it replaces", async () => {
    expect(await buildSystemMessage(workspace, { mode: "replace", content: "Only this." }, unchanged)).toBe(
      "Only this.",
    );
  });

  it("does with each section what the client says", async () => {
    const { tone, safety } = defaultSections(workspace);
    const text = await buildSystemMessage(
      workspace,
      {
        mode: "customize",
        sections: {
          identity: { action: "replace", content: "You are a cat." },
          guidelines: { action: "remove" },
          tone: { action: "append", content: "Purr." },
          safety: { action: "prepend", content: "Claws in." },
          tool_efficiency: { action: "preserve", content: "ignored" },
        },
        content: "The end.",
      },
      unchanged,
    );
    expect(text).toContain("You are a cat.");
    expect(text).toContain(`${tone}\nPurr.`);
    expect(text).toContain(`Claws in.\n${safety}`);
    expect(text).not.toContain("ask_user if");
    expect(text).not.toContain("ignored");
    expect(text.endsWith("The end.")).toBe(true);
  });

  it("asks for transformed sections, with their current text, and takes what comes back", async () => {
    const asked: unknown[] = [];
    const text = await buildSystemMessage(
      workspace,
      { mode: "customize", sections: { tone: { action: "transform" }, safety: { action: "transform" } } },
      (sections) => {
        asked.push(sections);
        return Promise.resolve({ tone: "Shout." });
      },
    );
    const { tone, safety } = defaultSections(workspace);
    expect(asked).toEqual([{ tone, safety }]);
    expect(text).toContain("Shout.");
    expect(text).toContain(safety);
    expect(text).not.toContain(tone);
  });
});
