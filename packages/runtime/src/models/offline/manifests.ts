// What the metadata of a project says about it.

/** Files at the top of a project that tell what it is, the most telling first. */
export const MANIFESTS = [
  "package.json",
  "pyproject.toml",
  "setup.py",
  "setup.cfg",
  "go.mod",
  "Cargo.toml",
  "pom.xml",
  "build.gradle",
  "build.gradle.kts",
  "composer.json",
  "mix.exs",
  "Gemfile",
  "CMakeLists.txt",
  "deno.json",
  "Makefile",
] as const;

/** What one manifest tells. */
export interface ManifestFacts {
  readonly name?: string;
  readonly version?: string;
  readonly description?: string;
  readonly entryPoints: readonly string[];
  /** Commands to build or run it, as one types them. */
  readonly commands: readonly string[];
}

const NOTHING: ManifestFacts = { entryPoints: [], commands: [] };

/** Reads a manifest; tolerates any content. */
export function readManifest(file: string, text: string): ManifestFacts {
  if (file === "package.json" || file === "composer.json") return readPackageJson(text);
  if (file === "go.mod") return goFacts(text);
  if (file === "Makefile") return { ...NOTHING, commands: makeTargets(text).map((target) => `make ${target}`) };
  if (file.endsWith(".toml")) return tomlFacts(file, text);
  if (file === "pom.xml") return pomFacts(text);
  if (file === "setup.py") return setupFacts(text);
  return NOTHING;
}

function readPackageJson(text: string): ManifestFacts {
  const json = parseObject(text);
  if (json === undefined) return NOTHING;
  const bin = typeof json["bin"] === "object" && json["bin"] !== null ? Object.values(json["bin"]) : [json["bin"]];
  const entries = [json["main"], json["module"], ...bin].filter((entry) => typeof entry === "string");
  const scripts = Object.keys(scriptsOf(json)).map((script) => (script === "test" ? "npm test" : `npm run ${script}`));
  return {
    ...texts(json),
    entryPoints: [...new Set(entries.map((entry) => entry.replace(/^\.\//, "")))],
    commands: scripts,
  };
}

function texts(json: Record<string, unknown>): Partial<ManifestFacts> {
  const pick = (key: "name" | "version" | "description") => {
    const value = json[key];
    return typeof value === "string" && value !== "" ? { [key]: value } : {};
  };
  return { ...pick("name"), ...pick("version"), ...pick("description") };
}

/** The scripts of a package.json. */
export function scriptsOf(json: Record<string, unknown>): Record<string, string> {
  const scripts = json["scripts"];
  if (typeof scripts !== "object" || scripts === null) return {};
  return Object.fromEntries(
    Object.entries(scripts).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

/** A JSON object; undefined when the text is none. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null && !Array.isArray(json)
      ? (json as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function goFacts(text: string): ManifestFacts {
  const name = /^module\s+(\S+)/m.exec(text)?.[1];
  return { ...(name === undefined ? {} : { name }), entryPoints: [], commands: ["go build ./...", "go test ./..."] };
}

/** The targets of a Makefile, without patterns and special ones. */
export function makeTargets(text: string): string[] {
  return [...text.matchAll(/^([A-Za-z][\w-]*)\s*:(?!=)/gm)].map((match) => match[1] ?? "");
}

function tomlFacts(file: string, text: string): ManifestFacts {
  const value = (key: string): string | undefined =>
    new RegExp(`^${key}\\s*=\\s*["']([^"']*)["']`, "m").exec(text)?.[1];
  const [name, version, description] = [value("name"), value("version"), value("description")];
  const commands = file === "Cargo.toml" ? ["cargo build", "cargo test"] : [];
  const scripts = /^\[project\.scripts\]\n((?:[^[\n].*\n?)*)/m.exec(text)?.[1] ?? "";
  const entryPoints = [...scripts.matchAll(/^([\w-]+)\s*=\s*["']([^"']+)["']/gm)].map(
    (match) => `${match[1]} → ${match[2]}`,
  );
  return {
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(description === undefined ? {} : { description }),
    entryPoints,
    commands,
  };
}

function pomFacts(text: string): ManifestFacts {
  const own = text.replace(/<(parent|dependencies|build)>[\s\S]*?<\/\1>/g, "");
  const name = /<artifactId>([^<]+)</.exec(own)?.[1];
  const description = /<description>([^<]+)</.exec(own)?.[1]?.trim();
  return {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    entryPoints: [],
    commands: ["mvn package", "mvn test"],
  };
}

function setupFacts(text: string): ManifestFacts {
  const value = (key: string): string | undefined => new RegExp(`\\b${key}\\s*=\\s*["']([^"']+)["']`).exec(text)?.[1];
  const [name, description] = [value("name"), value("description")];
  return { ...NOTHING, ...(name === undefined ? {} : { name }), ...(description === undefined ? {} : { description }) };
}

const USUAL_ENTRIES =
  /^(?:src\/)?(?:main|index|app|server|cli|manage|__main__|lib|mod)\.(?:ts|tsx|js|mjs|py|go|rs|rb|php|java|kt|c|cc|cpp|swift)$|^cmd\/[^/.]+\/$|^bin\/[^/]+$|\/__main__\.py$/;

/** Files that by their name are where a program begins. */
export function usualEntryPoints(files: readonly string[]): string[] {
  return files.filter((file) => USUAL_ENTRIES.test(file));
}

/** The heading and the first paragraph of a README. */
export function readmeSummary(text: string): { title?: string; paragraph?: string } {
  const lines = text.replace(/<!--[\s\S]*?-->/g, "").split("\n");
  const titleAt = lines.findIndex(
    (line, i) => /^#\s+\S/.test(line) || (line.trim() !== "" && /^=+$/.test(lines[i + 1] ?? "")),
  );
  const title = titleAt === -1 ? undefined : (lines[titleAt] ?? "").replace(/^#\s+/, "").trim();
  const isProse = (line: string): boolean =>
    /^[A-Za-z*_`"'([>]/.test(line.trim()) && !/^(?:\[!\[|!\[|<|#|\||```|[-*] )/.test(line.trim());
  const start = lines.findIndex((line, i) => i > titleAt && isProse(line));
  const rest = start === -1 ? [] : lines.slice(start);
  const end = rest.findIndex((line) => line.trim() === "");
  const opening = rest
    .slice(0, end === -1 ? undefined : end)
    .map((line) => line.trim())
    .join(" ")
    .replace(/^>\s*/, "");
  return {
    ...(title === undefined ? {} : { title }),
    ...(opening === "" ? {} : { paragraph: opening.length > 400 ? `${opening.slice(0, 400)}…` : opening }),
  };
}
