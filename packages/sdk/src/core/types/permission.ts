// Permission requests and the decisions an application can take.
import type { PermissionDecisionSource, PermissionRequest as WirePermissionRequest } from "@narthex/protocol";

/** What a session asks to be allowed to do; `kind` tells the members apart (`shell`, `write`, `read`, `url`, …). */
export type PermissionRequest = WirePermissionRequest & { readonly managedApprovalRequired?: boolean };

/** What "for this session" or "for this location" is to cover. */
export interface PermissionApproval {
  kind: string;
  [key: string]: unknown;
}

/** A decision, or `no-result`: leave the request to another attached client. */
export type PermissionRequestResult =
  | { kind: "approve-once" }
  | { kind: "approve-for-session"; approval?: PermissionApproval; domain?: string }
  | { kind: "approve-for-location"; approval: PermissionApproval; locationKey: string }
  | { kind: "approve-permanently"; domain: string }
  | { kind: "reject"; feedback?: string }
  | { kind: "user-not-available" }
  | { kind: "no-result" };

export type { PermissionDecisionSource };

/** How a decision came about. */
export type PermissionDecisionOutcome = "auto_approved" | "autopilot_denied" | "prompted_user";

/** Where a decision was taken. */
export type PermissionDecisionSurface = "tui" | "prompt_mode" | "copilot_app" | "acp" | "sdk";

/** Whether somebody could have been asked. */
export type PermissionResponseCapability = "interactive" | "headless" | "none";

/** Who decided, and where; passed on to the runtime beside the decision. */
export interface PermissionDecisionContext {
  outcome: PermissionDecisionOutcome;
  source: PermissionDecisionSource;
  surface: PermissionDecisionSurface;
  responseCapability?: PermissionResponseCapability;
}

/** A decision together with who took it. */
export interface AttributedPermissionResult {
  kind: "attributed";
  result: PermissionRequestResult;
  decisionContext: PermissionDecisionContext;
}

/**
 * Decides a permission request. A handler that throws counts as "nobody is there" (`user-not-available`), which the
 * runtime treats as a refusal.
 */
export type PermissionHandler = (
  request: PermissionRequest,
  invocation: { sessionId: string; managedSettingsEnabled?: boolean },
) =>
  | Promise<PermissionRequestResult | AttributedPermissionResult>
  | PermissionRequestResult
  | AttributedPermissionResult;
