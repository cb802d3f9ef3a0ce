// What a shell command line may do, for the permission request.
// S2: a command is `readOnly` only when the line is clear, redirects nothing into a file, names the program plainly, and
//     the program's rule allows every argument. S3: whatever is not understood is not read-only.
import { posix } from "node:path";
import type { PermissionRequestShell, PermissionRequestShellCommand } from "@narthex/protocol";
import { isInside } from "../workspace/path-jail.ts";
import { readOnlyRule } from "./read-only-programs.ts";
import { parseShellLine, type ShellRedirect, type SimpleCommand } from "./shell-parser.ts";

/** Most words and commands of a line that is looked at closely; a longer one is not clear. */
const MAX_LISTED = 300;
const URL_PATTERN = /\b(?:https?|ftp|ssh|git|wss?):\/\/[^\s'"`<>|;&)]+/g;

/** What can be told from the text of a command line. */
export interface ShellAnalysis {
  /** Each program once, in the order of the line. */
  readonly commands: PermissionRequestShellCommand[];
  readonly segments: { identifier: string; fullCommandText: string }[];
  /** Words that look like paths, as written. */
  readonly possiblePaths: string[];
  /** Those of `possiblePaths` that the shell expands. */
  readonly patterns: string[];
  /** Other words that could name a file; only a look at the disk can tell. */
  readonly possibleNames: string[];
  readonly possibleUrls: { url: string }[];
  readonly hasWriteFileRedirection: boolean;
  /** False when the line holds something that was not understood. */
  readonly isClear: boolean;
}

/** Analyses a command line; runs and looks up nothing. */
export function analyzeShellCommand(line: string): ShellAnalysis {
  const parsed = parseShellLine(line);
  const listed = parsed.commands.filter((command) => command.words.length > 0);
  const args = listed.flatMap((command) => command.words.slice(1));
  const words = args.map((word) => word.text);
  const patterns = args.filter((word) => word.globAt !== -1).map((word) => withoutOption(word.text));
  const isClear = parsed.isClear && parsed.commands.every(startsPlainly) && listed.length + words.length <= MAX_LISTED;
  const redirects = parsed.commands.flatMap((command) => command.redirects);
  const hasWriteFileRedirection = redirects.some(writesFile) || (!isClear && writesInSubstitution(line));
  const movesAround = listed.some((command) => command.words[0]?.text === "cd");
  const isHarmless = (command: SimpleCommand): boolean =>
    isClear && !hasWriteFileRedirection && isReadOnly(command) && !(movesAround && command.words[0]?.text === "git");
  const found = isClear
    ? listed.map((command) => ({ identifier: identifierOf(command), readOnly: isHarmless(command) }))
    : roughIdentifiers(line).map((identifier) => ({ identifier, readOnly: false }));
  const segments = isClear
    ? listed.map((command) => ({ identifier: identifierOf(command), fullCommandText: command.text }))
    : [];
  const targets = redirects.filter((redirect) => !isDuplicate(redirect)).map((redirect) => redirect.target.text);
  return {
    commands: eachOnce(found),
    segments,
    possiblePaths: distinct([...words.flatMap(pathsIn), ...patterns, ...targets]),
    patterns: distinct(patterns),
    possibleNames: distinct(words.filter((word) => pathsIn(word).length === 0 && !word.startsWith("-"))),
    possibleUrls: distinct(line.match(URL_PATTERN) ?? []).map((url) => ({ url })),
    hasWriteFileRedirection,
    isClear,
  };
}

/**
 * Does this request only read, and only inside the workspace, as far as the text and the disk tell? Such a request may
 * be allowed without asking. Needs `resolvedPaths`, so only requests made by the `bash` tool can pass; that tool also
 * calls no command read-only that fails here.
 */
export function readsOnlyWorkspace(request: PermissionRequestShell, workspaceRoot: string): boolean {
  const resolved = request.resolvedPaths;
  if (resolved === undefined || request.hasWriteFileRedirection || request.possibleUrls.length > 0) return false;
  if (request.commands.length === 0 || !request.commands.every((command) => command.readOnly)) return false;
  return request.possiblePaths.every((path) => {
    const real = Object.hasOwn(resolved, path) ? resolved[path] : undefined;
    return real !== undefined && (real === "/dev/null" || isInside(workspaceRoot, real));
  });
}

/** Words that only introduce a command; what follows them is not looked at closely. */
const KEYWORDS = new Set(
  "if then else elif fi do done while until for in case esac select time ! coproc function { } [[".split(" "),
);

/** No assignment, no keyword: the first word is the program. */
function startsPlainly(command: SimpleCommand): boolean {
  const first = command.words[0];
  return first === undefined || !(first.text.includes("=") || KEYWORDS.has(first.text));
}

function isReadOnly(command: SimpleCommand): boolean {
  const [program, ...args] = command.words;
  if (program === undefined || !program.isPlain) return false;
  if (command.words.some((word) => isDevice(word.text))) return false;
  if (command.redirects.some((redirect) => !isDuplicate(redirect) && isDevice(redirect.target.text))) return false;
  return readOnlyRule(program.text)?.(args) === true;
}

/** Reading a device or /proc can wait for ever, change something, open a connection, or show other processes' secrets. */
function isDevice(word: string): boolean {
  const path = posix.normalize(withoutOption(word));
  return path !== "/dev/null" && /^(?:\/|(?:\.\.\/)+)(?:dev|proc|sys)(?:\/|$)/.test(path);
}

function writesFile(redirect: ShellRedirect): boolean {
  if (!redirect.operator.includes(">") || isDuplicate(redirect)) return false;
  return redirect.target.text !== "/dev/null" || redirect.operator === "<>";
}

/** Redirections inside of substitutions are not parsed; this errs on the side of "writes". */
function writesInSubstitution(line: string): boolean {
  return /\$\(|`/.test(line) && />(?!\s*(?:&\d|\/dev\/null\b))/.test(line);
}

/** `2>&1` and its like. */
function isDuplicate(redirect: ShellRedirect): boolean {
  return redirect.operator === ">&" && /^\d$/.test(redirect.target.text);
}

/** Programs that are told apart by what they are asked to do. */
const WITH_SUBCOMMAND = new Set(["git", "gh"]);

function identifierOf(command: SimpleCommand): string {
  const [program, next] = command.words;
  const name = program?.text ?? "";
  if (!WITH_SUBCOMMAND.has(name) || next === undefined || !/^[a-z][a-z-]*$/.test(next.text)) return name;
  return `${name} ${next.text}`;
}

/** The programs of a line that is not clear, found by splitting at everything that can start a command. */
function roughIdentifiers(line: string): string[] {
  const parts = line.replaceAll("\\\n", " ").split(/\$\(|<\(|>\(|&&|\|\||[`"'|;&\n(){}]/);
  return parts.slice(0, MAX_LISTED).flatMap((part) => {
    const words = part.trim().split(/\s+/);
    const program = words.find((word) => !KEYWORDS.has(word) && !/^[A-Za-z_]\w*\+?=/.test(word));
    return program !== undefined && /^[\w./~+-]*[A-Za-z][\w./~+-]*$/.test(program) && !program.startsWith("-")
      ? [program]
      : [];
  });
}

/** The word, or the value of the option, when it has the look of a path. */
function pathsIn(word: string): string[] {
  if (/^[a-z]+:\/\//i.test(word)) return [];
  const value = withoutOption(word);
  const isPath = value.includes("/") || value.startsWith("~") || /^\.{1,2}$|^\.\w/.test(value);
  return isPath || /^[\w*?-][\w.*?-]*\.[A-Za-z][A-Za-z0-9]{0,9}$/.test(value) ? [value] : [];
}

/** `--file=x` and `-f/x` without the option. */
function withoutOption(word: string): string {
  return word.startsWith("-") ? word.replace(/^--?[A-Za-z0-9-]*=?/, "") : word;
}

function eachOnce(commands: readonly PermissionRequestShellCommand[]): PermissionRequestShellCommand[] {
  const byName = new Map<string, boolean>();
  for (const { identifier, readOnly } of commands) byName.set(identifier, (byName.get(identifier) ?? true) && readOnly);
  return [...byName].map(([identifier, readOnly]) => ({ identifier, readOnly }));
}

function distinct(words: readonly string[]): string[] {
  return [...new Set(words)];
}
