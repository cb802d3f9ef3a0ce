import { NarthexError } from "@narthex/protocol";
import { createBuiltInTools } from "../../src/tools/registry.ts";
import {
  DEFAULT_TOOL_LIMITS,
  type BuiltInTool,
  type ToolContext,
  type ToolLimits,
  type ToolOutcome,
} from "../../src/tools/tool.ts";

const tools = new Map(
  createBuiltInTools({ shellEnvironment: { FROM_OPERATOR: "yes" } }).map((tool) => [tool.name, tool]),
);

export function toolNamed(name: string): BuiltInTool {
  const tool = tools.get(name);
  if (tool === undefined) throw new Error(`no tool ${name}`);
  return tool;
}

type ContextOptions = Partial<Omit<ToolContext, "limits">> & { limits?: Partial<ToolLimits> };

/** A context for a call in this folder. */
export function contextIn(workspaceRoot: string, options: ContextOptions = {}): ToolContext {
  const { limits, ...rest } = options;
  return {
    sessionId: "s1",
    toolCallId: "call-1",
    workspaceRoot,
    signal: new AbortController().signal,
    onPartialOutput: () => {},
    ...rest,
    limits: { ...DEFAULT_TOOL_LIMITS, ...limits },
  };
}

/** Runs a call the way the loop does: a NarthexError is a failed outcome. */
export async function call(
  name: string,
  args: unknown,
  root: string,
  options?: ContextOptions,
): Promise<ToolOutcome & { code?: string }> {
  const context = contextIn(root, options);
  try {
    await toolNamed(name).permission(args, context);
    return await toolNamed(name).run(args, context);
  } catch (error) {
    if (!NarthexError.is(error)) throw error;
    return { success: false, text: error.message, code: error.code };
  }
}

/** The permission request of a call. */
export function permissionOf(name: string, args: unknown, root: string) {
  return toolNamed(name).permission(args, contextIn(root));
}
