import type { RawSessionEvent } from "@narthex/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Conversation } from "./conversation.ts";

const event = (type: string, data: Record<string, unknown>, extra: Partial<RawSessionEvent> = {}): RawSessionEvent => ({
  id: "e",
  timestamp: "",
  parentId: null,
  type,
  data,
  ...extra,
});
const user = (content: string) => event("user.message", { content });
const calls = (...ids: string[]) =>
  event("assistant.message", {
    content: "",
    toolRequests: ids.map((id) => ({ toolCallId: id, name: "bash", arguments: { id } })),
  });
const result = (toolCallId: string, content: string) =>
  event("tool.execution_complete", { toolCallId, success: true, result: { content } });

function conversationOf(...events: RawSessionEvent[]): Conversation {
  const conversation = new Conversation();
  for (const one of events) conversation.apply(one);
  return conversation;
}

describe("the conversation, from the log", () => {
  it("has the system message first, and what was really sent to the model", () => {
    const conversation = conversationOf(
      event("user.message", { content: "shown", transformedContent: "sent" }),
      event("system.message", { role: "system", content: "be good" }),
      event("assistant.message", { content: "yes" }),
    );
    expect(conversation.messages()).toEqual([
      { role: "system", content: "be good" },
      { role: "user", content: "sent" },
      { role: "assistant", content: "yes" },
    ]);
  });

  it("keeps results in the order in which they came", () => {
    const conversation = conversationOf(user("go"), calls("a", "b"), result("b", "B"), result("a", "A"));
    expect(conversation.messages().slice(2)).toEqual([
      { role: "tool", toolCallId: "b", toolName: "bash", content: "B" },
      { role: "tool", toolCallId: "a", toolName: "bash", content: "A" },
    ]);
  });

  it("tells the model of a failed call with the text of the error", () => {
    const failed = event("tool.execution_complete", { toolCallId: "a", success: false, error: { message: "refused" } });
    expect(conversationOf(user("go"), calls("a"), failed).messages().at(-1)).toMatchObject({
      role: "tool",
      content: "refused",
    });
  });

  it("says of a call without a result that it was interrupted, and goes on from there", () => {
    const before = conversationOf(user("go"), calls("a"));
    expect(before.messages().at(-1)).toMatchObject({
      role: "tool",
      toolCallId: "a",
      content: expect.stringContaining("interrupted"),
    });
    const after = conversationOf(user("go"), calls("a"), user("again"));
    expect(after.messages().map((message) => message.role)).toEqual(["user", "assistant", "tool", "user"]);
  });

  it("leaves sub-agents out", () => {
    const theirs = event("assistant.message", { content: "theirs" }, { agentId: "x" });
    expect(conversationOf(user("go"), theirs).messages()).toHaveLength(1);
  });

  it("answers every tool call exactly once, right behind the message that made it, whatever the log holds", () => {
    const step = fc.oneof(
      fc.constant(user("hi")),
      fc.uniqueArray(fc.constantFrom("a", "b", "c"), { maxLength: 3 }).map((ids) => calls(...ids)),
      fc.constantFrom("a", "b", "c").map((id) => result(id, id)),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (events) => {
        const open: string[] = [];
        for (const message of conversationOf(...events).messages()) {
          if (message.role === "tool") {
            expect(open).toContain(message.toolCallId);
            open.splice(open.indexOf(message.toolCallId), 1);
            continue;
          }
          expect(open).toEqual([]);
          if (message.role === "assistant") open.push(...(message.toolCalls ?? []).map((call) => call.id));
        }
        expect(open).toEqual([]);
      }),
    );
  });
});
