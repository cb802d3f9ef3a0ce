// Filling in the arguments of a tool from a prompt, by the tool's own schema.
import type { ToolDeclaration } from "../model.ts";
import type { MaskedPrompt } from "./prompt-text.ts";

interface Property {
  readonly name: string;
  readonly type: string;
  readonly choices: readonly string[];
  readonly isRequired: boolean;
}

/** The properties of a tool's arguments, the required ones first. */
export function propertiesOf(tool: ToolDeclaration): Property[] {
  const properties = tool.parameters["properties"];
  if (typeof properties !== "object" || properties === null) return [];
  const required = Array.isArray(tool.parameters["required"]) ? (tool.parameters["required"] as unknown[]) : [];
  return Object.entries(properties as Record<string, unknown>)
    .map(([name, schema]) => describeProperty(name, schema, required.includes(name)))
    .sort((a, b) => Number(b.isRequired) - Number(a.isRequired));
}

function describeProperty(name: string, schema: unknown, isRequired: boolean): Property {
  const { type, enum: choices } =
    typeof schema === "object" && schema !== null ? (schema as { type?: unknown; enum?: unknown }) : {};
  const kind = Array.isArray(type) ? (type as unknown[]).find((one) => one !== "null") : type;
  return {
    name,
    type: typeof kind === "string" ? kind : "string",
    choices: Array.isArray(choices) ? choices.filter((choice) => typeof choice === "string") : [],
    isRequired,
  };
}

/** A JSON object written in a prompt, quoted or not. */
export function jsonIn(prompt: string): Record<string, unknown> | undefined {
  for (let start = prompt.indexOf("{"); start !== -1; start = prompt.indexOf("{", start + 1)) {
    for (let end = prompt.lastIndexOf("}"); end > start; end = prompt.lastIndexOf("}", end - 1)) {
      const parsed = parseObject(prompt.slice(start, end + 1));
      if (parsed !== undefined) return parsed;
      if (prompt.length > 2_000) break; // not every pair of braces of a long text is worth a try
    }
  }
  return undefined;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/**
 * One set of arguments for each call the prompt asks for: several where it lists values ("in Seattle and Tokyo") for a
 * tool with one required text.
 */
export function argumentsFrom(masked: MaskedPrompt, tool: ToolDeclaration): Record<string, unknown>[] {
  const properties = propertiesOf(tool);
  const required = properties.filter((property) => property.isRequired);
  const wanted = required.length > 0 ? required : properties.slice(0, 1);
  const named = new Map(properties.flatMap((property) => namedValue(masked, property)));
  const text = masked.text.replaceAll(new RegExp(`\\b${tool.name.replace(/[^\w]/g, ".")}\\b`, "gi"), " ");
  const [only, ...others] = wanted;
  if (
    only !== undefined &&
    others.length === 0 &&
    only.type === "string" &&
    only.choices.length === 0 &&
    !named.has(only.name)
  ) {
    return textValues(masked, text).map((value) => ({ ...Object.fromEntries(named), [only.name]: value }));
  }
  const queue = textQueue(masked, text);
  const numbers =
    text
      .replace(/⟦\d+⟧/g, " ")
      .match(/-?\d+(?:\.\d+)?/g)
      ?.map(Number) ?? [];
  for (const property of wanted) {
    if (named.has(property.name)) continue;
    const value = nextValue(property, masked, queue, numbers);
    if (value !== undefined) named.set(property.name, value);
  }
  return [Object.fromEntries(named)];
}

/** `city=Paris`, `city: "Paris"`. */
function namedValue(masked: MaskedPrompt, property: Property): [string, unknown][] {
  const name = property.name.replace(/[^\w]/g, ".");
  const match = new RegExp(`(?<![\\w])${name}\\s*[=:]\\s*(⟦\\d+⟧|[^\\s,;]+)`, "i").exec(masked.text);
  const value = match?.[1] === undefined ? undefined : convert(masked.unmask(match[1]), property.type);
  return value === undefined ? [] : [[property.name, value]];
}

function nextValue(property: Property, masked: MaskedPrompt, queue: string[], numbers: number[]): unknown {
  if (property.choices.length > 0) {
    return (
      property.choices.find((choice) => masked.unmask(masked.text).toLowerCase().includes(choice.toLowerCase())) ??
      property.choices[0]
    );
  }
  if (property.type === "number" || property.type === "integer") return numbers.shift() ?? 0;
  if (property.type === "boolean") return !/\b(?:no|not|false|without|off)\b/i.test(masked.text);
  if (property.type === "array") return queue.splice(0);
  return property.type === "object" ? {} : (queue.shift() ?? "");
}

function convert(text: string, type: string): unknown {
  if (type === "number" || type === "integer") return Number.isNaN(Number(text)) ? undefined : Number(text);
  if (type === "boolean") return /^(?:true|yes|on|1)$/i.test(text);
  return text;
}

/** Texts of a prompt in order: quoted parts, else capitalised words, else the words at its end. */
function textQueue(masked: MaskedPrompt, text: string): string[] {
  if (masked.quotes.length > 0) return [...masked.quotes];
  const names = capitalised(text);
  if (names.length > 0) return names;
  const words = text.split(/[\s,;.?!]+/).filter((word) => word !== "" && !FILLER.test(word));
  return words;
}

const FILLER =
  /^(?:use|call|run|invoke|try|please|the|a|an|tool|tools|function|with|and|to|for|of|in|on|at|by|from|me|my|i|is|are|what|what's|whats|how|get|give|tell|show|can|could|you|like|about|do|does|it|this|that|will|now|then|currently|right|today)$/i;

function textValues(masked: MaskedPrompt, text: string): string[] {
  if (masked.quotes.length > 0) return [...masked.quotes];
  const names = capitalised(text);
  if (names.length > 0) return names;
  const tail = /\b(?:for|in|of|about|with|to|on|at|named|called)\s+(?:the\s+)?([^.?!]+?)\s*[.?!]*\s*$/i.exec(text)?.[1];
  const words = (tail ?? text).split(/\s+/).filter((word) => !FILLER.test(word.replace(/[.?!,;]+$/, "")));
  return [words.join(" ").replace(/[.?!,;]+$/, "")];
}

/** Names such as "New York": runs of capitalised words that do not only begin a sentence. */
function capitalised(text: string): string[] {
  const runs = [...text.matchAll(/(?<=\S\s+|,)[A-Z][\w'’-]*(?:\s+[A-Z][\w'’-]*)*/g)].map((match) => match[0]);
  return [...new Set(runs.filter((run) => !FILLER.test(run)))].slice(0, 8);
}
