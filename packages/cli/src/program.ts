import { NARTHEX_VERSION } from "@narthex/protocol";
import { Command } from "commander";
import process from "node:process";
import { runCommand, type RunFlags } from "./run/run.ts";
import { resolveServeOptions, type ServeFlags } from "./serve/options.ts";
import { serve } from "./serve/serve.ts";
import { addSessionCommands } from "./sessions/commands.ts";

const EXAMPLES = `
Examples:
  $ narthex run                                   survey the repository you stand in
  $ narthex run "run the tests" --yes             allow what the session asks for
  $ narthex run "what changed last" --repo ../app --branch main
  $ narthex run "fix the failing test" --model qwen3 --base-url http://127.0.0.1:11434/v1
  $ narthex run "survey this repository" --json   one event a line
  $ narthex serve --port 4321                     a runtime for SDKs: RuntimeConnection.forUri("4321")
  $ narthex sessions                              what has run here
  $ narthex sessions show ID                      where one of them stands, and what it has used
  $ narthex sessions export ID --output FILE      take it to another machine: narthex sessions import FILE
  $ narthex sessions verify                       is everything as it was written?

Environment:
  NARTHEX_HOME              data directory (default ~/.narthex)
  NARTHEX_REPOSITORIES      where owner/name is cloned from: a folder or a URL (default https://github.com/)
  NARTHEX_MODEL             model of cloud sessions; without one the built-in offline planner answers
  NARTHEX_MODEL_BASE_URL    OpenAI-compatible endpoint of that model
  NARTHEX_MODEL_API_KEY     its key
  NARTHEX_CONNECTION_TOKEN  token that clients of \`narthex serve\` must send
  NARTHEX_SESSION_IDLE_TIMEOUT, NARTHEX_ATTACHED_IDLE_TIMEOUT, NARTHEX_SESSION_RETENTION, NARTHEX_DRAIN_TIMEOUT,
  NARTHEX_MAX_RECOVERIES    as the options of \`narthex serve\`; an option counts before its variable
  NO_COLOR                  no colours
`;

const collect = (value: string, previous: string[]): string[] => [...previous, value];

/** The commands and their options. `setExitCode` hears of a command that ends with another code than 0. */
export function createProgram(setExitCode: (code: number) => void): Command {
  const program = new Command("narthex")
    .description("Cloud sessions for coding agents, on your own machines.")
    .version(NARTHEX_VERSION)
    .addHelpText("after", EXAMPLES)
    .exitOverride()
    .showHelpAfterError("(narthex --help shows the commands)");

  program
    .command("run")
    .description("create a cloud session on a git repository, run one turn, and report")
    .argument("[prompt]", "what the session is to do", "survey this repository")
    .option("--repo <path|owner/name>", "repository to work on (default: the one you stand in)")
    .option("--branch <name>", "branch to check out (default: the repository's own)")
    .option("--model <id>", "model of the session (default: NARTHEX_MODEL, else the offline planner)")
    .option("--base-url <url>", "OpenAI-compatible endpoint of the model; its key is NARTHEX_MODEL_API_KEY")
    .option("--yes", "allow everything the session asks for")
    .option("--json", "print one event a line, as JSON")
    .option("--timeout <seconds>", "give up waiting for the turn after this long", "1800")
    .option("--home <dir>", "data directory (default ~/.narthex)")
    .action(async (prompt: string, flags: RunFlags) => setExitCode(await runCommand(prompt, flags)));

  program
    .command("serve")
    .description("run a runtime that SDKs connect to")
    .option("--port <number>", "port on 127.0.0.1 (default: a free one)")
    .option("--stdio", "serve one client over stdin and stdout instead")
    .option("--repositories <folder|url>", "where owner/name is cloned from (default https://github.com/)")
    .option("--repository <owner/name=path>", "one repository and where it is; can be repeated", collect, [])
    .option("--model <id>", "model of cloud sessions")
    .option("--base-url <url>", "OpenAI-compatible endpoint of the model; its key is NARTHEX_MODEL_API_KEY")
    .option("--session-idle-timeout <seconds>", "how long an idle session without clients stays in memory (default 0)")
    .option("--attached-idle-timeout <seconds>", "how long one with clients does (default 1800; 0: for ever)")
    .option("--session-retention <days>", "delete sessions that nobody has used for so long (default: never)")
    .option("--drain-timeout <seconds>", "how long ending waits for sessions to be put away (default 8)")
    .option("--max-recoveries <number>", "unfinished sessions continued at once after a start (default 8; 0: none)")
    .option("--log-level <level>", "none, error, warning, info, debug or all (default warning)")
    .option("--home <dir>", "data directory (default ~/.narthex)")
    .action(async (flags: ServeFlags) => serve(resolveServeOptions(flags, process.env, false)));

  addSessionCommands(program, setExitCode);
  return program;
}
