import { describe, expect, it } from "vitest";
import { WAYS, sharedClient } from "./client.ts";

describe.each(WAYS)("asking the application: our SDK, official runtime, %s", (way) => {
  const client = sharedClient(way);

  it("shows forms through session.ui to whoever can show them", async () => {
    const session = await client().createSession({
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
    const session = await client().createSession({});
    expect(session.capabilities.ui?.elicitation).not.toBe(true);
    await expect(session.ui.confirm("Sure?")).rejects.toThrow(/form/);
    await session.disconnect();
  });
});
