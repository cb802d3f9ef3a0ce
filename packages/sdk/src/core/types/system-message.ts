// How an application changes the system message.

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

export type SectionTransformFn = (currentContent: string) => string | Promise<string>;

export type SectionOverrideAction = "replace" | "remove" | "append" | "prepend" | "preserve" | SectionTransformFn;

export interface SectionOverride {
  action: SectionOverrideAction;
  content?: string;
}

export interface SystemMessageAppendConfig {
  mode?: "append";
  content?: string;
}

export interface SystemMessageReplaceConfig {
  mode: "replace";
  content: string;
}

export interface SystemMessageCustomizeConfig {
  mode: "customize";
  sections?: Partial<Record<SystemMessageSection, SectionOverride>>;
  content?: string;
}

export type SystemMessageConfig = SystemMessageAppendConfig | SystemMessageReplaceConfig | SystemMessageCustomizeConfig;
