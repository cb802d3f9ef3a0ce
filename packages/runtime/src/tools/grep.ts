import { messageOf } from "@narthex/protocol";
import { z } from "zod";
import type { Git } from "../workspace/git.ts";
import { resolveInWorkspace } from "../workspace/path-jail.ts";
import { invalidArguments, parseArguments, toParameters } from "./arguments.ts";
import { cutMiddle } from "./bounded-output.ts";
import { compileGlob, type PathMatcher } from "./glob-pattern.ts";
import { searchFiles } from "./grep-search.ts";
import type { BuiltInTool, ToolContext, ToolOutcome } from "./tool.ts";
import { listFiles } from "./workspace-files.ts";

const Arguments = z.object({
  pattern: z.string().min(1).max(2_000).describe("A JavaScript regular expression, tried on each line."),
  path: z.string().min(1).optional().describe("File or folder to search; default the whole workspace."),
  glob: z.string().min(1).optional().describe('Only files like this, such as "*.ts" or "src/**/*.py".'),
  "-i": z.boolean().optional().describe("Ignore case."),
  "-n": z.boolean().optional().describe("Show line numbers (default true; for content)."),
  output_mode: z
    .enum(["content", "files_with_matches", "count"])
    .optional()
    .describe("What to show: lines, names of files (default), or counts per file."),
  head_limit: z.number().int().positive().optional().describe("Show at most this many lines."),
});

const MAX_LINE_CHARS = 500;

/** The `grep` tool: lines that match a regular expression. */
export function createGrepTool(git: Git): BuiltInTool {
  return {
    name: "grep",
    description: "Searches text files with a regular expression, leaving out binary files and what .gitignore names.",
    parameters: toParameters(Arguments),
    isIdempotent: true,
    permission: async (args, context) => {
      const { path = "." } = parseArguments("grep", Arguments, args);
      await resolveInWorkspace(context.workspaceRoot, path);
      return undefined;
    },
    run: (args, context) => run(git, parseArguments("grep", Arguments, args), context),
  };
}

async function run(git: Git, args: z.infer<typeof Arguments>, context: ToolContext): Promise<ToolOutcome> {
  const { workspaceRoot, limits, signal } = context;
  const { source, ignoreCase } = readPattern(args);
  const start = await resolveInWorkspace(workspaceRoot, args.path ?? ".");
  const files = await listFiles(git, workspaceRoot, start, signal);
  const matches = fileFilter(args.glob);
  const found = await searchFiles(
    {
      root: workspaceRoot,
      paths: files.paths.filter(matches),
      pattern: source,
      ignoreCase,
      mode: args.output_mode ?? "files_with_matches",
      showLineNumbers: args["-n"] ?? true,
      maxResults: Math.min(args.head_limit ?? limits.maxMatches, limits.maxMatches),
      maxFileBytes: limits.maxFileBytes,
      maxLineChars: MAX_LINE_CHARS,
    },
    signal,
  );
  const notes = [
    ...(found.isCut ? [`[… more matches; the first ${found.lines.length} are shown …]`] : []),
    ...(files.isCut ? ["[… the workspace has more files than are searched; name a path …]"] : []),
    ...(found.largeFiles > 0 ? [`[… ${found.largeFiles} files over ${limits.maxFileBytes} bytes left out …]`] : []),
  ];
  const lines = found.lines.length > 0 ? found.lines : [`No matches in ${found.searchedFiles} files.`];
  return { success: true, text: cutMiddle([...lines, ...notes].join("\n"), limits.maxOutputChars) };
}

/** JavaScript has no `(?i)` at the start of a pattern, which models like to write. */
function readPattern(args: z.infer<typeof Arguments>): { source: string; ignoreCase: boolean } {
  const source = args.pattern.replace(/^\(\?i\)/, "");
  try {
    void new RegExp(source);
  } catch (error) {
    throw invalidArguments(
      `The pattern is malformed (${messageOf(error)}); escape ( ) [ ] { } . * + ? with a backslash to find them as they are.`,
    );
  }
  return { source, ignoreCase: args["-i"] === true || source !== args.pattern };
}

/** A filter without a slash is about the file's name, wherever it lies. */
function fileFilter(glob: string | undefined): PathMatcher {
  if (glob === undefined) return () => true;
  return compileGlob(glob.includes("/") ? glob : `**/${glob}`);
}
