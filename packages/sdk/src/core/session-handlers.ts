// What a session's config says about who answers what, looked up by name.
import type { SessionConfigBase } from "./types/session-config.ts";
import type { SessionFsProvider } from "./types/session-fs.ts";
import type { SectionTransformFn } from "./types/system-message.ts";
import type { BearerTokenProvider } from "./types/provider.ts";
import type { CommandHandler, ToolHandler } from "./types/tool.ts";

/** The handlers of one session. */
export interface SessionHandlers {
  readonly tools: ReadonlyMap<string, ToolHandler<never>>;
  readonly commands: ReadonlyMap<string, CommandHandler>;
  readonly transforms: ReadonlyMap<string, SectionTransformFn>;
  readonly tokenProviders: ReadonlyMap<string, BearerTokenProvider>;
  readonly permission: SessionConfigBase["onPermissionRequest"];
  readonly userInput: SessionConfigBase["onUserInputRequest"];
  readonly elicitation: SessionConfigBase["onElicitationRequest"];
  readonly exitPlanMode: SessionConfigBase["onExitPlanModeRequest"];
  readonly autoModeSwitch: SessionConfigBase["onAutoModeSwitchRequest"];
  readonly hooks: NonNullable<SessionConfigBase["hooks"]>;
  readonly fs: SessionFsProvider | undefined;
}

/** Collects the handlers of a config; `fs` is the provider made for this very session. */
export function collectHandlers(config: SessionConfigBase, fs: SessionFsProvider | undefined): SessionHandlers {
  return {
    tools: named((config.tools ?? []).map((tool) => [tool.name, tool.handler as ToolHandler<never> | undefined])),
    commands: named((config.commands ?? []).map((command) => [command.name, command.handler])),
    transforms: transformsOf(config),
    tokenProviders: named([
      ["default", config.provider?.bearerTokenProvider],
      ...(config.providers ?? []).map((p) => [p.name, p.bearerTokenProvider] as const),
    ]),
    permission: config.onPermissionRequest,
    userInput: config.onUserInputRequest,
    elicitation: config.onElicitationRequest,
    exitPlanMode: config.onExitPlanModeRequest,
    autoModeSwitch: config.onAutoModeSwitchRequest,
    hooks: config.hooks ?? {},
    fs,
  };
}

function named<T>(entries: readonly (readonly [string, T | undefined])[]): Map<string, T> {
  const map = new Map<string, T>();
  for (const [name, value] of entries) if (value !== undefined) map.set(name, value);
  return map;
}

function transformsOf(config: SessionConfigBase): Map<string, SectionTransformFn> {
  const message = config.systemMessage;
  if (message?.mode !== "customize") return new Map();
  const entries = Object.entries(message.sections ?? {}).map(([id, override]) => {
    const action = override?.action;
    return [id, typeof action === "function" ? action : undefined] as const;
  });
  return named(entries);
}
