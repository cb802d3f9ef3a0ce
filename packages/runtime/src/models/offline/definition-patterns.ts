// Telling the place where a name is defined from the places where it is used, for many languages at once.
import { escapePattern } from "./prompt-text.ts";

const KEYWORDS =
  "function\\*?|class|interface|type|enum|struct|trait|union|protocol|extension|object|record|module|namespace|package|def|defp|" +
  "defmodule|defmacro|fn|func|fun|sub|proc|procedure|macro|macro_rules!|typedef|let|const|var|val|static|mod|contract|" +
  "library|message|service|rpc|actor|newtype|data|table|view|alias|event";

/** A pattern for `grep` that finds lines in which a keyword introduces the name. */
export function keywordPattern(name: string): string {
  const symbol = escapePattern(name);
  return `(?:^|[^\\w$.])(?:${KEYWORDS})\\s+(?:\\([^)]*\\)\\s*)?(?:mut\\s+|self\\.|[\\w.]+\\.)?${symbol}${wordEnd(name)}|#\\s*define\\s+${symbol}${wordEnd(name)}`;
}

/** A pattern for `grep` that finds lines that may define the name without a keyword: methods, fields, assignments. */
export function loosePattern(name: string): string {
  const symbol = escapePattern(name);
  return `^[\\w\\s*&<>,:\\[\\]~.#@?$'"-]*${wordStart(name)}${symbol}\\s*(?:<[^>()]*>)?\\s*(?:\\(|:?=[^=>]|:|\\}|;|\\?)|\\}\\s*${symbol}\\s*;`;
}

/** A pattern for `grep` that finds the name as a whole word. */
export function usePattern(name: string): string {
  return `${wordStart(name)}${escapePattern(name)}${wordEnd(name)}`;
}

function wordStart(name: string): string {
  return /^\w/.test(name) ? "\\b" : "";
}

function wordEnd(name: string): string {
  return /\w$/.test(name) ? "\\b" : "";
}

/** What a line is, as far as a name is concerned; the lower the more surely a definition. */
export type DefinitionKind = "declaration" | "method" | "assignment";

const PROSE = /\.(?:md|mdx|markdown|rst|txt|adoc|html?|json|lock|log|csv|svg)$/i;
const COMMENT = /^\s*(?:\/\/|\/\*|\*(?!\s*\()|#(?!\s*(?:define|include)\b)(?:\s|!|$)|--\s|;|%|<!--|"""|''')/;
const STATEMENT =
  /^\s*(?:return|if|else|while|for|switch|case|throw|await|yield|new|delete|import|from|export\s*\{|export\s*\*|use|using|require|include|assert|print|echo|raise|not|and|or|in|of)\b/;

/** What kind of definition of the name this line is; undefined for a use. */
export function classifyDefinition(path: string, text: string, name: string): DefinitionKind | undefined {
  if (PROSE.test(path) || COMMENT.test(text)) return undefined;
  const isImport = /^\s*(?:import|from|use|using|require|include|@import)\b/.test(text) || /\brequire\s*\(/.test(text);
  if (isImport) return undefined;
  if (new RegExp(keywordPattern(name)).test(text)) return isTypeUse(text, name) ? undefined : "declaration";
  if (STATEMENT.test(text)) return undefined;
  const symbol = escapePattern(name);
  if (isMethod(path, text, symbol)) return "method";
  return isAssignment(path, text, symbol) ? "assignment" : undefined;
}

/** `export type { Name }` and `import type Name` only pass a name on. */
function isTypeUse(text: string, name: string): boolean {
  return new RegExp(`^\\s*export\\s+type\\s*\\{|\\btype\\s+${escapePattern(name)}\\s*(?:,|\\}|from\\b)`).test(text);
}

const MODIFIERS =
  "(?:(?:public|private|protected|internal|static|async|get|set|abstract|override|virtual|final|readonly|inline|export|default|constexpr|explicit|synchronized|suspend|operator|extern|unsafe|const)\\s+)*";

function isMethod(path: string, text: string, symbol: string): boolean {
  if (/\.(?:ts|tsx|mts|js|jsx|mjs|cjs|vue|svelte|dart|php)$/.test(path)) {
    // name(…) {  and, in interfaces and abstract classes, name(…): Type;
    const head = `^\\s*${MODIFIERS}#?\\*?${symbol}\\??\\s*(?:<[^()]*>)?\\(`;
    return (
      new RegExp(`${head}.*\\)\\s*(?::[^;=]+)?\\{\\s*$`).test(text) ||
      new RegExp(`${head}[^()]*(?:\\([^()]*\\)[^()]*)*\\)\\s*:\\s*[\\w<>\\[\\]{}|&., ]+;\\s*$`).test(text)
    );
  }
  if (/\.(?:c|h|cc|cpp|cxx|hpp|hh|java|cs|m|mm|kt|scala|groovy|zig)$/.test(path)) {
    // A type, then the name, then parameters, and no semicolon that would make it a call.
    const typed = new RegExp(`^\\s*${MODIFIERS}[A-Za-z_][\\w\\s*&<>,:\\[\\].~]*[\\s*&:~]${symbol}\\s*\\([^;]*$`);
    const bare = new RegExp(`^${symbol}\\s*\\([^;]*\\)\\s*\\{`);
    return typed.test(text) || bare.test(text);
  }
  if (/\.(?:sh|bash|zsh)$/.test(path) || !/\.\w+$/.test(path)) return new RegExp(`^\\s*${symbol}\\s*\\(\\)`).test(text);
  return false;
}

function isAssignment(path: string, text: string, symbol: string): boolean {
  if (/(?:^|\/)(?:Makefile|makefile)$|\.mk$/.test(path))
    return new RegExp(`^${symbol}\\s*:?:?[?+]?=?`).test(text) && /[:=]/.test(text);
  if (/\.(?:css|scss|sass|less)$/.test(path)) return new RegExp(`^\\s*(?:[.#]|--|\\$)${symbol}\\b`).test(text);
  if (/\.(?:py|pyi|rb|sh|bash|r|jl|toml|ini|cfg|env|tf|lua|ex|exs)$/.test(path)) {
    return new RegExp(`^\\s*(?:export\\s+|self\\.|@{0,2})?${symbol}\\s*(?::[^=]+)?=[^=~]`).test(text);
  }
  if (/\.(?:ts|tsx|mts|js|jsx|mjs|cjs|vue|svelte)$/.test(path)) {
    const field = new RegExp(
      `^\\s*(?:(?:readonly|private|protected|public|static|declare)\\s+)+#?${symbol}[?!]?\\s*[:=;]`,
    );
    const member = new RegExp(
      `^\\s*#?${symbol}[?]?\\s*[:=]\\s*(?:async\\s*)?(?:function\\b|\\([^)]*\\)\\s*(?::[^=]+)?=>|\\w+\\s*=>)`,
    );
    const exported = new RegExp(`^\\s*(?:module\\.)?exports\\.${symbol}\\s*=[^=]`);
    const own = new RegExp(`^\\s*this\\.#?${symbol}\\s*=[^=]`);
    return [field, member, exported, own].some((pattern) => pattern.test(text));
  }
  if (path.endsWith(".go"))
    return new RegExp(`^\\s*${symbol}\\s*:=|^\\t${symbol}\\s+(?:=|struct\\b|interface\\b|func\\b)`).test(text);
  return /\.(?:c|h|cc|cpp|hpp)$/.test(path) && new RegExp(`^\\}\\s*${symbol}\\s*;`).test(text);
}
