// The params of the calls a client makes, checked at the door. Unknown fields are ignored, as the protocol wants.
import { NarthexError } from "@narthex/protocol";
import { MAX_IDEMPOTENCY_KEY_CHARS } from "@narthex/runtime";
import { z } from "zod";

const sessionId = z.string().min(1);
const requestId = z.string().min(1);
const idempotencyKey = z.string().min(1).max(MAX_IDEMPOTENCY_KEY_CHARS).optional();
const scoped = <S extends z.ZodRawShape>(shape: S) => z.looseObject({ sessionId, ...shape });

export const PARAMS = {
  session: scoped({}),
  send: scoped({
    prompt: z.string(),
    displayPrompt: z.string().optional(),
    attachments: z.array(z.unknown()).max(1_000).optional(),
    mode: z.enum(["enqueue", "immediate"]).optional(),
    agentMode: z.enum(["interactive", "plan", "autopilot", "shell"]).optional(),
    source: z.string().optional(),
    idempotencyKey,
  }),
  abort: scoped({
    idempotencyKey,
    reason: z.enum(["user_initiated", "remote_command", "user_abort", "autopilot_credit_limit"]).optional(),
  }),
  list: z.looseObject({
    filter: z
      .looseObject({
        cwd: z.string().optional(),
        gitRoot: z.string().optional(),
        repository: z.string().optional(),
        branch: z.string().optional(),
      })
      .optional(),
  }),
  readLog: scoped({
    cursor: z.string().nullish(),
    max: z.int().min(1).optional(),
    waitMs: z.int().min(0).optional(),
    types: z.union([z.literal("*"), z.array(z.string().max(200)).max(200)]).nullish(),
    direction: z.enum(["forward", "backward"]).optional(),
    includeEphemeral: z.boolean().optional(),
  }),
  ping: z.looseObject({ message: z.string().max(100_000).optional() }),
  log: scoped({
    message: z.string().min(1).max(1_000_000),
    level: z.enum(["info", "warning", "error"]).optional(),
    type: z.string().max(100).optional(),
    ephemeral: z.boolean().optional(),
  }),
  switchModel: scoped({ modelId: z.string().min(1) }),
  answerTool: scoped({ requestId, idempotencyKey, result: z.unknown().optional(), error: z.string().optional() }),
  answerPermission: scoped({
    requestId,
    idempotencyKey,
    result: z.looseObject({ kind: z.string(), feedback: z.string().optional() }),
  }),
  answerUserInput: scoped({
    requestId,
    idempotencyKey,
    response: z.looseObject({ answer: z.string(), wasFreeform: z.boolean().optional() }),
  }),
  answerElicitation: scoped({
    requestId,
    idempotencyKey,
    result: z.looseObject({
      action: z.enum(["accept", "decline", "cancel"]),
      content: z.record(z.string(), z.unknown()).optional(),
    }),
  }),
  answerCommand: scoped({ requestId, error: z.string().optional() }),
  invokeCommand: scoped({ name: z.string().min(1), input: z.string().optional() }),
  elicit: scoped({
    message: z.string(),
    requestedSchema: z.looseObject({
      type: z.literal("object"),
      properties: z.record(z.string(), z.unknown()),
      required: z.array(z.string()).optional(),
    }),
  }),
} as const;

/**
 * The params in the shape a method needs.
 * @throws {NarthexError} INVALID_PARAMS
 */
export function parseParams<S extends z.ZodType>(method: string, schema: S, params: unknown): z.output<S> {
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? "params" : issue.path.join(".");
  throw new NarthexError("INVALID_PARAMS", `${method}: ${where}: ${issue?.message ?? "invalid"}`);
}
