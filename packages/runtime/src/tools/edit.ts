// E1: exactly one occurrence is replaced, or nothing is written. E2: line ends and mode of the file stay as they are.
import type { PermissionRequestWrite } from "@narthex/protocol";
import { z } from "zod";
import { resolveInWorkspace, type JailedPath } from "../workspace/path-jail.ts";
import { invalidArguments, parseArguments, toParameters } from "./arguments.ts";
import { readTextFile, refuseGitFolder, writeTextFile } from "./text-file.ts";
import type { BuiltInTool, ToolContext, ToolOutcome } from "./tool.ts";
import { contentsToShow, diffToShow, unifiedDiff } from "./unified-diff.ts";

const Arguments = z.object({
  path: z.string().min(1).describe("The file, relative to the workspace or absolute inside of it."),
  old_str: z.string().min(1).describe("The text to replace; must occur exactly once, so give enough lines around it."),
  new_str: z.string().describe("The text to put in its place."),
});

type EditArguments = z.infer<typeof Arguments>;

/** The `edit` tool: one exact replacement in a file. */
export function createEditTool(): BuiltInTool {
  return {
    name: "edit",
    description: "Replaces one exact piece of text in a file. The old text must occur exactly once.",
    parameters: toParameters(Arguments),
    isIdempotent: false,
    permission: (args, context) => requestPermission(parseArguments("edit", Arguments, args), context),
    run: (args, context) => run(parseArguments("edit", Arguments, args), context),
  };
}

interface PlannedEdit {
  readonly path: JailedPath;
  readonly before: string;
  readonly after: string;
  readonly mode: number;
}

async function requestPermission(args: EditArguments, context: ToolContext): Promise<PermissionRequestWrite> {
  const edit = await planEdit(args, context);
  return {
    kind: "write",
    toolCallId: context.toolCallId,
    intention: `Edit ${edit.path.relative}`,
    fileName: edit.path.relative,
    resolvedPath: edit.path.absolute,
    diff: diffToShow(edit.path.relative, edit.before, edit.after),
    ...contentsToShow(edit.after),
    canOfferSessionApproval: true,
  };
}

async function run(args: EditArguments, context: ToolContext): Promise<ToolOutcome> {
  const { path, before, after, mode } = await planEdit(args, context);
  await writeTextFile(context.workspaceRoot, { path, text: after, mode, mayReplace: true });
  const diff = unifiedDiff(path.relative, before, after);
  const count = (mark: RegExp): number => diff.match(mark)?.length ?? 0;
  const text = `Edited ${path.relative} (+${count(/^\+(?!\+\+ b\/)/gm)} -${count(/^-(?!-- a\/)/gm)} lines).`;
  return { success: true, text, detail: diffToShow(path.relative, before, after) };
}

async function planEdit(args: EditArguments, context: ToolContext): Promise<PlannedEdit> {
  const { workspaceRoot, limits } = context;
  const path = await resolveInWorkspace(workspaceRoot, args.path);
  refuseGitFolder(path);
  const { text, mode } = await readTextFile(workspaceRoot, path, limits.maxFileBytes);
  const oldText = likeFile(args.old_str, text);
  const newText = likeFile(args.new_str, text);
  if (oldText === newText) throw invalidArguments("old_str and new_str are the same: there is nothing to change.");
  const at = text.indexOf(oldText);
  if (at === -1) {
    throw invalidArguments(`old_str does not occur in ${path.relative}; view the file and copy the text exactly.`);
  }
  if (text.includes(oldText, at + 1)) {
    // E1
    const count = countOccurrences(text, oldText);
    throw invalidArguments(
      `old_str occurs ${count} times in ${path.relative}; add lines around it until it is the only one.`,
    );
  }
  const after = text.slice(0, at) + newText + text.slice(at + oldText.length);
  return { path, before: text, after, mode };
}

/** E2: a file whose lines end in CR LF gets text with such line ends. */
function likeFile(text: string, file: string): string {
  const isCrLf = file.includes("\r\n") && !/(?<!\r)\n/.test(file);
  return isCrLf ? text.replaceAll(/\r?\n/g, "\r\n") : text;
}

function countOccurrences(text: string, part: string): number {
  let count = 0;
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + 1)) count += 1;
  return count;
}
