import { NarthexError } from "@narthex/protocol";
import { z } from "zod";

/** JSON Schema of a tool's arguments, as models are given it. */
export function toParameters(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...parameters } = z.toJSONSchema(schema, { io: "input" }) as Record<string, unknown>;
  return parameters;
}

/**
 * The arguments of a call, checked.
 * @throws {NarthexError} TOOL_ARGUMENTS_INVALID naming each argument that is wrong
 */
export function parseArguments<T>(tool: string, schema: z.ZodType<T>, args: unknown): T {
  const parsed = schema.safeParse(args);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join(".") || "arguments"}: ${issue.message}`);
  throw invalidArguments(`The arguments of ${tool} are malformed: ${problems.join("; ")}.`);
}

/** TOOL_ARGUMENTS_INVALID with a text for the model. */
export function invalidArguments(text: string): NarthexError {
  return new NarthexError("TOOL_ARGUMENTS_INVALID", text);
}
