// Reading prompts. Quoted parts are masked first, so that no pattern mistakes their words for its own.

/** A prompt whose quoted parts stand as `⟦0⟧`, `⟦1⟧`, … */
export interface MaskedPrompt {
  readonly text: string;
  /** Puts the quoted parts back, without their quotes. */
  readonly unmask: (text: string) => string;
  /** The quoted parts, in order. */
  readonly quotes: readonly string[];
}

// Fenced blocks, back quotes, double quotes, typographic quotes; single quotes only where a word begins and ends, so
// that "don't" and "it's" stay words.
const QUOTED =
  /```[^\n]*\n([\s\S]*?)\n?```|`([^`\n]+)`|"((?:[^"\\]|\\.)*)"|“([^”]*)”|«([^»]*)»|(?<![\w])'((?:[^'\\]|\\.)*)'(?![\w])/g;

/** Masks the quoted parts of a prompt. */
export function maskQuotes(prompt: string): MaskedPrompt {
  const quotes: string[] = [];
  const text = prompt.replace(QUOTED, (whole, ...groups: unknown[]) => {
    const inner = groups.slice(0, 6).find((group): group is string => typeof group === "string");
    quotes.push(whole.startsWith('"') || whole.startsWith("'") ? unescapeQuotes(inner ?? "") : (inner ?? ""));
    return `⟦${quotes.length - 1}⟧`;
  });
  const unmask = (masked: string): string => masked.replace(/⟦(\d+)⟧/g, (_, at: string) => quotes[Number(at)] ?? "");
  return { text, unmask, quotes };
}

/** `\"` and `\'` are quotes within quotes; every other backslash stays, as in a path or a pattern. */
function unescapeQuotes(text: string): string {
  return text.replace(/\\(["'])/g, "$1");
}

/** A word of a prompt that looks like a file: has an extension or a slash, or is a well-known name. */
const FILE_WORD =
  /(?<![\w./-])(?:\.{0,2}\/)?(?:[\w@.+-]+\/)*(?:[\w@+-][\w@.+-]*\.[A-Za-z][\w-]{0,11}|\.[A-Za-z][\w.-]+|README|LICENSE|Makefile|Dockerfile|CHANGELOG|Gemfile|Rakefile|go\.mod)(?![\w/-])/i;

/** The file that a part of a prompt names, quoted or not. */
export function fileIn(masked: MaskedPrompt, part: string = masked.text): string | undefined {
  const quoted = /⟦(\d+)⟧/.exec(part);
  if (quoted !== null) return cleanPath(masked.unmask(quoted[0]));
  const word = FILE_WORD.exec(part)?.[0] ?? /(?<![\w:])[\w@.+-]+(?:\/[\w@.+-]+)+/.exec(part)?.[0];
  return word === undefined ? undefined : cleanPath(word);
}

/** The folder that a part such as "in src/lib" names. */
export function folderIn(masked: MaskedPrompt, part: string = masked.text): string | undefined {
  const match =
    /\b(?:in|under|inside|within|below|of)\s+(?:the\s+)?(?:folder\s+|directory\s+)?(⟦\d+⟧|[\w@.+/-]+)/i.exec(part);
  const word = match?.[1] === undefined ? undefined : cleanPath(masked.unmask(match[1]));
  const isOrdinary =
    word === undefined ||
    /^(?:the|this|that|it|here|all|total|my|repo(?:sitory)?|project|workspace|folder|directory|code|codebase|size|order|files?|lines?)$/i.test(
      word,
    );
  return isOrdinary ? undefined : word;
}

function cleanPath(text: string): string {
  return text
    .trim()
    .replace(/^\.\/+/, "")
    .replace(/[.,;:!?]+$/, "")
    .replace(/(.)\/+$/, "$1");
}

/** The first whole number of a text within bounds. */
export function numberIn(text: string, fallback: number, max: number): number {
  const found = /(?<![\w.])(\d{1,4})(?![\w.%])/.exec(text)?.[1];
  const words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
  const spelled = words.findIndex((word) => new RegExp(`\\b${word}\\b`, "i").test(text)) + 1;
  const number = found === undefined ? spelled : Number(found);
  return number >= 1 ? Math.min(number, max) : fallback;
}

/** The text as a part of a regular expression that stands for itself. */
export function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
