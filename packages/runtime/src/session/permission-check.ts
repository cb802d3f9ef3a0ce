// Asking for permission: rules first, then whoever is attached; the first answer wins.
import { isDeepStrictEqual } from "node:util";
import type { PermissionCompletedData, PermissionRequest, RawSessionEvent } from "@narthex/protocol";
import type { SessionContext } from "./session-context.ts";

/** May the call go on? When not, `reason` is for the model. */
export type Verdict = { readonly isAllowed: true } | { readonly isAllowed: false; readonly reason: string };

/** A client's answer, as it stands in `session.permissions.handlePendingPermissionRequest`. */
export interface PermissionAnswer {
  readonly kind: string;
  readonly feedback?: string | undefined;
}

const ALLOWED: Verdict = { isAllowed: true };

export async function checkPermission(
  context: SessionContext,
  request: PermissionRequest,
  signal: AbortSignal,
): Promise<Verdict> {
  if (context.rules.isAllowed(request)) return ALLOWED;
  const asker = "toolCallId" in request ? request.toolCallId : undefined;
  const wasAsked = asker !== undefined && context.pending.hasReopened(asker, ["permission"]);
  if (!wasAsked && !context.attachments.can("permission")) {
    return {
      isAllowed: false,
      reason: "Permission denied: nobody who can give permission is attached to this session.",
    };
  }
  const { requestId, answer, event } = context.pending.open<PermissionAnswer>("permission", signal, asker);
  if (event !== undefined && !isSameRequest(event, request)) {
    // Before a restart something else was asked, so an answer to it would not be one to this.
    context.pending.answer("permission", requestId, undefined);
    await complete(context, requestId, request, { kind: "cancelled" });
    return checkPermission(context, request, signal);
  }
  if (event === undefined) {
    const asked = await context.writer.write("permission.requested", { requestId, permissionRequest: request });
    context.pending.announce(requestId, asked);
  }
  let given: PermissionAnswer;
  try {
    given = await answer;
  } catch (error) {
    await complete(context, requestId, request, { kind: "cancelled" });
    throw error;
  }
  const { verdict, result } = judge(context, request, given);
  await complete(context, requestId, request, result);
  return verdict;
}

/** Does the event ask for the same thing? How a client describes its tool does not matter. */
function isSameRequest(event: RawSessionEvent, request: PermissionRequest): boolean {
  const essence = (value: unknown): unknown => ({ ...(value as object), toolDescription: undefined });
  const asked = (event.data as { permissionRequest?: unknown } | undefined)?.permissionRequest;
  // Through JSON, as the event went.
  return isDeepStrictEqual(essence(asked), essence(JSON.parse(JSON.stringify(request))));
}

type PermissionOutcome = PermissionCompletedData["result"];

function judge(
  context: SessionContext,
  request: PermissionRequest,
  answer: PermissionAnswer,
): { verdict: Verdict; result: PermissionOutcome } {
  switch (answer.kind) {
    case "approve-for-session":
    case "approve-for-location":
    case "approve-permanently":
      // Location and permanent approvals live as long as the session here: nothing outlives it without a store of rules.
      context.rules.allow(request);
      return { verdict: ALLOWED, result: { kind: "approved" } };
    case "approve-once":
      return { verdict: ALLOWED, result: { kind: "approved" } };
    case "reject": {
      const feedback = answer.feedback ?? "";
      const reason = `The user refused permission for this call.${feedback === "" ? "" : ` They said: ${feedback}`}`;
      const result = { kind: "denied-interactively-by-user", ...(feedback === "" ? {} : { feedback }) } as const;
      return { verdict: { isAllowed: false, reason }, result };
    }
    default:
      return {
        verdict: { isAllowed: false, reason: "Permission denied: nobody was there to decide." },
        result: { kind: "denied-no-approval-rule-and-could-not-request-from-user" },
      };
  }
}

async function complete(
  context: SessionContext,
  requestId: string,
  request: PermissionRequest,
  result: PermissionOutcome,
): Promise<void> {
  const toolCallId = "toolCallId" in request ? request.toolCallId : undefined;
  await context.writer.write("permission.completed", {
    requestId,
    ...(toolCallId === undefined ? {} : { toolCallId }),
    result,
  });
}
