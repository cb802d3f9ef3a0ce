/** A field of a wire object as text; empty when it is anything else. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A value of any kind as an error message shows it. */
export function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : (JSON.stringify(value) ?? typeof value);
}
