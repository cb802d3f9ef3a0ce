// The built-in model for work without a key: no language model, but a planner that recognises a fixed set of requests and
// carries them out with the session's tools.
// O1: a pure function of the request: the same conversation gives the same chunks. O2: every answer is computed from
//     tool results of this turn and says in its first line what wrote it. O3: only declared tools are called.
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { NarthexError } from "@narthex/protocol";
import type { Model, ModelChunk, ModelMessage, ModelRequest, ModelToolCall } from "./model.ts";
import { readTurn } from "./offline/conversation.ts";
import { hasTool, resultAt, type PlannedCall, type SkillContext } from "./offline/skill.ts";
import { chooseRun } from "./offline/skills.ts";

/** The first line of every answer. */
export const OFFLINE_NOTE = "_This is the offline planner, not a language model._";

const CONTEXT_TOKENS = 128_000;
/** Pieces between two turns of the event loop, so that an abort is noticed. */
const PIECES_PER_TURN = 16;
/** Longer texts are streamed line by line instead of word by word. */
const MAX_WORDY_CHARS = 4_000;

/**
 * Creates the offline planner. It needs no key, no network and no time to load.
 *
 * @example
 * for await (const chunk of createOfflineModel().stream({ messages, tools, signal })) …
 */
export function createOfflineModel(): Model {
  return { id: "offline", isOffline: true, contextTokens: CONTEXT_TOKENS, stream };
}

async function* stream(request: ModelRequest): AsyncGenerator<ModelChunk> {
  throwIfAborted(request.signal);
  const reply = planReply(request);
  let pieces = 0;
  for (const text of piecesOf(reply.text)) {
    if (pieces % PIECES_PER_TURN === 0) await turnOfTheLoop();
    throwIfAborted(request.signal);
    pieces += 1;
    yield { type: "text", text };
  }
  for (const call of reply.calls) {
    throwIfAborted(request.signal);
    yield { type: "tool-call-delta", id: call.id, name: call.name, inputDelta: JSON.stringify(call.arguments) };
    yield { type: "tool-call", call };
  }
  const output = reply.text.length + JSON.stringify(reply.calls).length;
  yield {
    type: "finish",
    reason: reply.calls.length > 0 ? "tool-calls" : "stop",
    usage: { inputTokens: tokensOf(JSON.stringify(request.messages).length), outputTokens: tokensOf(output) },
  };
}

/** What the planner says and calls next. */
export interface OfflineReply {
  readonly text: string;
  readonly calls: readonly ModelToolCall[];
}

/** The next reply to a conversation (O1). */
export function planReply({ messages, tools }: Pick<ModelRequest, "messages" | "tools">): OfflineReply {
  const turn = readTurn(messages);
  const context: SkillContext = { prompt: turn.prompt, tools };
  const run = chooseRun(context)();
  let next = run.next();
  for (const step of turn.steps) {
    if (next.done === true) break;
    next = run.next(next.value.calls.map((_, i) => resultAt(step.results, i)));
  }
  if (next.done === true) return { text: `${OFFLINE_NOTE}\n\n${next.value}`, calls: [] }; // O2
  const undeclared = next.value.calls.find((call) => !hasTool(context, call.name)); // O3
  if (undeclared !== undefined) {
    return {
      text: `${OFFLINE_NOTE}\n\nI would need the ${undeclared.name} tool for this, which this session does not have.`,
      calls: [],
    };
  }
  return { text: next.value.say ?? "", calls: next.value.calls.map((call, i) => toCall(call, messages, i)) };
}

function toCall(call: PlannedCall, messages: readonly ModelMessage[], at: number): ModelToolCall {
  return { id: `call_${fingerprint(messages)}_${at}`, name: call.name, arguments: call.arguments };
}

/** Tells conversations apart, so that ids of calls differ from step to step (FNV-1a). */
function fingerprint(messages: readonly ModelMessage[]): string {
  const text = JSON.stringify(messages);
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return `${messages.length.toString(36)}${(hash >>> 0).toString(36)}`;
}

function piecesOf(text: string): readonly string[] {
  if (text.length > MAX_WORDY_CHARS) return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  return text.match(/\s*\S+\s*/g) ?? [];
}

/** Four characters a token is close enough for text in English. */
function tokensOf(chars: number): number {
  return Math.ceil(chars / 4);
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted)
    throw new NarthexError("ABORTED", "The call of the offline planner was cancelled.", { cause: signal.reason });
}
