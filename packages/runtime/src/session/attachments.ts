// The clients attached to a session, and what each of them can do for it.
import { NarthexError } from "@narthex/protocol";
import type { SessionClient } from "../ports.ts";
import type { ClientTool, SessionParams } from "./session-config.ts";

/** What a client said it can answer. */
export type ClientAbility = "permission" | "user-input" | "elicitation" | "hooks" | "transforms" | "tokens";

export interface Attachment {
  readonly client: SessionClient;
  readonly abilities: ReadonlySet<ClientAbility>;
  readonly tools: readonly ClientTool[];
  readonly commands: readonly { readonly name: string; readonly description: string }[];
}

export class Attachments {
  readonly #byClient = new Map<string, Attachment>();

  /** Attaches a client, or replaces what it said before. */
  attach(client: SessionClient, params: SessionParams): Attachment {
    const attachment: Attachment = {
      client,
      abilities: abilitiesOf(params),
      tools: params.tools ?? [],
      commands: params.commands ?? [],
    };
    this.#byClient.set(client.id, attachment);
    return attachment;
  }

  /** Takes over what a client said to another object of the same session. */
  adopt(attachment: Attachment): void {
    this.#byClient.set(attachment.client.id, attachment);
  }

  detach(clientId: string): boolean {
    return this.#byClient.delete(clientId);
  }

  get size(): number {
    return this.#byClient.size;
  }

  all(): Attachment[] {
    return [...this.#byClient.values()];
  }

  has(clientId: string): boolean {
    return this.#byClient.has(clientId);
  }

  can(ability: ClientAbility): boolean {
    return this.all().some((attachment) => attachment.abilities.has(ability));
  }

  /** The declared tools of all clients; of two with one name the client that attached last counts. */
  tools(): Map<string, ClientTool> {
    const tools = new Map<string, ClientTool>();
    for (const attachment of this.#byClient.values()) for (const tool of attachment.tools) tools.set(tool.name, tool);
    return tools;
  }

  commands(): { readonly name: string; readonly description: string }[] {
    return this.all().flatMap((attachment) => attachment.commands);
  }

  /**
   * Asks every client that has the ability; the first that answers wins.
   * @throws {NarthexError} the last refusal, when all refuse; HANDLER_NOT_REGISTERED when there is nobody to ask
   */
  async ask(
    ability: ClientAbility,
    method: string,
    params: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<unknown> {
    const asked = this.all().filter((attachment) => attachment.abilities.has(ability));
    if (asked.length === 0) {
      throw new NarthexError("HANDLER_NOT_REGISTERED", `No attached client can answer ${method}.`);
    }
    const others = new AbortController();
    try {
      return await Promise.any(
        asked.map(({ client }) => client.request(method, params, { signal: AbortSignal.any([signal, others.signal]) })),
      );
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof AggregateError ? NarthexError.from(error.errors.at(-1), "REQUEST_FAILED") : error;
    } finally {
      others.abort(new NarthexError("ABORTED", "Another client has answered."));
    }
  }
}

function abilitiesOf(params: SessionParams): Set<ClientAbility> {
  const abilities = new Set<ClientAbility>();
  if (params.requestPermission === true) abilities.add("permission");
  if (params.requestUserInput === true) abilities.add("user-input");
  if (params.requestElicitation === true) abilities.add("elicitation");
  if (params.provider?.hasBearerTokenProvider === true) abilities.add("tokens");
  if (params.hooks === true) abilities.add("hooks");
  const sections = Object.values(params.systemMessage?.sections ?? {});
  if (sections.some((section) => section.action === "transform")) abilities.add("transforms");
  return abilities;
}
