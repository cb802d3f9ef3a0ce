// "Search for X" and "where is X used".
import { usePattern } from "./definition-patterns.ts";
import { escapePattern, folderIn, maskQuotes, type MaskedPrompt } from "./prompt-text.ts";
import { grep, missingTools, resultAt, type Skill, type SkillContext, type SkillRun } from "./skill.ts";
import { readCounts, readGrep } from "./tool-results.ts";
import { block, code, count, firstFew } from "./wording.ts";

const WHAT = "(?<what>⟦\\d+⟧|\\S+)";
const OF = "(?:the\\s+)?(?:text|string|word|pattern|regex|symbol|function|class|method|variable|name)?\\s*";
const PATTERNS = [
  new RegExp(
    `\\b(?:search|grep|look|scan|hunt)\\b(?:\\s+(?:the\\s+|this\\s+|all\\s+)?(?:files|code|code\\s?base|repo(?:sitory)?|project|workspace|everything|everywhere))?\\s+for\\s+${OF}${WHAT}`,
    "i",
  ),
  new RegExp(`\\bgrep\\s+(?:-\\w+\\s+)*${WHAT}`, "i"),
  new RegExp(
    `\\b(?:find|list|show|get)\\s+(?:me\\s+)?(?:all\\s+|every\\s+|the\\s+)*(?:uses?|usages?|occurrences?|references?|mentions?|callers?|calls|instances)\\s+(?:of|to)\\s+${OF}${WHAT}`,
    "i",
  ),
  new RegExp(
    `\\bwhere\\s+(?:is|are|do we|does)\\s+${OF}${WHAT}\\s+(?:is\\s+)?(?:used|mentioned|called|referenced|imported|found|appear)`,
    "i",
  ),
  new RegExp(
    `\\b(?:which|what)\\s+files?\\s+(?:contain|contains|mention|mentions|use|uses|import|imports|reference|references|have|has|call|calls)\\s+${OF}${WHAT}`,
    "i",
  ),
  /\b(?:find|search)\s+(?:all\s+)?(?<what>⟦\d+⟧)/i,
  // Marks in capitals, such as those that people leave for later.
  /\b(?:[Ff]ind|[Ll]ist|[Ss]how)\s+(?:me\s+)?(?:all|every)\s+(?:the\s+)?(?<what>[A-Z]{3,10})s?(?![\w.])(?!\s+files?)/,
];
const MAX_SHOWN = 40;

export const searchTextSkill: Skill = {
  name: "search",
  example: 'search for "deprecated"',
  match(context) {
    const masked = maskQuotes(context.prompt);
    const order = readOrder(masked);
    return order === undefined ? undefined : () => searchText(context, order);
  },
};

interface Order {
  readonly what: string;
  readonly isRegex: boolean;
  readonly folder: string | undefined;
}

function readOrder(masked: MaskedPrompt): Order | undefined {
  for (const pattern of PATTERNS) {
    const match = pattern.exec(masked.text);
    const found = match?.groups?.["what"];
    if (match === null || found === undefined) continue;
    const what = masked.unmask(found).replace(/(?:\(\))?[.?!,;:]*$/, "");
    if (what === "" || /^(?:a|an|the|all|any|some|this|that)$/i.test(what)) continue;
    const rest = masked.text.slice(match.index + match[0].length);
    return {
      what,
      isRegex: /\b(?:regex|pattern|regular expression)\b/i.test(masked.text),
      folder: folderIn(masked, rest),
    };
  }
  return undefined;
}

function* searchText(context: SkillContext, { what, isRegex, folder }: Order): SkillRun {
  const missing = missingTools(context, "grep");
  if (missing !== undefined) return missing;
  const pattern = isRegex ? what : /^\w+$/.test(what) ? usePattern(what) : escapePattern(what);
  const place = folder === undefined ? {} : { path: folder };
  const results = yield {
    say: `I search for ${code(what)}.`,
    calls: [
      grep({ pattern, output_mode: "content", head_limit: MAX_SHOWN, ...place }),
      grep({ pattern, output_mode: "count", ...place }),
    ],
  };
  const found = readGrep(resultAt(results, 0));
  if (found.failure !== undefined) return `The search for ${code(what)} failed: ${found.failure}`;
  if (found.lines.length > 0) return writeFound(what, found.lines, readCounts(resultAt(results, 1).text), folder);
  const loose = yield {
    say: "Nothing in exactly this form, so I look regardless of case and word ends.",
    calls: [
      grep({
        pattern: isRegex ? what : escapePattern(what),
        "-i": true,
        output_mode: "content",
        head_limit: MAX_SHOWN,
        ...place,
      }),
    ],
  };
  const near = readGrep(resultAt(loose, 0)).lines;
  if (near.length === 0)
    return `No file ${folder === undefined ? "of this workspace" : `in ${code(folder)}`} contains ${code(what)}, in upper or lower case.`;
  return `Nothing matches ${code(what)} exactly. Regardless of case and word ends:\n${block(near.map((line) => `${line.path}:${line.line}: ${line.text.trim()}`).join("\n"))}`;
}

function writeFound(
  what: string,
  lines: readonly { path: string; line: number; text: string }[],
  perFile: ReadonlyMap<string, number>,
  folder: string | undefined,
): string {
  const total = [...perFile.values()].reduce((sum, number) => sum + number, 0);
  const all = Math.max(total, lines.length);
  const files = [...perFile].sort((a, b) => b[1] - a[1]).map(([path, number]) => `${path} (${number})`);
  const where = folder === undefined ? "" : ` in ${code(folder)}`;
  const head = `${code(what)} stands on ${count(all, "line")} of ${count(Math.max(perFile.size, 1), "file")}${where}.`;
  const most = files.length > 1 ? ` Most in: ${firstFew(files, 8)}.` : "";
  const cut = all > lines.length ? `\nThe first ${lines.length} are shown.` : "";
  return `${head}${most}\n${block(lines.map((line) => `${line.path}:${line.line}: ${line.text.trim()}`).join("\n"))}${cut}`;
}
