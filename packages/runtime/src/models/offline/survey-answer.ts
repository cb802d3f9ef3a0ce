// The answer of a survey, written from what the tools gave.
import { isCode, languageOf } from "./languages.ts";
import { readManifest, readmeSummary, usualEntryPoints, type ManifestFacts } from "./manifests.ts";
import { readExtensions, readInsertions } from "./survey-commands.ts";
import { detectTestCommands } from "./test-commands.ts";
import { bytes, code, count, firstFew } from "./wording.ts";

export interface SurveyFacts {
  /** Two levels of the workspace; undefined when they could not be read. */
  readonly entries: readonly string[] | undefined;
  readonly isGit: boolean;
  /** Sections of the first command. */
  readonly sections: ReadonlyMap<string, string>;
  /** README and manifests with their text. */
  readonly files: ReadonlyMap<string, string>;
  /** Sections of the second command. */
  readonly more: ReadonlyMap<string, string>;
  /** Why git tells nothing, as a sentence. */
  readonly trouble?: string;
  /** Why the shell gave nothing. */
  readonly shellFailure?: string;
}

/** Writes the answer. */
export function writeSurvey(facts: SurveyFacts): string {
  if (facts.entries?.length === 0 && trackedFiles(facts) === 0) return emptyAnswer(facts);
  const parts = [
    whatItIs(facts),
    size(facts),
    languages(facts),
    layout(facts),
    entryPoints(facts),
    commands(facts),
    history(facts),
    facts.shellFailure === undefined
      ? undefined
      : `**Not seen.** The shell command did not run, so history and sizes are missing: ${facts.shellFailure.slice(0, 300)}`,
  ];
  return parts.filter((part) => part !== undefined).join("\n\n");
}

function emptyAnswer(facts: SurveyFacts): string {
  const kind = facts.isGit
    ? `a git repository without ${hasCommits(facts) ? "visible files" : "commits and files"}`
    : "an empty folder";
  const trouble = facts.trouble === undefined ? "" : ` ${facts.trouble}`;
  return `This workspace is ${kind}.${trouble} There is nothing to survey yet. Ask me to create a file, for example: create file hello.txt with "hello".`;
}

function whatItIs(facts: SurveyFacts): string {
  const manifests = manifestsOf(facts);
  const main = manifests.find(([, { name }]) => name !== undefined);
  const readme = [...facts.files].find(([file]) => /^readme/i.test(file));
  const { title, paragraph } = readmeSummary(readme?.[1] ?? "");
  const lines: string[] = [];
  if (main !== undefined) {
    const [file, { name, version, description }] = main;
    lines.push(
      `${code(name ?? "")}${version === undefined ? "" : ` ${version}`}${description === undefined ? "" : `: ${description.replace(/\.$/, "")}`} (${file}).`,
    );
  }
  if (title !== undefined) lines.push(`The README is headed "${title}".`);
  if (paragraph !== undefined) lines.push(`It begins: "${paragraph}"`);
  if (lines.length === 0) lines.push("There is no README and no metadata that would say what this is.");
  if (facts.trouble !== undefined) lines.push(facts.trouble);
  return `**What it is.** ${lines.join(" ")}`;
}

function size(facts: SurveyFacts): string | undefined {
  const files = trackedFiles(facts);
  if (files === undefined) return undefined;
  const lines = readInsertions(facts.more.get("all") ?? "");
  const kib = Number(/^(\d+)/.exec(facts.sections.get("size") ?? "")?.[1] ?? Number.NaN);
  const parts = [
    count(files, facts.isGit ? "tracked file" : "file"),
    ...(lines > 0 ? [`${count(lines, "line")} of text`] : []),
    ...(Number.isNaN(kib) ? [] : [`${bytes(kib * 1_024)} on disk (without .git and node_modules)`]),
  ];
  return `**Size.** ${parts.join(", ")}.`;
}

function languages(facts: SurveyFacts): string | undefined {
  const perLanguage = new Map<string, number>();
  for (const { extension, files } of readExtensions(facts.isGit ? facts.sections : facts.more)) {
    const language = languageOf(extension);
    if (language !== undefined) perLanguage.set(language, (perLanguage.get(language) ?? 0) + files);
  }
  if (perLanguage.size === 0) return undefined;
  const sorted = [...perLanguage].sort((a, b) => Number(isCode(b[0])) - Number(isCode(a[0])) || b[1] - a[1]);
  const shown = sorted.slice(0, 8).map(([language, files]) => {
    const lines = readInsertions(facts.more.get(language) ?? "");
    return `${language} (${count(files, "file")}${lines > 0 ? `, ${count(lines, "line")}` : ""})`;
  });
  return `**Languages.** ${shown.join(", ")}.`;
}

function layout(facts: SurveyFacts): string | undefined {
  const entries = facts.entries ?? [];
  const top = entries.filter((entry) => /^[^/]+\/?$/.test(entry));
  if (top.length === 0) return undefined;
  const folders = top.filter((entry) => entry.endsWith("/"));
  const rows = folders.slice(0, 20).map((folder) => {
    const inside = entries
      .filter((entry) => entry.startsWith(folder) && entry !== folder)
      .map((entry) => entry.slice(folder.length));
    return `- ${code(folder)} ${inside.length === 0 ? "(nothing visible)" : firstFew(inside, 6)}`;
  });
  const files = top.filter((entry) => !entry.endsWith("/"));
  if (folders.length > 20) rows.push(`- … and ${folders.length - 20} more folders`);
  if (files.length > 0) rows.push(`- at the top: ${firstFew(files, 15)}`);
  return `**Layout.**\n${rows.join("\n")}`;
}

function entryPoints(facts: SurveyFacts): string | undefined {
  const named = manifestsOf(facts).flatMap(([file, { entryPoints: found }]) =>
    found.map((entry) => `${code(entry)} (${file})`),
  );
  const usual = usualEntryPoints(facts.entries ?? []).map((file) => code(file));
  const all = [...new Set([...named, ...usual])];
  return all.length === 0 ? undefined : `**Entry points.** ${firstFew(all, 10)}.`;
}

function commands(facts: SurveyFacts): string {
  const found = [...new Set(manifestsOf(facts).flatMap(([, manifest]) => manifest.commands))];
  const [test] = detectTestCommands(facts.entries ?? [], facts.files);
  const build = found.length === 0 ? "No build commands were found." : `Commands: ${firstFew(found.map(code), 12)}.`;
  const tests = test === undefined ? "No way to run tests was found." : `Tests: ${code(test.command)} (${test.why}).`;
  return `**Build and tests.** ${build} ${tests}`;
}

function history(facts: SurveyFacts): string | undefined {
  if (!facts.isGit) return undefined;
  const [head = "", ...changes] = (facts.sections.get("status") ?? "").split("\n");
  const branch = head.replace(/^## /, "").replace(/\.\.\..*$/, "");
  const state = changes.length === 0 ? "nothing uncommitted" : count(changes.length, "uncommitted change");
  if (!hasCommits(facts)) return `**History.** There are no commits yet (${state}).`;
  const total = Number(facts.sections.get("total"));
  const of = Number.isInteger(total) && total > 0 ? `, ${count(total, "commit")} here` : "";
  const commits = (facts.sections.get("commits") ?? "").split("\n").filter((line) => line !== "");
  return `**History.** ${branch.startsWith("HEAD") ? "Detached HEAD" : `Branch ${code(branch)}`}${of}, ${state}. Last commits:\n${commits.map((line) => `- ${line}`).join("\n")}`;
}

function hasCommits(facts: SurveyFacts): boolean {
  const commits = facts.sections.get("commits") ?? "";
  return commits !== "" && !commits.startsWith("fatal");
}

function trackedFiles(facts: SurveyFacts): number | undefined {
  const section = (facts.isGit ? facts.sections : facts.more).get("files");
  const number = Number(section?.trim());
  return section === undefined || Number.isNaN(number) ? undefined : number;
}

function manifestsOf(facts: SurveyFacts): (readonly [string, ManifestFacts])[] {
  return [...facts.files]
    .filter(([file]) => !/^readme/i.test(file))
    .map(([file, text]) => [file, readManifest(file, text)] as const);
}
