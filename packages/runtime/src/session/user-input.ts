// ask_user: an event for everyone and a request to those who can answer; whichever answer comes first counts.
import { NarthexError } from "@narthex/protocol";
import { z } from "zod";
import type { UserAnswer } from "../tools/tool.ts";
import type { SessionContext } from "./session-context.ts";

export interface UserQuestion {
  readonly question: string;
  readonly choices?: string[];
  readonly allowFreeform?: boolean;
}

const ANSWER = z.looseObject({ answer: z.string(), wasFreeform: z.boolean().optional() });

/** @throws {NarthexError} HANDLER_FAILED when whoever was asked answered with an error, ABORTED */
export async function askUser(
  context: SessionContext,
  toolCallId: string,
  question: UserQuestion,
  signal: AbortSignal,
): Promise<UserAnswer> {
  const over = new AbortController();
  const both = AbortSignal.any([signal, over.signal]);
  const { requestId, answer } = context.pending.open<UserAnswer>("user-input", signal);
  const event = await context.writer.write("user_input.requested", { requestId, toolCallId, ...question });
  context.pending.announce(requestId, event);
  // An answer by request is put in through the same door as one by call, so the first of either wins.
  context.attachments
    .ask("user-input", "userInput.request", { sessionId: context.id, ...question }, both)
    .then((reply) => context.pending.answer("user-input", requestId, toAnswer(reply, question)))
    .catch((error: unknown) => {
      if (!both.aborted) context.pending.answer("user-input", requestId, NarthexError.from(error, "HANDLER_FAILED"));
    });
  try {
    const given = await answer;
    if (NarthexError.is(given)) {
      throw new NarthexError("HANDLER_FAILED", `The question could not be answered: ${given.message}`, {
        cause: given,
      });
    }
    context.writer.emit("user_input.completed", { requestId, ...given });
    return given;
  } catch (error) {
    context.writer.emit("user_input.completed", { requestId });
    throw error;
  } finally {
    over.abort(new NarthexError("ABORTED", "The question has been answered."));
  }
}

function toAnswer(reply: unknown, question: UserQuestion): UserAnswer | NarthexError {
  const parsed = ANSWER.safeParse(reply);
  if (!parsed.success) return new NarthexError("HANDLER_FAILED", "The client's answer has no text.");
  const { answer, wasFreeform } = parsed.data;
  return { answer, wasFreeform: wasFreeform ?? !(question.choices ?? []).includes(answer) };
}
