// What a client says about a session when it creates or resumes it, as the runtime understands it.
import { NarthexError, PROFILE } from "@narthex/protocol";
import { z } from "zod";

const toolDeclaration = z.looseObject({
  name: z.string().min(1).max(128),
  description: z.string().default(""),
  parameters: z.record(z.string(), z.unknown()).optional(),
  overridesBuiltInTool: z.boolean().optional(),
  skipPermission: z.boolean().optional(),
});

const section = z.looseObject({ action: z.string(), content: z.string().optional() });
const systemMessage = z.looseObject({
  mode: z.enum(["append", "replace", "customize"]).optional(),
  content: z.string().optional(),
  sections: z.record(z.string(), section).optional(),
});

const provider = z.looseObject({
  type: z.enum(["openai", "azure", "anthropic"]).optional(),
  wireApi: z.enum(["completions", "responses"]).optional(),
  baseUrl: z.string().min(1),
  apiKey: z.string().optional(),
  bearerToken: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  modelId: z.string().optional(),
  wireModel: z.string().optional(),
  maxPromptTokens: z.number().optional(),
  maxOutputTokens: z.number().optional(),
  hasBearerTokenProvider: z.boolean().optional(),
});

const cloud = z.looseObject({
  repository: z.looseObject({ owner: z.string(), name: z.string(), branch: z.string().optional() }).optional(),
});

/** Longest idempotency key of a create or a send, in characters. */
export const MAX_IDEMPOTENCY_KEY_CHARS = 256;

/** Unknown fields are ignored, as the protocol wants. */
const CONFIG = z.looseObject({
  sessionId: z.string().optional(),
  idempotencyKey: z.string().min(1).max(MAX_IDEMPOTENCY_KEY_CHARS).optional(),
  cloud: cloud.optional(),
  model: z.string().optional(),
  clientName: z.string().max(200).optional(),
  tools: z.array(toolDeclaration).max(1_000).optional(),
  commands: z
    .array(z.looseObject({ name: z.string().min(1), description: z.string().default("") }))
    .max(1_000)
    .optional(),
  systemMessage: systemMessage.optional(),
  availableTools: z.array(z.string()).optional(),
  excludedTools: z.array(z.string()).optional(),
  provider: provider.optional(),
  workingDirectory: z.string().optional(),
  streaming: z.boolean().optional(),
  requestPermission: z.boolean().optional(),
  requestUserInput: z.boolean().optional(),
  requestElicitation: z.boolean().optional(),
  requestExitPlanMode: z.boolean().optional(),
  requestAutoModeSwitch: z.boolean().optional(),
  hooks: z.boolean().optional(),
  disableResume: z.boolean().optional(),
  continuePendingWork: z.boolean().optional(),
});

export type SessionParams = z.infer<typeof CONFIG>;
export type ClientTool = z.infer<typeof toolDeclaration>;
export type ProviderParams = z.infer<typeof provider>;
export type SystemMessageParams = z.infer<typeof systemMessage>;

/**
 * Reads the params of `session.create` or `session.resume`.
 * @throws {NarthexError} INVALID_PARAMS
 */
export function parseSessionParams(params: unknown, method: string): SessionParams {
  const parsed = CONFIG.safeParse(params ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? "params" : issue.path.join(".");
  throw new NarthexError("INVALID_PARAMS", `${method}: ${where}: ${issue?.message ?? "invalid"}`);
}

/** Fields that every official client sends, or that ask for what happens here anyway. */
const WITHOUT_EFFECT_BY_DESIGN = new Set([
  "toolFilterPrecedence",
  "includeSubAgentStreamingEvents",
  "envValueMode",
  "traceparent",
  "tracestate",
]);

/** Fields in which a repeated create may differ from the first. */
const NOT_PART_OF_REQUEST = new Set(["idempotencyKey", "traceparent", "tracestate"]);

/** What makes a create the same request as another one. */
export function requestOf(params: SessionParams): unknown {
  return Object.fromEntries(Object.entries(params).filter(([name]) => !NOT_PART_OF_REQUEST.has(name)));
}

/** The options among these params that this runtime does not act on, so that nobody takes its silence for consent. */
export function ignoredOptions(params: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(params)
    .filter(
      ([name, value]) => !Object.hasOwn(CONFIG.shape, name) && !WITHOUT_EFFECT_BY_DESIGN.has(name) && isSet(value),
    )
    .map(([name]) => name);
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}

/** What a session says about options that have no effect. */
export function ignoredOptionsWarning(names: readonly string[]): string {
  return `Not supported in profile ${PROFILE}, and without effect: ${names.join(", ")}.`;
}
