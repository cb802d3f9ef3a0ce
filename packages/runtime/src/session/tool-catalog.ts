// Which tools the model of a session is offered: the runtime's and the clients', filtered as the client asked.
import { NarthexError } from "@narthex/protocol";
import type { ModelToolCall, ToolDeclaration } from "../models/model.ts";
import type { BuiltInTool } from "../tools/tool.ts";
import type { ClientTool, SessionParams } from "./session-config.ts";
import type { SessionContext } from "./session-context.ts";

/** One tool as a call of its name will find it. */
export type CatalogTool =
  | { readonly kind: "builtin"; readonly tool: BuiltInTool }
  | { readonly kind: "client"; readonly tool: ClientTool };

/**
 * A client's tool may take a built-in's name only when it says so.
 * @throws {NarthexError} CONFIG_INVALID
 */
export function checkToolNames(builtIns: ReadonlyMap<string, BuiltInTool>, tools: readonly ClientTool[]): void {
  const seen = new Set<string>();
  for (const tool of tools) {
    if (seen.has(tool.name))
      throw new NarthexError("CONFIG_INVALID", `Two tools are named "${tool.name}": rename one.`);
    seen.add(tool.name);
    if (!builtIns.has(tool.name) || tool.overridesBuiltInTool === true) continue;
    throw new NarthexError(
      "CONFIG_INVALID",
      `The tool "${tool.name}" has the name of a built-in tool: rename it, or set overridesBuiltInTool to take its place.`,
    );
  }
}

export function toolCatalog(
  builtIns: ReadonlyMap<string, BuiltInTool>,
  clientTools: ReadonlyMap<string, ClientTool>,
  params: SessionParams,
  canAskUser: boolean,
): Map<string, CatalogTool> {
  const catalog = new Map<string, CatalogTool>();
  for (const [name, tool] of builtIns) catalog.set(name, { kind: "builtin", tool });
  for (const [name, tool] of clientTools) catalog.set(name, { kind: "client", tool });
  for (const [name, entry] of catalog) {
    const isOffered = params.availableTools === undefined || isListed(params.availableTools, name, entry);
    if (!isOffered || isListed(params.excludedTools ?? [], name, entry)) catalog.delete(name);
  }
  if (!canAskUser) catalog.delete("ask_user");
  return catalog;
}

/** Names stand for themselves; `builtin:NAME`, `custom:NAME` and `…:*` say where the tool comes from. */
function isListed(list: readonly string[], name: string, entry: CatalogTool): boolean {
  const source = entry.kind === "builtin" ? "builtin" : "custom";
  return list.some((item) => item === name || item === `${source}:${name}` || item === `${source}:*`);
}

/** The tools that the model of a session is offered right now. */
export function sessionTools(context: SessionContext): Map<string, CatalogTool> {
  const { builtInTools, attachments, settings } = context;
  return toolCatalog(builtInTools, attachments.tools(), settings.params, attachments.can("user-input"));
}

/**
 * The tool that a call means. A call that was waiting for an answer before a restart has its tool even when nobody who is
 * attached right now offers it: whoever offers it may still come.
 */
export function toolOf(context: SessionContext, call: ModelToolCall): CatalogTool | undefined {
  const entry = sessionTools(context).get(call.name);
  if (entry !== undefined || !context.pending.hasReopened(call.id, ["permission", "tool", "user-input"])) return entry;
  const builtIn = context.builtInTools.get(call.name);
  if (builtIn !== undefined) return { kind: "builtin", tool: builtIn };
  return { kind: "client", tool: { name: call.name, description: "" } };
}

export function declarations(catalog: ReadonlyMap<string, CatalogTool>): ToolDeclaration[] {
  return [...catalog].map(([name, { tool }]) => ({
    name,
    description: tool.description,
    parameters: tool.parameters ?? { type: "object", properties: {} },
  }));
}
