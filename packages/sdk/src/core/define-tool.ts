import { NarthexError } from "@narthex/protocol";
import { z } from "zod";
import type { Tool, ToolHandler, ZodSchema } from "./types/tool.ts";

/**
 * Declares a tool that a session can call in this application.
 *
 * `parameters` is a zod schema, from which the handler's argument type follows, or a JSON Schema. The handler may return
 * a string, a `ToolResultObject`, or any JSON value; when it throws, the model is told that the tool failed.
 *
 * @example
 * const weather = defineTool("get_weather", {
 *   description: "Current weather of a city",
 *   parameters: z.object({ city: z.string() }),
 *   handler: ({ city }) => `22 °C in ${city}`,
 * });
 */
export function defineTool<T = unknown>(
  name: string,
  config: {
    description?: string;
    parameters?: ZodSchema<T> | Record<string, unknown>;
    handler?: ToolHandler<T>;
    overridesBuiltInTool?: boolean;
    skipPermission?: boolean;
    defer?: "auto" | "never";
    metadata?: Record<string, unknown>;
    isTerminal?: boolean;
  },
): Tool<T> {
  return { name, ...config };
}

/** The declaration of a tool as it stands in `session.create`. */
export function toolDeclaration(tool: Tool): Record<string, unknown> {
  const { handler: _handler, parameters, name, ...rest } = tool;
  if (typeof name !== "string" || name === "") {
    throw new NarthexError("CONFIG_INVALID", "Every tool needs a name.");
  }
  return { name, ...rest, ...(parameters === undefined ? {} : { parameters: toJsonSchema(parameters, name) }) };
}

function toJsonSchema(parameters: ZodSchema | Record<string, unknown>, tool: string): Record<string, unknown> {
  if (!isZodLike(parameters)) return parameters;
  try {
    if (typeof parameters.toJSONSchema === "function") return parameters.toJSONSchema() as Record<string, unknown>;
    return z.toJSONSchema(parameters as never);
  } catch (cause) {
    throw new NarthexError("CONFIG_INVALID", `The parameters of tool "${tool}" cannot be written as JSON Schema.`, {
      cause,
    });
  }
}

function isZodLike(value: object): value is { toJSONSchema?: () => unknown } {
  return "toJSONSchema" in value || "_zod" in value;
}
