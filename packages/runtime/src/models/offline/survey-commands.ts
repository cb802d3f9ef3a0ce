// The shell commands of a survey. Each of them only reads, by our own judgement (a test says so), so that a session
// without anybody to ask can allow them by itself.

const EXTENSION_COUNTS = "grep -o '\\.[A-Za-z0-9]*\"*$' | sort | uniq -c | sort -rn | head -n 40";
/** git's name for a tree without files: what differs from it is everything. */
const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
/** Files that count as being there where no git says so. */
export const PLAIN_FILES = "find . -type f -not -path '*/node_modules/*' -not -path '*/.git/*'";

/** Branch, changes, commits, number of files by extension, size: one command, in sections. */
export const SURVEY_GIT = [
  "echo '@@@ status'; git status --short --branch | head -n 40",
  "echo '@@@ commits'; git log -n 5 --date=short --pretty=format:'%h %ad %an: %s'",
  "echo; echo '@@@ total'; git rev-list --count HEAD",
  "echo '@@@ files'; git ls-files | wc -l",
  `echo '@@@ extensions'; git ls-files | ${EXTENSION_COUNTS}`,
  "echo '@@@ size'; du -sk --exclude=.git --exclude=node_modules .",
].join("; ");

/** The same for a folder without git. */
export const SURVEY_PLAIN = [
  `echo '@@@ files'; ${PLAIN_FILES} | wc -l`,
  `echo '@@@ extensions'; ${PLAIN_FILES} | ${EXTENSION_COUNTS}`,
].join("; ");

/** Lines of the tracked files: in all, and of those with certain extensions. */
export function lineCountCommand(groups: ReadonlyMap<string, readonly string[]>): string {
  const counts = [...groups].map(
    ([name, extensions]) =>
      `echo '@@@ ${name}'; git diff --shortstat ${EMPTY_TREE} -- ${extensions.map((ext) => `'*.${ext}'`).join(" ")}`,
  );
  return [`echo '@@@ all'; git diff --shortstat ${EMPTY_TREE} -- .`, ...counts].join("; ");
}

/** How many files have how many lines, for a folder without git; `extensions` empty for all files. */
export function plainLineCountCommand(extensions: readonly string[]): string {
  const include = extensions.map((ext) => ` --include='*.${ext}'`).join("");
  return `grep -rhIc ''${include} --exclude-dir=node_modules --exclude-dir=.git . | sort -n | uniq -c`;
}

/** All lines together, from the output of `plainLineCountCommand`. */
export function sumLineCounts(output: string): number {
  const rows = [...output.matchAll(/^\s*(\d+)\s+(\d+)$/gm)];
  return rows.reduce((sum, [, files, lines]) => sum + Number(files) * Number(lines), 0);
}

/** The number of lines in git's short statistics; 0 where there is none. */
export function readInsertions(shortstat: string): number {
  return Number(/(\d+) insertions?\(\+\)/.exec(shortstat)?.[1] ?? 0);
}

/** Files per extension, the most first. */
export function readExtensions(sections: ReadonlyMap<string, string>): { extension: string; files: number }[] {
  return (sections.get("extensions") ?? "").split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+\.(\w+)"*$/.exec(line);
    return match?.[2] === undefined ? [] : [{ extension: match[2], files: Number(match[1]) }];
  });
}
