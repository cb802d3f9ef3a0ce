// Working out one edit that replaces every occurrence of a text in a file.

/** The arguments of one `edit` call. */
export interface SingleEdit {
  readonly oldText: string;
  readonly newText: string;
  readonly occurrences: number;
  /** Numbers of the lines with an occurrence, from 1. */
  readonly lines: readonly number[];
}

/**
 * One edit for all occurrences: the text itself when it stands there once, else the lines from the first occurrence to
 * the last, with more lines around them until that piece is the only one of its kind. Undefined when there is none.
 */
export function planReplacement(content: string, oldText: string, newText: string): SingleEdit | undefined {
  const places = occurrencesOf(content, oldText);
  const [first] = places;
  const last = places.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const lines = [...new Set(places.map((at) => lineNumber(content, at)))];
  if (places.length === 1 && occurrencesOf(content, oldText, 1).length === 1)
    return { oldText, newText, occurrences: 1, lines };
  let from = lineStart(content, first);
  let to = lineEnd(content, last + oldText.length);
  while (occurrencesOf(content, content.slice(from, to), 1).length > 1) {
    from = from === 0 ? 0 : lineStart(content, from - 1);
    to = to >= content.length ? content.length : lineEnd(content, to + 1);
  }
  const piece = content.slice(from, to);
  return { oldText: piece, newText: piece.split(oldText).join(newText), occurrences: places.length, lines };
}

/** Where a text stands. With `step` 1 overlapping places count too, as they do for the `edit` tool. */
function occurrencesOf(content: string, text: string, step: number = text.length): number[] {
  const places: number[] = [];
  for (let at = content.indexOf(text); at !== -1; at = content.indexOf(text, at + step)) places.push(at);
  return places;
}

function lineStart(content: string, at: number): number {
  return at <= 0 ? 0 : content.lastIndexOf("\n", at - 1) + 1; // a negative position would count as 0
}

function lineEnd(content: string, at: number): number {
  const end = content.indexOf("\n", at);
  return end === -1 ? content.length : end;
}

function lineNumber(content: string, at: number): number {
  return content.slice(0, at).split("\n").length;
}
