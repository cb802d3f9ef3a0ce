// How an application changes the system message.

/** The parts of the system message, in the order in which they stand in it. */
export type SystemMessageSection =
  | "preamble"
  | "identity"
  | "tone"
  | "tool_efficiency"
  | "environment_context"
  | "code_change_rules"
  | "guidelines"
  | "safety"
  | "tool_instructions"
  | "custom_instructions"
  | "runtime_instructions"
  | "last_instructions";

/** Rewrites a section; a throw leaves it as it was. */
export type SectionTransformFn = (currentContent: string) => string | Promise<string>;

/** What to do with a section: put `content` in its place, take it out, add `content` around it, keep it, or rewrite it with a function. */
export type SectionOverrideAction = "replace" | "remove" | "append" | "prepend" | "preserve" | SectionTransformFn;

/** A change of one section. */
export interface SectionOverride {
  action: SectionOverrideAction;
  content?: string;
}

/** Adds text at the end of the system message (the default mode). */
export interface SystemMessageAppendConfig {
  mode?: "append";
  content?: string;
}

/** Puts a text in place of the whole system message. */
export interface SystemMessageReplaceConfig {
  mode: "replace";
  content: string;
}

/** Changes single sections, and adds `content` at the end. */
export interface SystemMessageCustomizeConfig {
  mode: "customize";
  sections?: Partial<Record<SystemMessageSection, SectionOverride>>;
  content?: string;
}

/** How an application changes the system message. */
export type SystemMessageConfig = SystemMessageAppendConfig | SystemMessageReplaceConfig | SystemMessageCustomizeConfig;
