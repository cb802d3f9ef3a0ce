// Q1  A question has one request id, is asked once in the log, and is settled exactly once.
// Q2  A tool call that the model asked for starts once and has one result.
// Q3  Of all answers to one question exactly one is taken, and it is the one that counts.
import { repeated, textIn, type GivenAnswer, type SeenEvent, type SessionRecord, type Violation } from "../record.ts";

/** Questions that are settled by an event of their own; a client's tool is settled by the result of its call. */
const SETTLED_BY: Readonly<Record<string, string>> = {
  "permission.requested": "permission.completed",
  "user_input.requested": "user_input.completed",
  "elicitation.requested": "elicitation.completed",
};

/** How the log says what became of a permission. */
const OUTCOMES: Readonly<Record<string, string>> = {
  "approve-once": "approved",
  reject: "denied-interactively-by-user",
};

export function lawsOfQuestions({ log, answers }: SessionRecord): Violation[] {
  return [
    ...Object.entries(SETTLED_BY).flatMap(([asked, settled]) => settledOnce(log, asked, settled)),
    ...repeatedIn(log, "external_tool.requested", "requestId"),
    ...calls(log),
    ...oneAnswer(answers, log),
  ];
}

function valuesOf(log: readonly SeenEvent[], type: string, field: string): string[] {
  return log.filter((event) => event.type === type).map((event) => textIn(event, field));
}

function repeatedIn(log: readonly SeenEvent[], type: string, field: string): Violation[] {
  return repeated(valuesOf(log, type, field)).map((id) => ({
    law: field === "toolCallId" ? "Q2" : "Q1",
    harm: "duplicated",
    text: `${type} stands more than once in the log for ${id}`,
  }));
}

function settledOnce(log: readonly SeenEvent[], asked: string, settled: string): Violation[] {
  const done = new Set(valuesOf(log, settled, "requestId"));
  const open = valuesOf(log, asked, "requestId").filter((id) => !done.has(id));
  return [
    ...repeatedIn(log, asked, "requestId"),
    ...repeatedIn(log, settled, "requestId"),
    ...open.map((id): Violation => ({ law: "Q1", harm: "lost", text: `${asked} ${id} was never settled` })),
  ];
}

function calls(log: readonly SeenEvent[]): Violation[] {
  const wanted = log
    .filter(({ type }) => type === "assistant.message")
    .flatMap(({ data }) => (Array.isArray(data["toolRequests"]) ? (data["toolRequests"] as unknown[]) : []))
    .map((request) => String((request as { toolCallId?: unknown }).toolCallId));
  return ["tool.execution_start", "tool.execution_complete"].flatMap((type) => {
    const found = new Set(valuesOf(log, type, "toolCallId"));
    const missing = wanted.filter((id) => !found.has(id));
    return [
      ...repeatedIn(log, type, "toolCallId"),
      ...missing.map((id): Violation => ({ law: "Q2", harm: "lost", text: `tool call ${id} has no ${type}` })),
    ];
  });
}

function oneAnswer(answers: readonly GivenAnswer[], log: readonly SeenEvent[]): Violation[] {
  return [...new Set(answers.map(({ requestId }) => requestId))].flatMap((id): Violation[] => {
    const taken = answers.filter(({ requestId, isTaken }) => requestId === id && isTaken);
    const [winner] = taken;
    if (winner === undefined) return [{ law: "Q3", harm: "lost", text: `no answer to question ${id} was taken` }];
    if (taken.length > 1) {
      const who = taken.map((answer) => answer.who).join(" and ");
      return [{ law: "Q3", harm: "duplicated", text: `the answers of ${who} to question ${id} were both taken` }];
    }
    return counts(winner, log);
  });
}

function counts(winner: GivenAnswer, log: readonly SeenEvent[]): Violation[] {
  const { requestId, kind, who } = winner;
  const settled = log.find((event) => event.type === "permission.completed" && event.data["requestId"] === requestId);
  const outcome = (settled?.data["result"] as { kind?: unknown } | undefined)?.kind;
  const expected = OUTCOMES[kind];
  if (settled === undefined || expected === undefined || outcome === expected) return [];
  const text = `${who} answered question ${requestId} with ${kind}, and the log says ${String(outcome)}`;
  return [{ law: "Q3", harm: "other", text }];
}
