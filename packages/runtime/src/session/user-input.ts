// ask_user: an event for everyone and a request to those who can answer; whichever answer comes first counts.
import { NarthexError, messageOf } from "@narthex/protocol";
import { z } from "zod";
import type { UserAnswer } from "../tools/tool.ts";
import { takeAnswer } from "./answers.ts";
import type { Attachment } from "./attachments.ts";
import type { SessionContext } from "./session-context.ts";

export interface UserQuestion {
  readonly question: string;
  readonly choices?: string[];
  readonly allowFreeform?: boolean;
}

/** Milliseconds until an answer is tried again that the store could not keep. */
const KEEP_AGAIN_MS = 1_000;

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
  const { requestId, answer, event } = context.pending.open<UserAnswer | NarthexError>(
    "user-input",
    signal,
    toolCallId,
  );
  if (event === undefined) {
    const asked = await context.writer.write("user_input.requested", { requestId, toolCallId, ...question });
    context.pending.announce(requestId, asked);
  }
  askByRequest(context, requestId, question, both);
  try {
    const given = await answer;
    if (NarthexError.is(given)) {
      throw new NarthexError("HANDLER_FAILED", `The question could not be answered: ${given.message}`, {
        cause: given,
      });
    }
    await context.writer.write("user_input.completed", { requestId, ...given });
    return given;
  } catch (error) {
    context.writer.emit("user_input.completed", { requestId });
    throw error;
  } finally {
    over.abort(new NarthexError("ABORTED", "The question has been answered."));
  }
}

/**
 * Puts the question to every client that can answer, those that attach later included. An answer by request is taken in
 * through the same door as one by call, so the first of either wins. When all of them refuse, that is the answer; a client
 * that goes away has not refused.
 */
function askByRequest(context: SessionContext, requestId: string, question: UserQuestion, signal: AbortSignal): void {
  let asked = 0;
  let refused = 0;
  const { pending } = context;
  const refuse = (error: NarthexError): void => {
    if (pending.claim("user-input", requestId)) pending.answer("user-input", requestId, error);
  };
  const take = (answer: UserAnswer | NarthexError): void => {
    if (NarthexError.is(answer)) return refuse(answer);
    takeAnswer(context, { kind: "user-input", requestId, answer }).catch((error: unknown) => {
      context.logger.warn(`An answer was not kept: ${messageOf(error)}`, { sessionId: context.id });
      // Nobody will bring it again.
      setTimeout(() => {
        if (!signal.aborted) take(answer);
      }, KEEP_AGAIN_MS).unref();
    });
  };
  const clients = new Set<string>();
  const ask = ({ client, abilities }: Attachment): void => {
    if (!abilities.has("user-input") || clients.has(client.id)) return;
    clients.add(client.id);
    asked += 1;
    client.request("userInput.request", { sessionId: context.id, ...question }, { signal }).then(
      (reply) => take(toAnswer(reply, question)),
      (error: unknown) => {
        if (signal.aborted) return;
        if (client.isConnected) refused += 1;
        else {
          asked -= 1;
          clients.delete(client.id);
        }
        if (refused > 0 && refused === asked) refuse(NarthexError.from(error, "HANDLER_FAILED"));
      },
    );
  };
  pending.whenAttached(requestId, ask);
  for (const attachment of context.attachments.all()) ask(attachment);
}

function toAnswer(reply: unknown, question: UserQuestion): UserAnswer | NarthexError {
  const parsed = ANSWER.safeParse(reply);
  if (!parsed.success) return new NarthexError("HANDLER_FAILED", "The client's answer has no text.");
  const { answer, wasFreeform } = parsed.data;
  return { answer, wasFreeform: wasFreeform ?? !(question.choices ?? []).includes(answer) };
}
