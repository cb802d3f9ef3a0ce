import { NarthexError, REPOSITORY_PART_PATTERN, parseSessionId } from "@narthex/protocol";
import type { CloudSessionConfig, SessionConfig } from "./types/session-config.ts";

/**
 * Refuses a config that cannot be a cloud session's, before anything is written (contract entry-1).
 * @throws {NarthexError} CLOUD_CONFIG_REQUIRED, CLOUD_SESSION_ID_NOT_ALLOWED, CLOUD_PROVIDER_NOT_ALLOWED, REPOSITORY_NAME_INVALID
 */
export function checkCloudConfig(config: CloudSessionConfig): void {
  const given = (config ?? {}) as Omit<Partial<SessionConfig>, "sessionId"> & { sessionId?: unknown };
  if (typeof given.cloud !== "object" || given.cloud === null) {
    throw new NarthexError(
      "CLOUD_CONFIG_REQUIRED",
      "createCloudSession needs `cloud` in its config: pass `cloud: { repository: { owner, name } }`, or `cloud: {}` for an empty workspace. For a local session use createSession.",
    );
  }
  if (given.sessionId !== undefined) {
    throw new NarthexError(
      "CLOUD_SESSION_ID_NOT_ALLOWED",
      "createCloudSession does not take `sessionId`: the runtime chooses the id of a cloud session. Leave the field out and read `session.sessionId`; to attach to an existing session use resumeSession.",
    );
  }
  for (const field of ["provider", "providers"] as const) {
    if (given[field] === undefined) continue;
    throw new NarthexError(
      "CLOUD_PROVIDER_NOT_ALLOWED",
      `createCloudSession does not take \`${field}\`: the model of a cloud session is configured on the runtime. Leave the field out, or use createSession for a session with a provider of its own.`,
    );
  }
  const repository = given.cloud.repository;
  if (repository !== undefined) checkRepository(repository);
}

function checkRepository(repository: unknown): void {
  const { owner, name } = (repository ?? {}) as { owner?: unknown; name?: unknown };
  for (const [field, value] of [
    ["owner", owner],
    ["name", name],
  ] as const) {
    if (typeof value === "string" && REPOSITORY_PART_PATTERN.test(value)) continue;
    throw new NarthexError(
      "REPOSITORY_NAME_INVALID",
      `cloud.repository.${field} must be 1 to 100 of the characters A-Z a-z 0-9 . _ and -, but is ${JSON.stringify(value)}.`,
    );
  }
}

/**
 * Refuses a config that cannot be a plain session's (contract entry-2); returns the id to use.
 * @throws {NarthexError} CLOUD_NEEDS_CREATE_CLOUD_SESSION, SESSION_ID_INVALID
 */
export function checkPlainConfig(config: SessionConfig, newId: () => string): string {
  if (config.cloud !== undefined) {
    throw new NarthexError(
      "CLOUD_NEEDS_CREATE_CLOUD_SESSION",
      "createSession does not take `cloud`: use createCloudSession(config), which lets the runtime choose the id and keeps what arrives early.",
    );
  }
  return config.sessionId === undefined ? newId() : parseSessionId(config.sessionId);
}
