// Where the paths of a command line really lead.
import { lstat, readdir, realpath } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { isInside } from "../workspace/path-jail.ts";

/** Most entries of a folder that are looked at for a pattern. */
const MAX_ENTRIES = 5_000;

/** Of these words, the ones that name something in the folder. */
export async function existingNames(folder: string, names: readonly string[]): Promise<string[]> {
  const facts = await Promise.all(names.map((name) => lstat(join(folder, name)).catch(() => undefined)));
  return names.filter((_, i) => facts[i] !== undefined);
}

/**
 * The real path of each word, links followed. A word that cannot be told (a pattern in the middle of a path, another
 * user's home) has no entry; a pattern whose matches may include a link out of the folder gets that link's target.
 *
 * @param patterns those of the words that the shell expands
 */
export async function resolvePaths(
  folder: string,
  words: readonly string[],
  patterns: readonly string[],
): Promise<Record<string, string>> {
  const pairs = await Promise.all(
    words.map(async (word) => [word, await resolveWord(folder, word, patterns.includes(word))] as const),
  );
  const known = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined);
  return Object.fromEntries(known);
}

async function resolveWord(folder: string, word: string, isPattern: boolean): Promise<string | undefined> {
  if (/^~(?!\/|$)/.test(word)) return undefined;
  const absolute = resolve(folder, word.startsWith("~") ? join(homedir(), word.slice(1)) : word);
  if (!isPattern) return realPathOf(absolute);
  if (/[*?[]/.test(dirname(word))) return undefined;
  return patternTarget(folder, await realPathOf(dirname(absolute)), basename(absolute));
}

async function patternTarget(folder: string, parent: string, pattern: string): Promise<string | undefined> {
  const entries = await readdir(parent, { withFileTypes: true }).catch(() => []);
  if (entries.length > MAX_ENTRIES) return undefined;
  for (const entry of entries) {
    if (!entry.isSymbolicLink()) continue;
    const target = await realPathOf(join(parent, entry.name));
    if (!isInside(folder, target)) return target;
  }
  return join(parent, pattern);
}

/** The real path of what exists of it, the rest as it is. */
async function realPathOf(path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined);
  if (real !== undefined || dirname(path) === path) return real ?? path;
  return join(await realPathOf(dirname(path)), basename(path));
}
