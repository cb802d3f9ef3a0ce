/** The wire protocol version this project speaks. A peer must report exactly this number. */
export const PROTOCOL_VERSION = 3;

/** The frozen, named subset of the protocol's methods and events that this project supports (see `spec/profile.md`). */
export const PROFILE = "core-2026-11";

/** Version of the Narthex packages, as reported by `status.get`. */
export const NARTHEX_VERSION = "0.1.0";

/**
 * What a client may declare in `connect` (`features`). With `early-session-traffic` it says that it keeps events and
 * requests for a session whose create response it has not read yet; every other client gets them after the response.
 */
export const FEATURE_EARLY_SESSION_TRAFFIC = "early-session-traffic";

/**
 * What a runtime may declare in its answer to `connect` (`features`). With `durable-send` it says that a message it has
 * accepted is never lost, also when the session has not started yet; a client need not wait for readiness.
 */
export const FEATURE_DURABLE_SEND = "durable-send";

/**
 * What a runtime may declare in its answer to `connect` (`features`). With `idempotency-keys` it says that a `session.send`
 * that is repeated with the same `idempotencyKey` is the same message: a client may repeat one whose answer was lost.
 */
export const FEATURE_IDEMPOTENCY_KEYS = "idempotency-keys";
