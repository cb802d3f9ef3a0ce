import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { resolveInWorkspace, type JailedPath } from "../workspace/path-jail.ts";
import { invalidArguments, parseArguments, toParameters } from "./arguments.ts";
import { readTextFile } from "./text-file.ts";
import type { BuiltInTool, ToolContext, ToolOutcome } from "./tool.ts";

const Arguments = z.object({
  path: z.string().min(1).describe("File or folder, relative to the workspace or absolute inside of it."),
  view_range: z
    .tuple([z.number().int(), z.number().int()])
    .optional()
    .describe("First and last line to show, from 1; -1 as the last means the end."),
});

const MAX_ENTRIES = 1_000;

/** The `view` tool: a text file with line numbers, or two levels of a folder. */
export function createViewTool(): BuiltInTool {
  return {
    name: "view",
    description:
      "Shows a text file with line numbers, or what is in a folder (two levels, without hidden files and node_modules).",
    parameters: toParameters(Arguments),
    isIdempotent: true,
    permission: async (args, context) => {
      await resolveInWorkspace(context.workspaceRoot, parseArguments("view", Arguments, args).path);
      return undefined;
    },
    run: (args, context) => run(parseArguments("view", Arguments, args), context),
  };
}

async function run(args: z.infer<typeof Arguments>, context: ToolContext): Promise<ToolOutcome> {
  const path = await resolveInWorkspace(context.workspaceRoot, args.path);
  const facts = await stat(path.absolute).catch(() => undefined);
  if (facts?.isDirectory() === true) return { success: true, text: await showFolder(path) };
  const file = await readTextFile(context.workspaceRoot, path, context.limits.maxFileBytes);
  return { success: true, text: showLines(path, file.text, args.view_range, context.limits.maxOutputChars) };
}

function showLines(path: JailedPath, text: string, range: [number, number] | undefined, maxChars: number): string {
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  if (lines.at(-1) === "") lines.pop();
  if (lines.length === 0) return `${path.relative} is empty.`;
  const [from, to] = checkRange(path, range, lines.length);
  const width = String(to).length;
  const shown: string[] = [];
  let chars = 0;
  for (let n = from; n <= to; n += 1) {
    const line = `${String(n).padStart(width)}\t${lines[n - 1] ?? ""}`;
    if (chars + line.length > maxChars && shown.length > 0) break;
    shown.push(line.slice(0, maxChars));
    chars += line.length + 1;
  }
  const last = from + shown.length - 1;
  if (last < to)
    shown.push(`[… lines ${last + 1} to ${to} of ${lines.length} are not shown; ask for them with view_range …]`);
  return shown.join("\n");
}

function checkRange(path: JailedPath, range: [number, number] | undefined, count: number): [number, number] {
  if (range === undefined) return [1, count];
  const [from, end] = range;
  const to = end === -1 ? count : Math.min(end, count);
  if (from < 1 || from > to) {
    throw invalidArguments(`view_range [${from}, ${end}] does not fit ${path.relative}, which has ${count} lines.`);
  }
  return [from, to];
}

async function showFolder(path: JailedPath): Promise<string> {
  const lines: string[] = [];
  const prefix = path.relative === "." ? "" : `${path.relative}/`;
  for (const entry of await visibleEntries(path.absolute)) {
    lines.push(prefix + entry.shown);
    if (!entry.isFolder) continue;
    const inner = await visibleEntries(join(path.absolute, entry.name));
    lines.push(...inner.map((child) => `${prefix}${entry.shown}${child.shown}`));
    if (lines.length > MAX_ENTRIES) break;
  }
  if (lines.length === 0) return `${path.relative} is an empty folder (hidden files aside).`;
  const cut =
    lines.length > MAX_ENTRIES ? [`[… more than ${MAX_ENTRIES} entries; view a folder below, or use glob …]`] : [];
  return [...lines.slice(0, MAX_ENTRIES), ...cut].join("\n");
}

async function visibleEntries(folder: string) {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.name.startsWith(".") && entry.name !== "node_modules")
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((entry) => ({
      name: entry.name,
      isFolder: entry.isDirectory(),
      shown: entry.name + (entry.isDirectory() ? "/" : ""),
    }));
}
