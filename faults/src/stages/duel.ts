// Several clients answer the same question at once, each in its own way: one answer is taken, and it is the one that counts.
import { randomUUID } from "node:crypto";
import { isSettled, seenOf, type AnyEvent, type JournalWriter } from "../journal-writer.ts";
import type { Random } from "../random.ts";
import type { GivenAnswer, SeenEvent, SessionRecord } from "../record.ts";
import { runStage, type StageContext, type StageResult } from "../stage.ts";
import { WireClient } from "../wire-client.ts";
import { planSession, type SessionPlan } from "../work.ts";

const CLIENTS = 3;
const WORK_TIMEOUT_MS = 60_000;
const PARAMS = {
  requestPermission: true,
  requestUserInput: true,
  tools: [{ name: "mine", description: "ours", parameters: {} }],
};

type Call = readonly [method: string, answer: Record<string, unknown>, kind: string];

export function duel(random: Random, sessions: number): Promise<StageResult> {
  return runStage("two clients answer at once", random, (context) => strike(context, sessions));
}

async function strike(context: StageContext, sessions: number): Promise<{ strikes: number }> {
  let strikes = 0;
  for (let index = 0; index < sessions && !context.crew.hasFailed; index += 1) {
    const record = await fight(context, planSession(`duel-${index}`, context.random.fork()));
    strikes += new Set(record.answers.map(({ requestId }) => requestId)).size;
    context.crew.judge(record);
  }
  return { strikes };
}

async function fight({ world, crew }: StageContext, plan: SessionPlan): Promise<SessionRecord> {
  const sessionId = randomUUID();
  const answers: GivenAnswer[] = [];
  const answering: Promise<void>[] = [];
  const duelists: { client: WireClient; journal: JournalWriter; who: string }[] = [];
  for (let index = 0; index < CLIENTS; index += 1) {
    const who = `duelist ${index + 1}`;
    const journal = crew.journal(who, index === 0);
    const client = await WireClient.connect(world.cable.port, journal);
    duelists.push({ client, journal, who });
    await client.call(index === 0 ? "session.create" : "session.resume", { sessionId, ...PARAMS });
  }
  const [first] = duelists;
  if (first === undefined) throw new RangeError("A duel takes clients.");
  first.journal.onEvent = (event) => {
    // One frame of each client is on its way before any answer can be back.
    for (const [index, { client, who }] of duelists.entries()) {
      const answer = answerTo(event, index);
      if (answer === undefined) continue;
      const [method, content, kind] = answer;
      const requestId = String(event.data["requestId"]);
      const given = client.call(method, { sessionId, requestId, ...content }).then((result) => {
        answers.push({ requestId, who, kind, isTaken: (result as { success?: unknown }).success === true });
      });
      answering.push(given);
    }
  };
  const sends: SessionRecord["sends"][number][] = [];
  for (const { key, prompt, isImmediate } of plan.batches.flat()) {
    const mode = isImmediate ? "immediate" : "enqueue";
    const result = await first.client.call("session.send", { sessionId, prompt, mode, idempotencyKey: key });
    sends.push({ key, prompt, isImmediate, messageId: (result as { messageId: string }).messageId });
  }
  const ids = sends.flatMap(({ messageId }) => messageId ?? []);
  await first.journal.until(
    `the end of the duel in ${sessionId}`,
    (entries) => isSettled(entries, ids),
    WORK_TIMEOUT_MS,
  );
  await Promise.all(answering);
  const { events } = (await first.client.call("session.getMessages", { sessionId })) as { events: AnyEvent[] };
  for (const { client } of duelists) client.close();
  return { sessionId, sends, journals: [first.journal], log: events.map(seenOf), answers };
}

function answerTo(event: SeenEvent, index: number): Call | undefined {
  switch (event.type) {
    case "permission.requested": {
      const kind = index % 2 === 0 ? "approve-once" : "reject";
      return ["session.permissions.handlePendingPermissionRequest", { result: { kind } }, kind];
    }
    case "external_tool.requested":
      return ["session.tools.handlePendingToolCall", { result: `did it, ${index}` }, "result"];
    case "user_input.requested":
      return ["session.ui.handlePendingUserInput", { response: { answer: `answer ${index}` } }, "answer"];
    default:
      return undefined;
  }
}
