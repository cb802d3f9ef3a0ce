import type { PermissionRequestWrite } from "@narthex/protocol";
import { z } from "zod";
import { resolveInWorkspace, type JailedPath } from "../workspace/path-jail.ts";
import { invalidArguments, parseArguments, toParameters } from "./arguments.ts";
import { refuseGitFolder, writeTextFile } from "./text-file.ts";
import type { BuiltInTool, ToolContext, ToolOutcome } from "./tool.ts";
import { contentsToShow, diffToShow } from "./unified-diff.ts";

const Arguments = z.object({
  path: z.string().min(1).describe("The new file, relative to the workspace or absolute inside of it."),
  file_text: z.string().describe("Its content."),
});

type CreateArguments = z.infer<typeof Arguments>;

/** The `create` tool: a new file, never over an existing one. */
export function createCreateTool(): BuiltInTool {
  return {
    name: "create",
    description: "Creates a file with the given content, and the folders it needs. Refuses when the file exists.",
    parameters: toParameters(Arguments),
    isIdempotent: false,
    permission: (args, context) => requestPermission(parseArguments("create", Arguments, args), context),
    run: (args, context) => run(parseArguments("create", Arguments, args), context),
  };
}

async function requestPermission(args: CreateArguments, context: ToolContext): Promise<PermissionRequestWrite> {
  const path = await checkPath(args, context);
  return {
    kind: "write",
    toolCallId: context.toolCallId,
    intention: `Create ${path.relative}`,
    fileName: path.relative,
    resolvedPath: path.absolute,
    diff: diffToShow(path.relative, undefined, args.file_text),
    ...contentsToShow(args.file_text),
    canOfferSessionApproval: true,
  };
}

async function run(args: CreateArguments, context: ToolContext): Promise<ToolOutcome> {
  const path = await checkPath(args, context);
  await writeTextFile(context.workspaceRoot, { path, text: args.file_text, mayReplace: false });
  return {
    success: true,
    text: `Created ${path.relative} (${Buffer.byteLength(args.file_text)} bytes).`,
    detail: diffToShow(path.relative, undefined, args.file_text),
  };
}

async function checkPath(args: CreateArguments, context: ToolContext): Promise<JailedPath> {
  const path = await resolveInWorkspace(context.workspaceRoot, args.path);
  refuseGitFolder(path);
  if (path.exists) throw invalidArguments(`${path.relative} exists already; use edit to change it.`);
  const bytes = Buffer.byteLength(args.file_text);
  if (bytes > context.limits.maxFileBytes) {
    throw invalidArguments(
      `The content has ${bytes} bytes, the limit is ${context.limits.maxFileBytes}; write the file in parts.`,
    );
  }
  return path;
}
