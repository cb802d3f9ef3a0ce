// File extensions and the languages they stand for.
const EXTENSIONS: Readonly<Record<string, readonly string[]>> = {
  TypeScript: ["ts", "tsx", "mts", "cts"],
  JavaScript: ["js", "jsx", "mjs", "cjs"],
  Python: ["py", "pyi"],
  Go: ["go"],
  Rust: ["rs"],
  Java: ["java"],
  Kotlin: ["kt", "kts"],
  Scala: ["scala"],
  "C#": ["cs"],
  "F#": ["fs"],
  C: ["c", "h"],
  "C++": ["cc", "cpp", "cxx", "hpp", "hh", "hxx"],
  Swift: ["swift"],
  "Objective-C": ["m", "mm"],
  Ruby: ["rb"],
  PHP: ["php"],
  Perl: ["pl", "pm"],
  Lua: ["lua"],
  Dart: ["dart"],
  Elixir: ["ex", "exs"],
  Erlang: ["erl"],
  Haskell: ["hs"],
  OCaml: ["ml", "mli"],
  Clojure: ["clj", "cljs"],
  R: ["r"],
  Julia: ["jl"],
  Zig: ["zig"],
  Shell: ["sh", "bash", "zsh"],
  SQL: ["sql"],
  HTML: ["html", "htm"],
  CSS: ["css", "scss", "sass", "less"],
  Vue: ["vue"],
  Svelte: ["svelte"],
  Markdown: ["md", "mdx", "markdown"],
  JSON: ["json"],
  YAML: ["yml", "yaml"],
  TOML: ["toml"],
  XML: ["xml"],
  Terraform: ["tf"],
  "Protocol Buffers": ["proto"],
  GraphQL: ["graphql", "gql"],
};

const BY_EXTENSION = new Map(
  Object.entries(EXTENSIONS).flatMap(([name, list]) => list.map((ext) => [ext, name] as const)),
);
const NOT_CODE = new Set(["Markdown", "JSON", "YAML", "TOML", "XML"]);

/** The language of an extension (without its dot). */
export function languageOf(extension: string): string | undefined {
  return BY_EXTENSION.get(extension.toLowerCase());
}

/** The extensions of a language. */
export function extensionsOf(language: string): readonly string[] {
  return EXTENSIONS[language] ?? [];
}

export function isCode(language: string): boolean {
  return !NOT_CODE.has(language);
}

const ALIASES: Readonly<Record<string, string>> = {
  golang: "Go",
  csharp: "C#",
  cpp: "C++",
  bash: "Shell",
  js: "JavaScript",
  ts: "TypeScript",
};

/** The language that a text names, as in "the python files". One-letter names count only in capitals. */
export function languageIn(text: string): string | undefined {
  for (const word of text.match(/[A-Za-z][\w+#-]*/g) ?? []) {
    const alias = ALIASES[word.toLowerCase()];
    if (alias !== undefined) return alias;
    const name = Object.keys(EXTENSIONS).find((known) => known.toLowerCase() === word.toLowerCase());
    if (name !== undefined && (name.length > 2 || name === word)) return name;
  }
  return undefined;
}
