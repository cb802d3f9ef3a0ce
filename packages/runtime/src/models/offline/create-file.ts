// "Create file NAME with CONTENT".
import { fileIn, maskQuotes } from "./prompt-text.ts";
import { missingTools, resultAt, type Skill, type SkillContext, type SkillRun } from "./skill.ts";
import { isRefusal, reasonOf } from "./tool-results.ts";
import { block, code } from "./wording.ts";

const PATTERN =
  /\b(?:create|write|add|make|save)\s+(?:me\s+)?(?:a\s+|an\s+|the\s+)?(?:new\s+)?(?:text\s+)?(?:file\s+)?(?:called\s+|named\s+)?(?<file>⟦\d+⟧|\S+)\s*(?:,?\s*(?:with|containing|that (?:says|contains|reads)|which (?:says|contains)|saying))\s*(?:the\s+)?(?:following\s+)?(?:text|content|contents|line|words?)?\s*:?\s*(?<text>[\s\S]+)$/i;

export const createFileSkill: Skill = {
  name: "create a file",
  example: 'create file notes.txt with "hello"',
  match(context) {
    const masked = maskQuotes(context.prompt.trim());
    const groups = PATTERN.exec(masked.text)?.groups;
    const file = groups?.["file"] === undefined ? undefined : fileIn(masked, groups["file"]);
    const text = groups?.["text"];
    if (file === undefined || text === undefined) return undefined;
    const quoted = /⟦\d+⟧/.exec(text)?.[0];
    return () => createFile(context, file, masked.unmask(quoted ?? text.trim()));
  },
};

function* createFile(context: SkillContext, file: string, text: string): SkillRun {
  const missing = missingTools(context, "create");
  if (missing !== undefined) return missing;
  const content = text.endsWith("\n") || text === "" ? text : `${text}\n`;
  const results = yield {
    say: `I create ${code(file)}.`,
    calls: [{ name: "create", arguments: { path: file, file_text: content } }],
  };
  const result = resultAt(results, 0);
  if (result.text.startsWith("Created ")) return `${result.text.trim()}\n${block(text)}`;
  const happened = isRefusal(result.text) ? "I was not allowed to create it" : "It could not be created";
  return `${code(file)} was not created. ${happened}: ${reasonOf(result)}`;
}
