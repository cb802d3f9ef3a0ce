// What was allowed "for this session", so that it is not asked again.
import type { PermissionRequest } from "@narthex/protocol";

/** Most rules that a session remembers; past it the oldest is forgotten, and asked again. */
const MAX_RULES = 1_000;

export class PermissionRules {
  readonly #allowed = new Set<string>();

  /** Allows everything of the same sort as this request from now on. */
  allow(request: PermissionRequest): void {
    for (const key of keysOf(request)) {
      this.#allowed.delete(key);
      this.#allowed.add(key);
      const oldest = this.#allowed.values().next();
      if (this.#allowed.size > MAX_RULES && !oldest.done) this.#allowed.delete(oldest.value);
    }
  }

  isAllowed(request: PermissionRequest): boolean {
    const keys = keysOf(request);
    return keys.length > 0 && keys.every((key) => this.#allowed.has(key));
  }
}

/**
 * The sorts a request is made of: for a shell command one for each program in it, for a write all writes in the
 * workspace, for a tool of a client that tool. A command whose programs are not all known is of no sort: always asked.
 */
function keysOf(request: PermissionRequest): string[] {
  switch (request.kind) {
    case "shell":
      return request.canOfferSessionApproval ? request.commands.map((command) => `shell ${command.identifier}`) : [];
    case "write":
      return request.canOfferSessionApproval ? ["write"] : [];
    case "read":
      return [`read ${request.resolvedPath ?? request.path}`];
    case "custom-tool":
      return [`tool ${request.toolName}`];
    default:
      return [];
  }
}
