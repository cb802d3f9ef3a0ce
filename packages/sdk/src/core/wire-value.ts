/** A field of a wire object as text; empty when it is anything else. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
