// What a stored session is still to do: its log says where its work stands, its mailbox what was accepted and not begun.
import type { InboxContent, KeptAnswer } from "./inbox.ts";
import type { PastWork } from "./past-work.ts";
import type { SessionContext } from "./session-context.ts";
import type { Prompt } from "./turn-machine.ts";
import type { OpenQuestion, Standing } from "./turn-standing.ts";

export interface RecoveryPlan {
  /** It takes a client to go on: the model is the client's own. */
  readonly needsClient: boolean;
  readonly standing: Standing;
  /** Prompts that were accepted and are not in the log, in order. */
  readonly waiting: readonly Prompt[];
  /** Positions of the prompts that are in the log and whose work was not acknowledged. */
  readonly begun: readonly number[];
  /** Questions that wait for an answer: of the tool calls without a result, and forms. */
  readonly questions: readonly OpenQuestion[];
  /** Answers to these questions. */
  readonly answers: readonly KeptAnswer[];
  /** Positions of answers whose question is settled. */
  readonly staleAnswers: readonly number[];
}

/** Pure: the same log and mailbox give the same plan. */
export function planRecovery(
  { standing, said }: Pick<PastWork, "standing" | "said">,
  { prompts, answers }: InboxContent,
  needsClient = false,
): RecoveryPlan {
  const questions = [...standing.openQuestions.values()].filter(
    ({ kind, toolCallId = "" }) =>
      kind === "elicitation" || (standing.stage === "tools" && standing.openCalls.has(toolCallId)),
  );
  const isOpen = (answer: KeptAnswer): boolean =>
    questions.some(({ requestId, kind }) => requestId === answer.requestId && kind === answer.kind);
  return {
    needsClient,
    standing,
    questions,
    waiting: prompts.filter(({ messageId }) => !said.has(messageId)),
    begun: prompts.flatMap(({ messageId, position }) =>
      said.has(messageId) && position !== undefined ? [position] : [],
    ),
    answers: answers.filter(isOpen),
    staleAnswers: answers.filter((answer) => !isOpen(answer)).map(({ position }) => position),
  };
}

/** Is there anything to do that no client has to ask for? */
export function hasWork({ standing, waiting, begun }: RecoveryPlan): boolean {
  return standing.stage !== "idle" || waiting.length > 0 || begun.length > 0;
}

/** The questions of before a restart wait for their answers again; those that were answered already are settled. */
export function reopenQuestions({ pending, inbox }: SessionContext, plan: RecoveryPlan): void {
  for (const question of plan.questions) pending.reopen(question);
  for (const { kind, requestId, position, answer } of plan.answers) {
    inbox.handedOn(kind, requestId, position);
    pending.answer(kind, requestId, answer);
  }
  inbox.ackLater(plan.staleAnswers);
}
