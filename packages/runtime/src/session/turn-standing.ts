/**
 * Where the work of a session stands, from its log alone: the pure part of recovery. The same events give the same
 * standing, whatever process reads them.
 *
 * | stage \ event | user.message        | turn_start | message with tools | message without | turn_end                   | abort      | session.error of the runtime |
 * | ------------- | ------------------- | ---------- | ------------------ | --------------- | -------------------------- | ---------- | ---------------------------- |
 * | idle          | → prompted          | → calling  | –                  | –               | –                          | → aborting | –                            |
 * | prompted      | – (one more prompt) | → calling  | –                  | –               | –                          | → aborting | → idle                       |
 * | calling       | → prompted          | → calling  | → tools            | → answered      | → between                  | → aborting | –                            |
 * | tools         | → prompted          | → calling  | → tools            | → answered      | → between                  | → aborting | –                            |
 * | answered      | → prompted          | → calling  | –                  | –               | → idle                     | → aborting | –                            |
 * | between       | → prompted          | → calling  | –                  | –               | –                          | → aborting | → idle                       |
 * | aborting      | → prompted          | → calling  | –                  | –               | → idle                     | –          | → idle                       |
 *
 * `between` is after a turn that did not answer the prompt: its tools have run, or its model call failed and nobody was
 * told. The work goes on with another model call.
 *
 * S1. Work is unfinished exactly when a prompt has no answer, no error and no abort behind it.
 * S2. A tool call is open from the message that asks for it to its `tool.execution_complete`.
 * S3. A question is open from its event to the event that completes it, or to the end of its tool call.
 */
import type { RawSessionEvent } from "@narthex/protocol";
import type { ModelToolCall } from "../models/model.ts";
import type { RequestKind } from "./pending-requests.ts";

export type Stage = "idle" | "prompted" | "calling" | "tools" | "answered" | "between" | "aborting";

/** A tool call that has no result yet. */
export interface OpenCall {
  readonly call: ModelToolCall;
  /** True once `tool.execution_start` is in the log: it may have had effects. */
  readonly isStarted: boolean;
  /** The outcome of asking for permission, as the log has it. */
  readonly permission?: { readonly isAllowed: boolean; readonly kind: string };
}

/** A question in the log that nobody has answered. */
export interface OpenQuestion {
  readonly kind: RequestKind;
  readonly requestId: string;
  /** The tool call it belongs to. */
  readonly toolCallId?: string;
  readonly event: RawSessionEvent;
}

export interface Standing {
  readonly stage: Stage;
  /** Number of the turn that runs, or is to start (`prompted`); of the last one otherwise. */
  readonly turn: number;
  /** Model calls since the prompt began. */
  readonly calls: number;
  /** Message id of the newest prompt. */
  readonly messageId: string;
  /** True when the last run of work ended with an abort. */
  readonly wasAborted: boolean;
  readonly openCalls: ReadonlyMap<string, OpenCall>;
  readonly openQuestions: ReadonlyMap<string, OpenQuestion>;
}

export const INITIAL_STANDING: Standing = {
  stage: "idle",
  turn: 0,
  calls: 0,
  messageId: "",
  wasAborted: false,
  openCalls: new Map(),
  openQuestions: new Map(),
};

type Data = Record<string, unknown>;
type Step = (standing: Standing, data: Data, event: RawSessionEvent) => Standing;

const STEPS: Readonly<Record<string, Step>> = {
  "user.message": begun,
  "assistant.turn_start": (standing, data) => ({
    ...standing,
    stage: "calling",
    turn: numberOf(data.turnId, standing.turn),
    calls: standing.calls + 1,
    wasAborted: false,
  }),
  "assistant.message": called,
  "assistant.turn_end": (standing) => {
    const { stage } = standing;
    if (stage === "answered" || stage === "aborting") return { ...standing, stage: "idle", openCalls: new Map() };
    return stage === "calling" || stage === "tools"
      ? { ...standing, stage: "between", openCalls: new Map() }
      : standing;
  },
  abort: (standing) => ({ ...standing, stage: "aborting", wasAborted: true }),
  "session.error": (standing, data) => {
    // Only the runtime's own reports have a code; a client's lines in the timeline have none.
    const isReport = typeof data.errorCode === "string";
    const canEnd = standing.stage === "between" || standing.stage === "prompted" || standing.stage === "aborting";
    return isReport && canEnd ? { ...standing, stage: "idle" } : standing;
  },
  "tool.execution_start": (standing, data) => changeCall(standing, data, (open) => ({ ...open, isStarted: true })),
  "tool.execution_complete": (standing, data) => {
    const toolCallId = text(data.toolCallId);
    const questions = [...standing.openQuestions].filter(([, question]) => question.toolCallId !== toolCallId); // S3
    return { ...without(standing, toolCallId), openQuestions: new Map(questions) };
  },
  "permission.requested": (standing, data, event) => ask(standing, "permission", permissionCall(data), event),
  "permission.completed": (standing, data) => {
    const kind = text((data.result as Data | undefined)?.kind);
    const asked = standing.openQuestions.get(text(data.requestId));
    const toolCallId = data.toolCallId ?? asked?.toolCallId;
    const permission = { isAllowed: kind.startsWith("approved"), kind };
    return changeCall(settle(standing, data), { toolCallId }, (open) => ({ ...open, permission }));
  },
  "external_tool.requested": (standing, data, event) => ask(standing, "tool", data.toolCallId, event),
  "user_input.requested": (standing, data, event) => ask(standing, "user-input", data.toolCallId, event),
  "user_input.completed": settle,
  "elicitation.requested": (standing, _data, event) => ask(standing, "elicitation", undefined, event),
  "elicitation.completed": settle,
};

/** What one event changes. */
export function stepStanding(standing: Standing, event: RawSessionEvent): Standing {
  const step = event.agentId === undefined && Object.hasOwn(STEPS, event.type) ? STEPS[event.type] : undefined;
  return step === undefined ? standing : step(standing, (event.data ?? {}) as Data, event);
}

/** Where the work stands after these events. */
export function standingOf(events: Iterable<RawSessionEvent>): Standing {
  let standing = INITIAL_STANDING;
  for (const event of events) standing = stepStanding(standing, event);
  return standing;
}

function begun(standing: Standing, data: Data): Standing {
  const isSteering = data.delivery === "steering";
  const next = standing.stage === "prompted" ? standing.turn : standing.turn + 1;
  return {
    ...standing,
    stage: "prompted",
    turn: data.delivery === "idle" || standing.messageId === "" ? 0 : next,
    calls: isSteering ? standing.calls : 0,
    messageId: text(data.messageId),
    wasAborted: false,
    openCalls: new Map(),
  };
}

function called(standing: Standing, data: Data): Standing {
  if (standing.stage !== "calling" && standing.stage !== "tools") return standing;
  const requests = Array.isArray(data.toolRequests) ? (data.toolRequests as Data[]) : [];
  const calls = requests.map((request): ModelToolCall => ({
    id: text(request.toolCallId),
    name: text(request.name),
    arguments: request.arguments ?? {},
  }));
  const openCalls = new Map(calls.map((call) => [call.id, { call, isStarted: false }])); // S2
  return { ...standing, stage: calls.length > 0 ? "tools" : "answered", openCalls };
}

function changeCall(standing: Standing, data: Data, change: (open: OpenCall) => OpenCall): Standing {
  const id = text(data.toolCallId);
  const open = standing.openCalls.get(id);
  if (open === undefined) return standing;
  return { ...standing, openCalls: new Map(standing.openCalls).set(id, change(open)) };
}

function without(standing: Standing, toolCallId: string): Standing {
  const openCalls = new Map(standing.openCalls);
  openCalls.delete(toolCallId);
  return { ...standing, openCalls };
}

function ask(standing: Standing, kind: RequestKind, toolCall: unknown, event: RawSessionEvent): Standing {
  const requestId = text((event.data as Data | undefined)?.requestId);
  const question = { kind, requestId, event, ...(typeof toolCall === "string" ? { toolCallId: toolCall } : {}) };
  return { ...standing, openQuestions: new Map(standing.openQuestions).set(requestId, question) };
}

function settle(standing: Standing, data: Data): Standing {
  const openQuestions = new Map(standing.openQuestions);
  openQuestions.delete(text(data.requestId));
  return { ...standing, openQuestions };
}

function permissionCall(data: Data): unknown {
  return (data.permissionRequest as Data | undefined)?.toolCallId;
}

function numberOf(value: unknown, otherwise: number): number {
  const number = Number(value);
  return Number.isSafeInteger(number) && number >= 0 ? number : otherwise;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
