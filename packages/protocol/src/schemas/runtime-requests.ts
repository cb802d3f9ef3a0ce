// Requests that a runtime sends to a client about a session, with the shape of their params. Unknown fields pass through.
import { z } from "zod";
import { SESSION_ID_PATTERN } from "../ids.ts";

const sessionId = z.string().regex(SESSION_ID_PATTERN);
const path = z.string().min(1);
const scoped = <S extends z.ZodRawShape>(shape: S): z.ZodObject<S & { sessionId: typeof sessionId }, z.core.$loose> =>
  z.looseObject({ sessionId, ...shape });

const scalar = z.union([z.string(), z.number(), z.null()]);
const sqlParams = z.record(z.string(), scalar).optional();
const canvas = { extensionId: z.string(), canvasId: z.string(), instanceId: z.string() };

/** Shape of the params of every session-scoped request from the runtime. */
export const RUNTIME_REQUEST_SCHEMAS = {
  "userInput.request": scoped({
    question: z.string(),
    choices: z.array(z.string()).optional(),
    allowFreeform: z.boolean().optional(),
  }),
  "exitPlanMode.request": scoped({
    summary: z.string(),
    planContent: z.string().optional(),
    actions: z.array(z.string()),
    recommendedAction: z.string(),
  }),
  "autoModeSwitch.request": scoped({
    errorCode: z.string().optional(),
    retryAfterSeconds: z.number().optional(),
  }),
  "hooks.invoke": scoped({ hookType: z.string(), input: z.unknown() }),
  "systemMessage.transform": scoped({ sections: z.record(z.string(), z.looseObject({ content: z.string() })) }),
  "providerToken.getToken": scoped({ providerName: z.string() }),
  "sessionFs.readFile": scoped({ path }),
  "sessionFs.writeFile": scoped({ path, content: z.string(), mode: z.number().optional() }),
  "sessionFs.appendFile": scoped({ path, content: z.string(), mode: z.number().optional() }),
  "sessionFs.exists": scoped({ path }),
  "sessionFs.stat": scoped({ path }),
  "sessionFs.mkdir": scoped({ path, recursive: z.boolean().optional(), mode: z.number().optional() }),
  "sessionFs.readdir": scoped({ path }),
  "sessionFs.readdirWithTypes": scoped({ path }),
  "sessionFs.rm": scoped({ path, recursive: z.boolean().optional(), force: z.boolean().optional() }),
  "sessionFs.rename": scoped({ src: path, dest: path }),
  "sessionFs.sqliteQuery": scoped({ query: z.string(), queryType: z.string(), params: sqlParams }),
  "sessionFs.sqliteTransaction": scoped({
    statements: z.array(z.looseObject({ query: z.string(), queryType: z.string(), params: sqlParams })),
  }),
  "sessionFs.sqliteExists": scoped({}),
  "canvas.open": scoped(canvas),
  "canvas.close": scoped(canvas),
  "canvas.action.invoke": scoped({ ...canvas, actionName: z.string() }),
  "factory.execute": scoped({ name: z.string(), runId: z.string() }),
  "factory.abort": scoped({ runId: z.string() }),
  "tasks.cancel": scoped({ id: z.string() }),
  // Protocol 2 spoke these as requests; a runtime that still does gets its answer.
  "tool.call": scoped({ toolCallId: z.string(), toolName: z.string(), arguments: z.unknown() }),
  "permission.request": scoped({ permissionRequest: z.looseObject({ kind: z.string() }) }),
} as const;

/** A session-scoped request from the runtime. */
export type RuntimeRequestMethod = keyof typeof RUNTIME_REQUEST_SCHEMAS;

/** The params of one such request. */
export type RuntimeRequestParams<M extends RuntimeRequestMethod> = z.infer<(typeof RUNTIME_REQUEST_SCHEMAS)[M]>;

/** Is this the name of a session-scoped request from the runtime? */
export function isRuntimeRequestMethod(method: string): method is RuntimeRequestMethod {
  return Object.hasOwn(RUNTIME_REQUEST_SCHEMAS, method);
}

/** The params of the notifications a runtime sends. */
export const SESSION_EVENT_PARAMS = z.looseObject({
  sessionId: z.string(),
  event: z.looseObject({ id: z.string(), type: z.string() }),
});

export const SESSION_LIFECYCLE_PARAMS = z.looseObject({
  type: z.string(),
  sessionId: z.string(),
  metadata: z
    .looseObject({ startTime: z.string(), modifiedTime: z.string(), summary: z.string().optional() })
    .optional(),
});
