import { NarthexError, messageOf } from "@narthex/protocol";
import type { ToolResult, ToolResultObject } from "./types/tool.ts";

/** Whatever a tool handler returned, in a shape the runtime takes. */
export function toToolResult(value: unknown): ToolResult {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  if (isToolResultObject(value)) return value;
  try {
    return JSON.stringify(value) ?? "";
  } catch (cause) {
    throw new NarthexError("HANDLER_FAILED", "The tool returned a value that cannot be written as JSON.", { cause });
  }
}

function isToolResultObject(value: unknown): value is ToolResultObject {
  return typeof value === "object" && value !== null && "textResultForLlm" in value && "resultType" in value;
}

/** What the model is told when a handler threw. */
export function failedToolResult(error: unknown): ToolResultObject {
  const message = messageOf(error);
  return { textResultForLlm: `The tool failed: ${message}`, resultType: "failure", error: message };
}

interface McpCallToolResult {
  content: (
    | { type: "text"; text: string }
    | { type: "image"; data: string; mimeType: string }
    | { type: "resource"; resource: { uri: string; mimeType?: string; text?: string; blob?: string } }
  )[];
  isError?: boolean;
}

/** The result of an MCP tool call as a tool result: texts joined by line breaks, images and blobs as binary results. */
export function convertMcpCallToolResult(callResult: McpCallToolResult): ToolResultObject {
  const texts: string[] = [];
  const binaries: NonNullable<ToolResultObject["binaryResultsForLlm"]> = [];
  for (const part of callResult.content) {
    if (part.type === "text") texts.push(part.text);
    else if (part.type === "image") binaries.push({ data: part.data, mimeType: part.mimeType, type: "image" });
    else if (part.resource.text !== undefined) texts.push(part.resource.text);
    else if (part.resource.blob !== undefined) {
      const mimeType = part.resource.mimeType ?? "application/octet-stream";
      binaries.push({ data: part.resource.blob, mimeType, type: "resource", description: part.resource.uri });
    }
  }
  return {
    textResultForLlm: texts.join("\n"),
    resultType: callResult.isError === true ? "failure" : "success",
    ...(binaries.length === 0 ? {} : { binaryResultsForLlm: binaries }),
  };
}
