/**
 * Type by type, whether ours can stand in for the official ones. What an application gives must be accepted (theirs is
 * assignable to ours), what it gets must be usable (ours is assignable to theirs). The differences are listed by name: one
 * more, or one less, does not compile. Nothing here runs.
 */
import type * as O from "@github/copilot-sdk";
import type * as N from "@narthex/sdk";

type Is<A, B> = [A] extends [B] ? true : false;
type Same<A, B> = Is<A, B> extends true ? Is<B, A> : false;
type Shared<A, B> = keyof A & keyof B;
/** Fields of A, shared with B, whose type B does not take. */
type Refused<A, B> = { [K in Shared<A, B>]-?: Is<A[K], B[K]> extends true ? never : K }[Shared<A, B>];

// Events: every official type is known, and every field of the typed ones reads the same.
type SharedEvent = O.SessionEventType & N.SessionEventType;
type Data<S, T> = Extract<S, { type: T }> extends { data: infer D } ? D : never;
type DifferentEvent = {
  [T in SharedEvent]: Is<Data<N.SessionEvent, T>, Data<O.SessionEvent, T>> extends true ? never : T;
}[SharedEvent];
/** Experimental in the protocol and outside our profile: their payload is a plain object here. */
type OpaqueEvent =
  | `assistant.fusion_phase_${"activity" | "completed" | "failed" | "started"}`
  | `factory.run_${"settled" | "started" | "updated"}`
  | `permission.${"assentDetected" | "carriedForward" | "contextualAuthorization"}`
  | `permission.messageAuthorization${"" | "Degraded" | "Read"}`
  | `session.auto_${"mode_resolved" | "tier_recommendation"}`
  | "session.binary_asset"
  | `session.canvas.${"closed" | "opened" | "recorded" | "registry_changed" | "removed" | "unavailable"}`
  | "session.completion_receipt"
  | `session.fusion_${"completed" | "resolved" | "route_failed" | "route_started"}`
  | `session.managed_settings_${"enforced" | "resolved"}`
  | "session.permissions_changed"
  | "ui.ephemeral_query";
export const everyEventIsKnown: Same<Exclude<O.SessionEventType, N.SessionEventType>, never> = true;
export const onlyOpaqueEventsDiffer: Is<DifferentEvent, OpaqueEvent> = true;

// Config: every field of the profile takes what the official one takes. Classes are nominal, so fields that mention one,
// or an event, are left to the programs beside this file.
type Nominal = "availableTools" | "excludedTools" | "createSessionFsProvider" | "onEvent";
type OutsideOfProfile =
  | "askUserVariant"
  | "canvasProvider"
  | "canvases"
  | "capi"
  | "enableManagedSettings"
  | "enableMcpApps"
  | "extensionInfo"
  | "extensionSdkPath"
  | "gitHubTokenProvider"
  | "githubMcpToolConfig"
  | "managedSettings"
  | "onMcpAuthRequest"
  | "requestCanvasRenderer"
  | "requestExtensions";
export const createFields: Same<Exclude<keyof O.SessionConfig, keyof N.SessionConfig>, OutsideOfProfile> = true;
export const resumeFields: Same<
  Exclude<keyof O.ResumeSessionConfig, keyof N.ResumeSessionConfig>,
  OutsideOfProfile | "openCanvases"
> = true;
// A decision may also repeat an outcome ("approved", "denied-by-rules", …) there; the official runtime cannot use one.
export const createTypes: Same<Refused<O.SessionConfig, N.SessionConfig>, Nominal | "onPermissionRequest"> = true;
export const resumeTypes: Same<
  Refused<O.ResumeSessionConfig, N.ResumeSessionConfig>,
  Nominal | "onPermissionRequest"
> = true;
export const optionFields: Same<
  Exclude<keyof O.CopilotClientOptions, keyof N.CopilotClientOptions>,
  "builtinPluginDirectories" | "mode" | "onGitHubTelemetry" | "requestHandler"
> = true;
export const optionTypes: Same<Refused<O.CopilotClientOptions, N.CopilotClientOptions>, never> = true;

// Members of the two classes.
export const clientMembers: Same<Exclude<keyof O.CopilotClient, keyof N.CopilotClient>, "rpc"> = true;
export const sessionMembers: Same<
  Exclude<keyof O.CopilotSession, keyof N.CopilotSession>,
  "factory" | "openCanvases" | "rpc" | "setAutoTier"
> = true;

interface Given {
  attributed: [O.PermissionDecisionContext, N.PermissionDecisionContext];
  command: [O.CommandDefinition, N.CommandDefinition];
  connection: [O.RuntimeConnection, N.RuntimeConnection];
  elicitation: [O.ElicitationHandler, N.ElicitationHandler];
  hooks: [Required<O.SessionHooks>, Required<N.SessionHooks>];
  message: [O.MessageOptions, N.MessageOptions];
  sessionFs: [O.SessionFsProvider, N.SessionFsProvider];
  tool: [O.Tool, N.Tool];
  toolResult: [O.ToolResultObject, N.ToolResultObject];
}
interface Got {
  capabilities: [N.SessionCapabilities, O.SessionCapabilities];
  command: [N.CommandContext, O.CommandContext];
  convert: [typeof N.convertMcpCallToolResult, typeof O.convertMcpCallToolResult];
  elicitation: [N.ElicitationContext, O.ElicitationContext];
  invocation: [N.ToolInvocation, O.ToolInvocation];
  lifecycle: [N.SessionLifecycleEvent, O.SessionLifecycleEvent];
  log: [N.CopilotSession["log"], O.CopilotSession["log"]];
  metadata: [N.SessionMetadata, O.SessionMetadata];
  model: [N.ModelInfo, O.ModelInfo];
  permission: [N.PermissionRequest, O.PermissionRequest];
  ping: [N.CopilotClient["ping"], O.CopilotClient["ping"]];
  sendAndWait: [N.CopilotSession["sendAndWait"], O.CopilotSession["sendAndWait"]];
  setModel: [N.CopilotSession["setModel"], O.CopilotSession["setModel"]];
  tool: [typeof N.defineTool, typeof O.defineTool];
  ui: [N.SessionUiApi, O.SessionUiApi];
}
type Failing<T extends { [K in keyof T]: [unknown, unknown] }> = {
  [K in keyof T]: Is<T[K][0], T[K][1]> extends true ? never : K;
}[keyof T];
export const given: Same<Failing<Given>, never> = true;
export const got: Same<Failing<Got>, never> = true;
