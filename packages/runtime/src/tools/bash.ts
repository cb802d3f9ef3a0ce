import type { PermissionRequestShell } from "@narthex/protocol";
import { z } from "zod";
import { parseArguments, toParameters } from "./arguments.ts";
import { BoundedOutput } from "./bounded-output.ts";
import { LiveOutput } from "./live-output.ts";
import { analyzeShellCommand, readsOnlyWorkspace } from "./shell-command.ts";
import { shellEnvironment } from "./shell-environment.ts";
import { existingNames, resolvePaths } from "./shell-paths.ts";
import { runShell, type ShellResult } from "./shell-process.ts";
import type { BuiltInTool, ToolContext, ToolOutcome } from "./tool.ts";

const Arguments = z.object({
  command: z.string().min(1).max(100_000).describe("The command line, run by bash in the workspace."),
  description: z.string().max(1_000).optional().describe("What the command is for, in a few words."),
  timeout: z.number().int().positive().optional().describe("Time limit in milliseconds."),
});

const LIVE_LIMITS = { waitMs: 100, pieceChars: 4_096 };
/** Room for the lines that say how the command ended. */
const ENDING_CHARS = 200;

/** Options of the shell tool. */
export interface BashOptions {
  /** Variables given to every command, besides the allowed ones of the runtime's own environment. */
  readonly shellEnvironment?: Readonly<Record<string, string>>;
}

/** The `bash` tool: one command line, its output, its exit code. */
export function createBashTool(options: BashOptions = {}): BuiltInTool {
  return {
    name: "bash",
    description:
      "Runs a command line with bash in the workspace and gives back its output (stdout and stderr) and exit code. " +
      "There is no terminal and no standard input; processes left in the background are ended with the command.",
    parameters: toParameters(Arguments),
    isIdempotent: false,
    permission: (args, context) => requestPermission(parseArguments("bash", Arguments, args), context),
    run: (args, context) => run(parseArguments("bash", Arguments, args), context, options),
  };
}

async function requestPermission(
  args: z.infer<typeof Arguments>,
  context: ToolContext,
): Promise<PermissionRequestShell> {
  const found = analyzeShellCommand(args.command);
  const root = context.workspaceRoot;
  const possiblePaths = [...new Set([...found.possiblePaths, ...(await existingNames(root, found.possibleNames))])];
  const request: PermissionRequestShell = {
    kind: "shell",
    toolCallId: context.toolCallId,
    fullCommandText: args.command,
    intention: args.description ?? `Run ${firstLine(args.command)}`,
    commands: found.commands,
    commandSegments: found.segments,
    possiblePaths,
    resolvedWorkingDirectory: root,
    resolvedPaths: await resolvePaths(root, possiblePaths, found.patterns),
    possibleUrls: found.possibleUrls,
    hasWriteFileRedirection: found.hasWriteFileRedirection,
    canOfferSessionApproval: found.isClear && found.commands.length > 0,
  };
  const reads = found.commands.length > 0 && found.commands.every((command) => command.readOnly);
  if (!reads || readsOnlyWorkspace(request, root)) return request;
  // Whoever allows read-only commands without asking must not give away files of the machine.
  const commands = found.commands.map(({ identifier }) => ({ identifier, readOnly: false }));
  return { ...request, commands, warning: "The command reads outside of the workspace." };
}

function firstLine(command: string): string {
  const line = command.trim().split("\n", 1)[0] ?? "";
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

async function run(args: z.infer<typeof Arguments>, context: ToolContext, options: BashOptions): Promise<ToolOutcome> {
  const { limits } = context;
  const kept = new BoundedOutput(Math.max(limits.maxOutputChars - ENDING_CHARS, ENDING_CHARS));
  const live = new LiveOutput({ ...LIVE_LIMITS, maxChars: limits.maxOutputChars }, context.onPartialOutput);
  const timeoutMs = Math.min(args.timeout ?? limits.shellTimeoutMs, limits.maxShellTimeoutMs);
  try {
    const result = await runShell({
      command: args.command,
      cwd: context.workspaceRoot,
      env: shellEnvironment(process.env, options.shellEnvironment),
      timeoutMs,
      signal: context.signal,
      onOutput: (text) => {
        kept.add(text);
        live.add(text);
      },
    });
    const output = kept.toString();
    const isOpenLine = output !== "" && !output.endsWith("\n");
    return {
      success: result.exitCode === 0 && !result.isTimedOut,
      text: `${output}${isOpenLine ? "\n" : ""}${ending(result, timeoutMs)}`,
    };
  } finally {
    live.flush();
  }
}

function ending(result: ShellResult, timeoutMs: number): string {
  if (result.isTimedOut)
    return `<stopped after the time limit of ${timeoutMs} ms; ask for a longer timeout if it needs one>`;
  const leftovers = result.hasLeftovers ? "<processes left in the background have been ended>\n" : "";
  const end =
    result.exitCode === undefined ? `ended by ${result.signalName}` : `exited with exit code ${result.exitCode}`;
  return `${leftovers}<${end}>`;
}
