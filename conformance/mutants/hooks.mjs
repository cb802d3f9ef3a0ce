// Replaces text in modules. A text that is not there exactly once is an error: the mutant is stale.
let patches = [];

export async function initialize(data) {
  patches = data;
}

export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  const mine = patches.filter(({ file }) => url.endsWith(`/${file}`));
  if (mine.length === 0) return loaded;
  let source = String(loaded.source);
  for (const { file, find, replace } of mine) {
    const parts = source.split(find);
    if (parts.length !== 2) throw new Error(`stale mutant: ${parts.length - 1} places in ${file} look like: ${find}`);
    source = parts.join(replace);
  }
  return { ...loaded, source };
}
