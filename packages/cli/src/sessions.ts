import { existsSync } from "node:fs";
import process from "node:process";
import { openLocalEngine } from "@narthex/engine";
import { colorsFor } from "./colors.ts";
import { dataDirectory } from "./home.ts";

const MAX_LISTED = 1_000;

/** Lists the stored sessions, newest change first. */
export async function sessionsCommand(flags: { json?: boolean; home?: string }): Promise<void> {
  const directory = dataDirectory(flags.home, process.env);
  if (!existsSync(directory)) return sayNothingYet(flags); // looking must not make a data directory
  const engine = await openLocalEngine({ directory });
  try {
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
  } finally {
    await engine.close();
  }
}

function sayNothingYet(flags: { json?: boolean }): void {
  if (flags.json !== true) process.stdout.write("No sessions yet. `narthex run` makes one.\n");
}
