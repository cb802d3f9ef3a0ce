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
  return finish(context, requestId, answer);
}

/** Waits on for a form of before a restart. Whoever wanted it has gone; its outcome is in the log. */
export async function resumeElicitation(
  context: SessionContext,
  requestId: string,
  signal: AbortSignal,
): Promise<void> {
  const { answer } = context.pending.open<ElicitationAnswer>("elicitation", signal, requestId);
  await finish(context, requestId, answer).catch(() => undefined);
}

async function finish(
  context: SessionContext,
  requestId: string,
  answer: Promise<ElicitationAnswer>,
): Promise<ElicitationAnswer> {
  try {
    const { action, content } = await answer;
    await context.writer.write("elicitation.completed", {
      requestId,
      action,
      ...(content === undefined ? {} : { content }),
    });
    context.inbox.answerSettled(requestId);
    return { action, content };
  } catch (error) {
    context.writer.emit("elicitation.completed", { requestId, action: "cancel" });
    throw error;
  }
}
