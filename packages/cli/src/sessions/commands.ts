// `narthex sessions …`: what operators do with stored sessions.
import type { Command } from "commander";
import { exportCommand, type ExportFlags } from "./export.ts";
import { importCommand, type ImportFlags } from "./import.ts";
import { listCommand } from "./list.ts";
import { pruneCommand, type PruneFlags } from "./prune.ts";
import { showCommand } from "./show.ts";
import type { StoreFlags } from "./store.ts";
import { verifyCommand } from "./verify.ts";

/** Adds the commands. `setExitCode` hears of one that ends with another code than 0. */
export function addSessionCommands(program: Command, setExitCode: (code: number) => void): void {
  const sessions = program
    .command("sessions")
    .description("list the sessions that have run here, newest first; the commands below do more with them")
    .option("--json", "as JSON, one object a line")
    .option("--home <dir>", "data directory (default ~/.narthex)")
    .action(async (flags: StoreFlags) => listCommand(flags));
  // `--json` and `--home` are understood wherever they stand.
  const add = (name: string, text: string): Command => sessions.command(name).description(text);

  add("show", "what a session is, where its work stands and what it has used, from its log")
    .argument("<id>")
    .action(async (id: string, _flags, command: Command) => showCommand(id, command.optsWithGlobals()));

  add("export", "write a session into one file, with everything it needs to go on elsewhere")
    .argument("<id>")
    .option("--output <file>", "where to write it (default: to stdout); the file must not exist")
    .option("--workspace", "with its workspace however large it is (default: when its bundle has at most 8 MiB)")
    .option("--no-workspace", "without its workspace")
    .action(async (id: string, _flags, command: Command) => exportCommand(id, command.optsWithGlobals<ExportFlags>()));

  add("import", "bring an exported session in: all of it or nothing")
    .argument("<file>", "what export has written; - for stdin")
    .option("--as <id>", "under another id")
    .option("--directory <dir>", "folder that a session works in which had a folder of its user's")
    .action(async (file: string, _flags, command: Command) =>
      importCommand(file, command.optsWithGlobals<ImportFlags>()),
    );

  add("verify", "check that what is stored is what was written; changes nothing, ends with 1 when something is wrong")
    .argument("[id]", "only this session")
    .action(async (id: string | undefined, _flags, command: Command) =>
      setExitCode(await verifyCommand(id, command.optsWithGlobals())),
    );

  add("prune", "delete sessions that have not changed for a while and have nothing left to do")
    .requiredOption("--older-than <days>", "days since their last change")
    .option("--dry-run", "only say which")
    .option("--with-named", "also those whose id somebody chose, to come back to")
    .action(async (_flags, command: Command) => pruneCommand(command.optsWithGlobals<PruneFlags>()));
}
