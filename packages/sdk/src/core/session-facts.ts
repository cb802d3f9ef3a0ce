// What is known of a session beside its events: from the response of the create or resume, and from events that change it.
import type { RawSessionEvent } from "@narthex/protocol";
import type { SessionCapabilities } from "./types/elicitation.ts";

/** What a create or resume response says. */
export interface DescribedFacts {
  readonly workspacePath?: string | undefined;
  readonly remoteUrl?: string | undefined;
  readonly capabilities?: SessionCapabilities | undefined;
}

export class SessionFacts {
  #isEstablished = false;
  #workspacePath: string | undefined;
  #remoteUrl: string | undefined;
  #capabilities: SessionCapabilities = {};
  #hasLiveCapabilities = false;

  /** Has the runtime answered a create or resume of it? */
  get isEstablished(): boolean {
    return this.#isEstablished;
  }

  get workspacePath(): string | undefined {
    return this.#workspacePath;
  }

  get remoteUrl(): string | undefined {
    return this.#remoteUrl;
  }

  get capabilities(): SessionCapabilities {
    return this.#capabilities;
  }

  /** Takes over what the response says. A `capabilities.changed` that came before it is newer than it. */
  describe(facts: DescribedFacts): void {
    this.#isEstablished = true;
    this.#workspacePath = facts.workspacePath ?? this.#workspacePath;
    this.#remoteUrl = facts.remoteUrl ?? this.#remoteUrl;
    if (!this.#hasLiveCapabilities) this.#capabilities = facts.capabilities ?? {};
  }

  observe(event: RawSessionEvent): void {
    const data = event.data as Record<string, unknown> | undefined;
    if (event.type === "capabilities.changed") {
      this.#hasLiveCapabilities = true;
      this.#capabilities = { ...this.#capabilities, ...(data as SessionCapabilities) };
    } else if (event.type === "session.info" && data?.infoType === "remote" && typeof data.url === "string") {
      this.#remoteUrl ??= data.url;
    }
  }

  /** The connection is lost: what the resume's response says will hold. */
  suspend(): void {
    this.#hasLiveCapabilities = false;
  }
}
