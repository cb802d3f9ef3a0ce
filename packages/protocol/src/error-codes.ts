/** Whether trying again can help: never as it is, at once without harm, or after the connection is back. */
export type Retry = "never" | "safe" | "after-reconnect";

interface ErrorCodeFacts {
  readonly retry: Retry;
  /** The number used when the error crosses the wire. */
  readonly rpcCode: number;
  /** One line for the error table of the documentation. */
  readonly summary: string;
}

function facts(retry: Retry, rpcCode: number, summary: string): ErrorCodeFacts {
  return { retry, rpcCode, summary };
}

/** Every error code of the project; `spec/errors.md` is this table, and a test compares the two. */
export const ERROR_CODES = {
  // Framing and JSON-RPC.
  FRAME_HEADER_INVALID: facts(
    "never",
    -32700,
    "A frame header is malformed; the connection is closed after the reply.",
  ),
  FRAME_TOO_LARGE: facts("never", -32600, "A frame header or body is larger than the limit; the connection is closed."),
  MESSAGE_INVALID_JSON: facts("never", -32700, "A frame body is not JSON; the connection stays usable."),
  MESSAGE_INVALID: facts("never", -32600, "A frame body is JSON but not a JSON-RPC 2.0 message."),
  METHOD_NOT_FOUND: facts("never", -32601, "No such method."),
  UNSUPPORTED_IN_PROFILE: facts("never", -32601, "The method exists in the protocol but not in the supported profile."),
  INVALID_PARAMS: facts("never", -32602, "The parameters of a request are missing or malformed."),
  IDEMPOTENCY_KEY_REUSED: facts("never", -32602, "An idempotency key came before with another request."),
  REQUEST_FAILED: facts("never", -32603, "The peer answered with an error that carries no code of this table."),
  INTERNAL: facts("never", -32603, "A defect in Narthex: please report it."),
  OUTBOUND_QUEUE_FULL: facts("safe", -32603, "The peer does not read: the outbound queue is full."),
  REQUEST_TIMEOUT: facts("safe", -32603, "No answer within the time limit."),
  ABORTED: facts("safe", -32603, "The caller cancelled the operation."),
  // Connection and start-up.
  CONNECTION_CLOSED: facts("after-reconnect", -32603, "The connection ended before the answer came."),
  CONNECTION_FAILED: facts("safe", -32603, "The runtime could not be reached."),
  NOT_CONNECTED: facts(
    "after-reconnect",
    -32603,
    "The client is not connected, or was not again in time; nothing was sent.",
  ),
  CLIENT_OPTIONS_INVALID: facts("never", -32602, "The client options contradict each other or are malformed."),
  RUNTIME_NOT_FOUND: facts("never", -32603, "The runtime executable does not exist or cannot be run."),
  RUNTIME_EXITED: facts("safe", -32603, "The runtime process ended during start-up."),
  RUNTIME_START_TIMEOUT: facts("safe", -32603, "The runtime did not get ready within the time limit."),
  PROTOCOL_VERSION_MISMATCH: facts("never", -32603, "Client and runtime speak different protocol versions."),
  AUTHENTICATION_REQUIRED: facts("never", -32001, "The runtime wants a connection token before anything else."),
  AUTHENTICATION_FAILED: facts("never", -32002, "The connection token is wrong or missing."),
  AUTHENTICATION_NOT_CONFIGURED: facts("never", -32003, "A token was sent to a runtime that has none configured."),
  SERVER_SHUTTING_DOWN: facts("after-reconnect", -32000, "The runtime is shutting down and takes no more calls."),
  PORT_IN_USE: facts("never", -32603, "Another process listens on the port."),
  // Sessions, as the client sees them.
  CLOUD_CONFIG_REQUIRED: facts("never", -32602, "createCloudSession needs `cloud` in its config."),
  CLOUD_SESSION_ID_NOT_ALLOWED: facts("never", -32602, "A cloud session's id is chosen by the runtime."),
  CLOUD_PROVIDER_NOT_ALLOWED: facts("never", -32602, "A cloud session's model provider is configured on the runtime."),
  CLOUD_NEEDS_CREATE_CLOUD_SESSION: facts("never", -32602, "`cloud` was given to createSession."),
  CONFIG_INVALID: facts("never", -32602, "A session config is malformed."),
  SESSION_ID_INVALID: facts("never", -32602, "A session id is not 1 to 128 characters of A-Z a-z 0-9 _ -."),
  SESSION_NOT_FOUND: facts("never", -32602, "No session with this id."),
  SESSION_CREATE_RESPONSE_INVALID: facts("never", -32603, "The runtime's create response cannot be used."),
  SESSION_ID_CONFLICT: facts("never", -32603, "The session id is in use by another session of this client."),
  SESSION_DISCONNECTED: facts("never", -32603, "The session has been disconnected or deleted on this client."),
  SESSION_LOST: facts("never", -32603, "After a lost connection the session could not be resumed on the runtime."),
  SESSION_DETACH_FAILED: facts("safe", -32603, "The runtime refused to let the session go."),
  SESSION_DELETE_FAILED: facts("never", -32603, "The runtime could not delete the session."),
  SESSION_NOT_READY: facts("safe", -32603, "A cloud session's worker did not start in time; the message was not sent."),
  EVENT_CURSOR_EXPIRED: facts(
    "never",
    -32603,
    "A place in a session's events that the runtime does not know any more.",
  ),
  SESSION_ERROR: facts("safe", -32603, "The turn ended with a session.error event."),
  SESSION_SHUT_DOWN: facts("never", -32603, "The runtime shut the session down."),
  TURN_TIMEOUT: facts("safe", -32603, "The turn did not end within the time limit; it goes on in the runtime."),
  PENDING_SESSION_BUFFER_OVERFLOW: facts(
    "never",
    -32603,
    "Too many early requests for a session that is not known yet.",
  ),
  PENDING_SESSION_ROUTING_ENDED: facts("never", -32603, "The session that early requests were for never came to be."),
  PENDING_SESSION_REQUEST_TIMEOUT: facts(
    "never",
    -32603,
    "An early request waited too long for its session to become known.",
  ),
  HANDLER_NOT_REGISTERED: facts("never", -32603, "The session has no handler for this request."),
  HANDLER_FAILED: facts("never", -32603, "An application handler threw."),
  ELICITATION_NOT_SUPPORTED: facts("never", -32603, "No attached client can show forms."),
  // Workspaces and tools.
  REPOSITORY_NOT_FOUND: facts("never", -32602, "The repository does not exist at the configured place."),
  REPOSITORY_NAME_INVALID: facts("never", -32602, "A repository is named as owner/name."),
  BRANCH_NOT_FOUND: facts("never", -32602, "The repository has no such branch."),
  NOT_A_GIT_REPOSITORY: facts("never", -32602, "The folder is not a git repository."),
  REPOSITORY_NOT_TRUSTED: facts("never", -32602, "git does not trust the repository, because another user owns it."),
  GIT_NOT_FOUND: facts("never", -32603, "The git command is not installed or not on the PATH."),
  CLONE_FAILED: facts("safe", -32603, "git could not clone the repository."),
  WORKSPACE_UNAVAILABLE: facts("never", -32603, "The session's working directory does not exist or cannot be used."),
  PATH_OUTSIDE_WORKSPACE: facts("never", -32602, "A path leads out of the session's workspace."),
  TOOL_NOT_FOUND: facts("never", -32602, "No such tool in this session."),
  TOOL_ARGUMENTS_INVALID: facts("never", -32602, "The arguments of a tool call are malformed."),
  PERMISSION_DENIED: facts("never", -32603, "The user, a rule or a hook refused a tool call."),
  TOOL_FAILED: facts("never", -32603, "A tool call failed."),
  TOOL_INTERRUPTED: facts(
    "never",
    -32603,
    "The runtime ended while a tool call ran: its effects are unknown, and it is not run again.",
  ),
  QUEUE_FULL: facts("safe", -32603, "Too much is waiting: prompts in a session, or writes in the store."),
  LIMIT_EXCEEDED: facts("never", -32603, "A named limit was reached."),
  // Models.
  MODEL_UNREACHABLE: facts("safe", -32603, "The model endpoint cannot be reached."),
  MODEL_AUTHENTICATION: facts("never", -32603, "The model endpoint refused the key (401 or 403)."),
  MODEL_RATE_LIMITED: facts("safe", -32603, "The model endpoint is rate limiting (429)."),
  MODEL_SERVER_ERROR: facts("safe", -32603, "The model endpoint failed (5xx)."),
  MODEL_BAD_REQUEST: facts("never", -32603, "The model endpoint refused the request (4xx)."),
  MODEL_STREAM_BROKEN: facts("safe", -32603, "The model's answer broke off or cannot be read."),
  MODEL_CONFIG_INVALID: facts("never", -32602, "The model configuration is incomplete or malformed."),
  // Storage.
  LOG_CONFLICT: facts("never", -32603, "Another host has written to this session's log."),
  SESSION_LEASED: facts("safe", -32603, "Another process runs this session: try again when it has let it go."),
  LEASE_LOST: facts("never", -32603, "Another process has taken over this session; what this one writes is refused."),
  STORE_UNAVAILABLE: facts("safe", -32603, "The data directory cannot be opened, read or written."),
  STORE_CORRUPT: facts("never", -32603, "The data directory holds damaged data."),
  ARCHIVE_INVALID: facts(
    "never",
    -32602,
    "An exported session cannot be imported: it is malformed, damaged or cut off.",
  ),
  // Command line.
  USAGE: facts("never", -32602, "The command line is malformed."),
} as const satisfies Record<string, ErrorCodeFacts>;

/** A stable error code. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Is this string one of the project's error codes? */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(ERROR_CODES, value);
}
