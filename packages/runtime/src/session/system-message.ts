// The system message: sections of our own, changed as the client asked.
import { NARTHEX_VERSION } from "@narthex/protocol";
import type { Workspace } from "../workspace/workspaces.ts";
import type { SystemMessageParams } from "./session-config.ts";

/** Section ids of the protocol, in the order in which they stand in the message. */
export const SECTION_IDS = [
  "preamble",
  "identity",
  "tone",
  "tool_efficiency",
  "environment_context",
  "code_change_rules",
  "guidelines",
  "safety",
  "tool_instructions",
  "custom_instructions",
  "runtime_instructions",
  "last_instructions",
] as const;

export type Sections = Record<string, string>;

/** Asks the clients to rewrite sections; gives back those that changed. */
export type SectionTransform = (sections: Sections) => Promise<Sections>;

/** The sections before anyone changed them. */
export function defaultSections(workspace: Workspace): Sections {
  const repository = workspace.repository;
  const place =
    repository === undefined
      ? ""
      : ` It is a clone of ${repository.owner}/${repository.name}${repository.branch === undefined ? "" : `, branch ${repository.branch}`}.`;
  return {
    preamble: "",
    identity: `You are a coding agent in a Narthex session (version ${NARTHEX_VERSION}). You work on the files of one workspace with the tools you are given.`,
    tone: "Be brief and concrete. Name files and lines. Say what you did and what you saw, and what you did not check.",
    tool_efficiency: "Call independent tools together. Search before you read whole files.",
    environment_context: `The workspace is ${workspace.root}.${place} Paths outside of it are refused.`,
    code_change_rules:
      "Change only what the task needs, in the style of the code around it. Run the tests that cover a change.",
    guidelines: "When a request is unclear and the answer matters, ask the user with ask_user if that tool is there.",
    safety:
      "Never print secrets. A refused permission is final for that call: find another way or say what is missing.",
    tool_instructions: "",
    custom_instructions: "",
    runtime_instructions: "",
    last_instructions: "",
  };
}

/** The text of the system message: sections with the client's changes, or the client's text in their place. */
export async function buildSystemMessage(
  workspace: Workspace,
  params: SystemMessageParams | undefined,
  transform: SectionTransform,
): Promise<string> {
  if (params?.mode === "replace") return params.content ?? "";
  const sections = defaultSections(workspace);
  if (params?.mode === "customize") await customize(sections, params, transform);
  const content = params?.content ?? "";
  return [...SECTION_IDS.map((id) => sections[id] ?? ""), content].filter((part) => part !== "").join("\n\n");
}

async function customize(sections: Sections, params: SystemMessageParams, transform: SectionTransform): Promise<void> {
  const toTransform: Sections = {};
  for (const [id, change] of Object.entries(params.sections ?? {})) {
    const current = sections[id] ?? "";
    const content = change.content ?? "";
    if (change.action === "replace") sections[id] = content;
    else if (change.action === "remove") sections[id] = "";
    else if (change.action === "append") sections[id] = join(current, content);
    else if (change.action === "prepend") sections[id] = join(content, current);
    else if (change.action === "transform") toTransform[id] = current;
  }
  if (Object.keys(toTransform).length > 0) Object.assign(sections, await transform(toTransform));
}

function join(...parts: string[]): string {
  return parts.filter((part) => part !== "").join("\n");
}
