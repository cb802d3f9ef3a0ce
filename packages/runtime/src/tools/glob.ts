import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Git } from "../workspace/git.ts";
import { resolveInWorkspace } from "../workspace/path-jail.ts";
import { parseArguments, toParameters } from "./arguments.ts";
import { cutMiddle } from "./bounded-output.ts";
import { compileGlob } from "./glob-pattern.ts";
import type { BuiltInTool, ToolContext, ToolOutcome } from "./tool.ts";
import { listFiles } from "./workspace-files.ts";

const Arguments = z.object({
  pattern: z.string().min(1).describe('Such as "**/*.ts" or "src/*.{js,ts}", relative to the path.'),
  path: z.string().min(1).optional().describe("Folder to look in; default the whole workspace."),
});

/** The `glob` tool: files by name. */
export function createGlobTool(git: Git): BuiltInTool {
  return {
    name: "glob",
    description: "Finds files by a pattern, leaving out what .gitignore names.",
    parameters: toParameters(Arguments),
    isIdempotent: true,
    permission: async (args, context) => {
      const { path = "." } = parseArguments("glob", Arguments, args);
      await resolveInWorkspace(context.workspaceRoot, path);
      return undefined;
    },
    run: (args, context) => run(git, parseArguments("glob", Arguments, args), context),
  };
}

async function run(git: Git, args: z.infer<typeof Arguments>, context: ToolContext): Promise<ToolOutcome> {
  const { workspaceRoot, limits, signal } = context;
  const matches = compileGlob(args.pattern);
  const start = await resolveInWorkspace(workspaceRoot, args.path ?? ".");
  const files = await listFiles(git, workspaceRoot, start, signal);
  const prefix = start.relative === "." ? "" : `${start.relative}/`;
  const found = files.paths.filter((path) => path.startsWith(prefix) && matches(path.slice(prefix.length)));
  const shown = await stillThere(workspaceRoot, found.slice(0, limits.maxMatches));
  const notes = [
    ...(found.length > limits.maxMatches ? [`[… ${found.length - limits.maxMatches} more files …]`] : []),
    ...(files.isCut ? ["[… the workspace has more files than are looked at; name a path …]"] : []),
  ];
  const lines = shown.length > 0 ? shown : [`No file matches ${args.pattern}.`];
  return { success: true, text: cutMiddle([...lines, ...notes].join("\n"), limits.maxOutputChars) };
}

/** Git also names tracked files that have been deleted. */
async function stillThere(root: string, paths: readonly string[]): Promise<string[]> {
  const facts = await Promise.all(paths.map((path) => lstat(join(root, path)).catch(() => undefined)));
  return paths.filter((_, i) => facts[i] !== undefined);
}
