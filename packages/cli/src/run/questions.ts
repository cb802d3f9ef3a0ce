import { isCancel, select, text } from "@clack/prompts";
import { NarthexError, type UserInputRequest, type UserInputResponse } from "@narthex/sdk";

/** Puts a question of the session to the person at the terminal. */
export async function askPersonFor(request: UserInputRequest): Promise<UserInputResponse> {
  const choices = request.choices ?? [];
  if (choices.length > 0) {
    const own = "\u0000own";
    const options = choices.map((choice) => ({ value: choice, label: choice }));
    if (request.allowFreeform !== false) options.push({ value: own, label: "Something else…" });
    const chosen = await select({ message: request.question, options });
    if (isCancel(chosen)) throw declined();
    if (chosen !== own) return { answer: chosen, wasFreeform: false };
  }
  const answer = await text({ message: request.question });
  if (isCancel(answer)) throw declined();
  return { answer, wasFreeform: true };
}

function declined(): NarthexError {
  return new NarthexError("ABORTED", "The user did not answer.");
}
