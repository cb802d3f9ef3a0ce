// The clients attached to a session, and what each of them can do for it.
import { NarthexError } from "@narthex/protocol";
import type { SessionClient } from "../ports.ts";
import type { ClientTool, SessionParams } from "./session-config.ts";

/** What a client said it can answer. */
export type ClientAbility = "permission" | "user-input" | "elicitation" | "hooks" | "transforms" | "tokens";

/** What the clients of an ended process could answer; kept with the session's record. */
export interface ClientPart {
  readonly abilities: readonly ClientAbility[];
  readonly tools: readonly ClientTool[];
}

/** Abilities whose questions wait in the log until somebody who can answer them attaches. */
const CAN_WAIT: readonly ClientAbility[] = ["permission", "user-input"];

export interface Attachment {
  readonly client: SessionClient;
  readonly abilities: ReadonlySet<ClientAbility>;
  readonly tools: readonly ClientTool[];
  readonly commands: readonly { readonly name: string; readonly description: string }[];
}

export class Attachments {
  readonly #byClient = new Map<string, Attachment>();
  /** Clients that are likely to come back: what is for them is asked, and waits. */
  #expected: ClientPart | undefined;

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

  detach(clientId: string): boolean {
    return this.#byClient.delete(clientId);
  }

  get size(): number {
    return this.#byClient.size;
  }

  all(): Attachment[] {
    return [...this.#byClient.values()];
  }

  of(clientId: string): Attachment | undefined {
    return this.#byClient.get(clientId);
  }

  has(clientId: string): boolean {
    return this.#byClient.has(clientId);
  }

  can(ability: ClientAbility): boolean {
    if (this.all().some((attachment) => attachment.abilities.has(ability))) return true;
    return CAN_WAIT.includes(ability) && this.#expected?.abilities.includes(ability) === true;
  }

  /** While the work of an ended process is taken up, its clients count as if they were on their way. */
  expect(part: ClientPart): void {
    this.#expected = part;
  }

  /** Who has not come back by now is not waited for any more. */
  expectNobody(): void {
    this.#expected = undefined;
  }

  /** What all of them can answer together, those expected and one that is about to attach included. */
  partWith(params: SessionParams): ClientPart {
    const own = this.all().flatMap(({ abilities }) => [...abilities]);
    const abilities = new Set([...(this.#expected?.abilities ?? []), ...own, ...abilitiesOf(params)]);
    const tools = this.tools();
    for (const tool of params.tools ?? []) tools.set(tool.name, tool);
    return { abilities: [...abilities].sort(), tools: [...tools.values()] };
  }

  /** The declared tools of all clients; of two with one name the client that attached last counts. */
  tools(): Map<string, ClientTool> {
    const tools = new Map<string, ClientTool>(this.#expected?.tools.map((tool) => [tool.name, tool]));
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

export function abilitiesOf(params: SessionParams): Set<ClientAbility> {
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
