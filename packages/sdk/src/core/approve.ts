import type {
  AttributedPermissionResult,
  PermissionDecisionContext,
  PermissionHandler,
  PermissionRequestResult,
} from "./types/permission.ts";

/** Permission handler that allows everything, once each. For sessions you trust, and for tests. */
export const approveAll: PermissionHandler = () => ({ kind: "approve-once" });

/** A decision together with who took it; a decision that is attributed already keeps its result. */
export function createAttributedPermissionResult(
  result: PermissionRequestResult | AttributedPermissionResult,
  decisionContext: PermissionDecisionContext,
): AttributedPermissionResult {
  return { kind: "attributed", result: result.kind === "attributed" ? result.result : result, decisionContext };
}
