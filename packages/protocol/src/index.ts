// Wire types, error codes and the supported profile. Pure data: no I/O, no clock, no dependency but zod.
export {
  NARTHEX_VERSION,
  PROFILE,
  PROTOCOL_VERSION,
  FEATURE_DURABLE_SEND,
  FEATURE_EARLY_SESSION_TRAFFIC,
  FEATURE_IDEMPOTENCY_KEYS,
} from "./version.ts";
export { ERROR_CODES, isErrorCode, type ErrorCode, type Retry } from "./error-codes.ts";
export { NarthexError, messageOf, type NarthexErrorOptions, type RpcErrorObject } from "./errors.ts";
export { SESSION_ID_PATTERN, REPOSITORY_PART_PATTERN, isSessionId, parseSessionId } from "./ids.ts";
export { SUPPORTED_METHODS, profileStatus, type SupportedMethod } from "./profile.ts";
export { PROTOCOL_METHODS } from "./protocol-methods.ts";
export { ALSO_KEPT_EVENT_TYPES, EPHEMERAL_EVENT_TYPES, PERSISTED_EVENT_TYPES } from "./events/persistence.ts";
export type * from "./events/envelope.ts";
export type * from "./events/data-map.ts";
export type * from "./events/agent.ts";
export type * from "./events/asking.ts";
export type * from "./events/assistant.ts";
export type * from "./events/environment.ts";
export type * from "./events/json-value.ts";
export type * from "./events/message.ts";
export type * from "./events/permission.ts";
export type * from "./events/session.ts";
export type * from "./events/tool.ts";
export type * from "./events/usage.ts";
export {
  RUNTIME_REQUEST_SCHEMAS,
  SESSION_EVENT_PARAMS,
  SESSION_LIFECYCLE_PARAMS,
  isRuntimeRequestMethod,
  type RuntimeRequestMethod,
  type RuntimeRequestParams,
} from "./schemas/runtime-requests.ts";
export {
  CONNECT_RESULT,
  EVENT_LOG_PAGE,
  SEND_RESULT,
  SESSION_CAPABILITIES,
  SESSION_CREATE_RESULT,
  SESSION_METADATA,
  SUCCESS_RESULT,
  type SessionCreateResult,
  type WireSessionMetadata,
} from "./schemas/results.ts";
