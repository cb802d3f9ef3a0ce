/** Control characters other than line breaks and tabs. */
const CONTROL = /[^\P{Cc}\n\t]/gu;

/**
 * The value with control characters taken out of all its strings: what models, tools and repositories say must not steer
 * the terminal.
 */
export function withoutControlCharacters<T>(value: T): T {
  if (typeof value === "string") return value.replace(CONTROL, "") as T;
  if (Array.isArray(value)) return value.map(withoutControlCharacters) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, withoutControlCharacters<unknown>(field)]),
  ) as T;
}
