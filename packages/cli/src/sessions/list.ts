import process from "node:process";
import { colorsFor } from "../colors.ts";
import { readStore, storeOf, type StoreFlags } from "./store.ts";

const MAX_LISTED = 1_000;

/** Lists the stored sessions, newest change first. */
export async function listCommand(flags: StoreFlags): Promise<void> {
  const store = storeOf(flags);
  if (!store.exists) return sayNothingYet(flags); // looking must not make a data directory
  await readStore(store, async (engine) => {
    const records = await engine.directory.list({}, { limit: MAX_LISTED });
    const colors = colorsFor(process.stdout);
    for (const { id, createdAt, updatedAt, isCloud, attributes } of records) {
      const { repository, branch, summary, cwd } = attributes as Record<string, string | undefined>;
      if (flags.json === true) {
        process.stdout.write(
          `${JSON.stringify({ id, createdAt, updatedAt, isCloud, repository, branch, cwd, summary })}\n`,
        );
        continue;
      }
      const place =
        repository === undefined ? (cwd ?? "") : `${repository}${branch === undefined ? "" : ` (${branch})`}`;
      const when = updatedAt.replace("T", " ").slice(0, 16);
      process.stdout.write(`${colors.cyan(id)}  ${colors.dim(when)}  ${place}  ${colors.bold(summary ?? "")}\n`);
    }
    if (records.length === 0) sayNothingYet(flags);
  });
}

function sayNothingYet(flags: StoreFlags): void {
  if (flags.json !== true) process.stdout.write("No sessions yet. `narthex run` makes one.\n");
}
