import { createHash } from "node:crypto";

import { toJson } from "./event-body.ts";

/**
 * A digest of a plain JSON value. The order of an object's fields does not matter, so a request that was written anew by
 * another program has the same one.
 * @throws {NarthexError} INVALID_PARAMS when it cannot be written as JSON.
 */
export function digestOf(value: unknown, what: string): string {
  const json = toJson({ value }, what);
  return createHash("sha256")
    .update(JSON.stringify(sorted(JSON.parse(json))))
    .digest("base64");
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, field]) => [name, sorted(field)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : Number(a > b))));
}
