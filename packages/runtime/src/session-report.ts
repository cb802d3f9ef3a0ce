// What can be told of a stored session without bringing it into memory: for operators.
import type { Engine, LeaseHolder, SessionRecord } from "@narthex/engine";
import { NarthexError, parseSessionId } from "@narthex/protocol";
import { PastWork, eventsOf } from "./session/past-work.ts";
import { SessionMetrics } from "./session/session-metrics.ts";
import { storedAttributes } from "./session/session-record.ts";
import { hasWork, planRecovery } from "./session/session-recovery.ts";
import { readInbox } from "./session/inbox.ts";
import type { Stage } from "./session/turn-standing.ts";

/** Tokens, and how many answers of models they are of. */
export interface UsageTotals {
  calls: number;
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  reasoningTokens: number;
}

export interface SessionReport {
  readonly record: SessionRecord;
  readonly counts: {
    readonly events: number;
    readonly prompts: number;
    readonly answers: number;
    readonly toolCalls: number;
    readonly bytes: number;
  };
  readonly work: {
    readonly stage: Stage;
    /** Is there anything to do that no client has to ask for? */
    readonly isPending: boolean;
    /** Prompts that were accepted and are not begun. */
    readonly waitingPrompts: number;
    readonly openToolCalls: readonly string[];
    readonly openQuestions: readonly { readonly kind: string; readonly requestId: string }[];
  };
  readonly usage: UsageTotals & { readonly models: Readonly<Record<string, UsageTotals>> };
  /** Who has it in memory now. */
  readonly holder: LeaseHolder | undefined;
}

const COUNTED = {
  "user.message": "prompts",
  "assistant.message": "answers",
  "tool.execution_start": "toolCalls",
} as const;

/**
 * Reads a session's log and mailbox; changes nothing.
 * @throws {NarthexError} SESSION_ID_INVALID, SESSION_NOT_FOUND, STORE_CORRUPT, STORE_UNAVAILABLE
 */
export async function reportSession(engine: Engine, rawId: unknown): Promise<SessionReport> {
  const id = parseSessionId(rawId);
  const record = await engine.directory.get(id);
  if (record === undefined) throw new NarthexError("SESSION_NOT_FOUND", `Session not found: ${id}`);
  const past = new PastWork();
  const metrics = new SessionMetrics(Date.parse(record.createdAt));
  const counts = { events: 0, prompts: 0, answers: 0, toolCalls: 0 };
  for await (const event of eventsOf(engine.log, id)) {
    past.apply(event);
    metrics.apply(event);
    counts.events += 1;
    if (Object.hasOwn(COUNTED, event.type)) counts[COUNTED[event.type as keyof typeof COUNTED]] += 1;
  }
  const inbox = readInbox(await engine.mailbox.take(id));
  const plan = planRecovery(past, inbox, storedAttributes(record).hasOwnProvider);
  const { bytes } = await engine.archives.size(id);
  return {
    record,
    counts: { ...counts, bytes },
    work: {
      stage: plan.standing.stage,
      isPending: hasWork(plan),
      waitingPrompts: plan.waiting.length,
      openToolCalls: [...plan.standing.openCalls.values()].map(({ call }) => call.name),
      openQuestions: plan.questions.map(({ kind, requestId }) => ({ kind, requestId })),
    },
    usage: usageOf(metrics),
    holder: await engine.leases.holder(id),
  };
}

function usageOf(metrics: SessionMetrics): SessionReport["usage"] {
  const total: UsageTotals = { calls: 0, inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, reasoningTokens: 0 };
  const models: Record<string, UsageTotals> = {};
  for (const [model, { count, usage }] of metrics.models()) {
    models[model] = { calls: count, ...usage };
    total.calls += count;
    for (const name of Object.keys(usage) as (keyof typeof usage)[]) total[name] += usage[name];
  }
  return { ...total, models };
}
