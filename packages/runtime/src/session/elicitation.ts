// A form for whoever is attached; the first answer wins.
import { NarthexError, type ElicitationRequestedData } from "@narthex/protocol";
import type { SessionContext } from "./session-context.ts";

export interface ElicitationQuestion {
  readonly message: string;
  readonly requestedSchema?: { type: "object"; properties: Record<string, unknown>; required?: string[] };
}

export interface ElicitationAnswer {
  readonly action: "accept" | "decline" | "cancel";
  readonly content?: Record<string, never> | undefined;
}

/** @throws {NarthexError} ELICITATION_NOT_SUPPORTED, SESSION_SHUT_DOWN */
export async function elicit(
  context: SessionContext,
  question: ElicitationQuestion,
  signal: AbortSignal,
): Promise<ElicitationAnswer> {
  if (!context.attachments.can("elicitation")) {
    throw new NarthexError("ELICITATION_NOT_SUPPORTED", "No client that can show forms is attached to this session.");
  }
  const { requestId, answer } = context.pending.open<ElicitationAnswer>("elicitation", signal);
  const data = { requestId, mode: "form", ...question } as ElicitationRequestedData;
  const event = await context.writer.write("elicitation.requested", data);
  context.pending.announce(requestId, event);
  const given = await answer;
  context.writer.emit("elicitation.completed", {
    requestId,
    action: given.action,
    ...(given.content === undefined ? {} : { content: given.content }),
  });
  return given;
}
