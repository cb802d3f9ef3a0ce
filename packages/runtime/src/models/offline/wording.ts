// Small pieces of answers.

/** `1 file`, `2 files`. */
export function count(number: number, noun: string, plural: string = `${noun}s`): string {
  return `${number.toLocaleString("en-US")} ${number === 1 ? noun : plural}`;
}

/** `12 B`, `3.4 KiB`, `5.6 MiB`. */
export function bytes(number: number): string {
  if (number < 1_024) return `${number} B`;
  const units = ["KiB", "MiB", "GiB"];
  let value = number / 1_024;
  let at = 0;
  while (value >= 1_024 && at < units.length - 1) {
    value /= 1_024;
    at += 1;
  }
  return `${value.toFixed(1)} ${units[at]}`;
}

/** A block of code or output. The fence is longer than any in the text. */
export function block(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map((match) => match[0].length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

/** Text as inline code. */
export function code(text: string): string {
  return text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/** The last lines of a text. */
export function lastLines(text: string, maxLines: number): string {
  const lines = text.split("\n");
  return lines.length <= maxLines ? text : `…\n${lines.slice(-maxLines).join("\n")}`;
}

/** The first few of a list, and how many more there are. */
export function firstFew(items: readonly string[], max: number, separator = ", "): string {
  const rest = items.length - max;
  return (
    items.slice(0, max).join(separator) + (rest > 0 ? `${separator}… and ${rest.toLocaleString("en-US")} more` : "")
  );
}
