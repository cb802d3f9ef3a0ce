// Who decides what the session may do: a person at the terminal, `--yes`, or the rule for nobody being there.
import { isCancel, note, select } from "@clack/prompts";
import type { PermissionHandler, PermissionRequest, PermissionRequestResult } from "@narthex/sdk";
import { withoutControlCharacters } from "./control-characters.ts";

/** Most lines of a diff that are shown with the question. */
const MAX_DIFF_LINES = 40;

export type PermissionMode = "ask" | "approve-all" | "read-only";

/** Hears of every decision, for the timeline. */
export type DecisionListener = (request: PermissionRequest, decision: PermissionRequestResult) => void;

export function permissionHandler(mode: PermissionMode, onDecision: DecisionListener): PermissionHandler {
  return async (request) => {
    const decision = await decide(mode, request);
    onDecision(request, decision);
    return decision;
  };
}

async function decide(mode: PermissionMode, request: PermissionRequest): Promise<PermissionRequestResult> {
  if (mode === "approve-all" || isReadOnly(request)) return { kind: "approve-once" };
  if (mode === "ask") return askPerson(request);
  return {
    kind: "reject",
    feedback: "Nobody is at a terminal to allow this; only reading is allowed. Run again with --yes to allow it.",
  };
}

/** Reads only, and reaches nothing outside of the workspace's machine. */
export function isReadOnly(request: PermissionRequest): boolean {
  if (request.kind === "read") return true;
  if (request.kind !== "shell" || request.commands.length === 0) return false;
  return (
    request.commands.every((command) => command.readOnly) &&
    !request.hasWriteFileRedirection &&
    request.possibleUrls.length === 0
  );
}

async function askPerson(request: PermissionRequest): Promise<PermissionRequestResult> {
  if (request.kind === "write") note(excerpt(withoutControlCharacters(request.diff)), request.fileName);
  const answer = await select({
    message: `Allow ${withoutControlCharacters(describeRequest(request))}?`,
    options: [
      { value: "approve-once" as const, label: "Yes" },
      { value: "approve-for-session" as const, label: "Yes, and everything of this sort in this session" },
      { value: "reject" as const, label: "No" },
    ],
  });
  return isCancel(answer) ? { kind: "reject" } : { kind: answer };
}

/** The first lines of a diff: enough to decide, not so many that the question scrolls away. */
function excerpt(diff: string): string {
  const lines = diff.trimEnd().split("\n");
  const rest = lines.length - MAX_DIFF_LINES;
  return rest <= 0 ? lines.join("\n") : [...lines.slice(0, MAX_DIFF_LINES), `… ${rest} more lines`].join("\n");
}

/** A request in one line. */
export function describeRequest(request: PermissionRequest): string {
  switch (request.kind) {
    case "shell":
      return `the command: ${request.fullCommandText.replace(/\s*\n\s*/g, " ⏎ ")}`;
    case "write":
      return `writing ${request.fileName}`;
    case "read":
      return `reading ${request.path}`;
    case "custom-tool":
      return `the tool ${request.toolName}`;
    case "url":
      return `fetching ${request.url}`;
    default:
      return `a request of kind ${request.kind}`;
  }
}
