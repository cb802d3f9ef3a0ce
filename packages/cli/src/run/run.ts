// `narthex run`: a runtime of its own, a cloud session on a repository, one turn, a report.
import { fileURLToPath } from "node:url";
import path from "node:path";
import process from "node:process";
import { NARTHEX_VERSION, NarthexError } from "@narthex/protocol";
import { CopilotClient, RuntimeConnection, type CopilotSession } from "@narthex/sdk";
import { colorsFor } from "../colors.ts";
import { EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK } from "../exit-codes.ts";
import { dataDirectory } from "../home.ts";
import { reportError } from "../report-error.ts";
import { chooseRepository, isFolder, type RepositoryChoice } from "./local-repository.ts";
import { createOutput, type RunOutput } from "./output.ts";
import { permissionHandler, type PermissionMode } from "./permissions.ts";
import { askPersonFor } from "./questions.ts";

export interface RunFlags {
  readonly repo?: string;
  readonly branch?: string;
  readonly model?: string;
  readonly baseUrl?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly timeout: string;
  readonly home?: string;
}

/** Milliseconds that a failed turn has for its last events. */
const LAST_EVENTS_MS = 2_000;
const DEFAULT_PROMPT = "survey this repository";

/** Runs the command; returns the exit code. */
export async function runCommand(given: string, flags: RunFlags): Promise<number> {
  const timeoutMs = parseSeconds(flags.timeout);
  // A single folder can only be meant as the repository.
  const isRepository = flags.repo === undefined && given.includes(path.sep) && (await isFolder(path.resolve(given)));
  const prompt = isRepository ? DEFAULT_PROMPT : given;
  const repository = await chooseRepository(isRepository ? given : flags.repo, process.cwd());
  const output = createOutput(flags.json === true, process.stdout, colorsFor(process.stdout));
  const client = new CopilotClient({
    connection: RuntimeConnection.forTcp({
      path: fileURLToPath(new URL("../main.js", import.meta.url)),
      args: runtimeArguments(flags, repository),
    }),
    logger: output.logger,
    reconnect: false, // the runtime is this command's own: when it dies, the turn has died with it
  });
  try {
    await client.start();
    return await runSession(client, { prompt, repository, flags, output, timeoutMs });
  } finally {
    await client.stop();
  }
}

function runtimeArguments(flags: RunFlags, { owner, name, folder }: RepositoryChoice): string[] {
  return [
    "--home",
    dataDirectory(flags.home, process.env),
    "--max-recoveries", // this command is about its own session, not about what others left
    "0",
    ...(folder === undefined ? [] : ["--repository", `${owner}/${name}=${folder}`]),
    ...(flags.model === undefined ? [] : ["--model", flags.model]),
    ...(flags.baseUrl === undefined ? [] : ["--base-url", flags.baseUrl]),
  ];
}

interface Job {
  readonly prompt: string;
  readonly repository: RepositoryChoice;
  readonly flags: RunFlags;
  readonly output: RunOutput;
  readonly timeoutMs: number;
}

async function runSession(client: CopilotClient, job: Job): Promise<number> {
  const { repository, flags, output } = job;
  const { owner, name, uncommittedFiles } = repository;
  const mode: PermissionMode =
    flags.yes === true ? "approve-all" : process.stdin.isTTY && process.stdout.isTTY ? "ask" : "read-only";
  const isPersonThere = mode === "ask" && flags.json !== true;
  output.begin(
    `narthex ${NARTHEX_VERSION}: a cloud session on ${owner}/${name}${flags.branch === undefined ? "" : ` (${flags.branch})`}`,
  );
  if (uncommittedFiles > 0)
    output.note(`${uncommittedFiles} uncommitted change(s) are not part of the session: it works on a clone.`);
  const session = await client.createCloudSession({
    cloud: { repository: { owner, name, ...(flags.branch === undefined ? {} : { branch: flags.branch }) } },
    clientName: "narthex",
    streaming: true,
    onEvent: (event) => output.event(event),
    onPermissionRequest: permissionHandler(isPersonThere || mode !== "ask" ? mode : "read-only", (request, decision) =>
      output.decision(request, decision),
    ),
    ...(isPersonThere ? { onUserInputRequest: askPersonFor } : {}),
  });
  output.created(session);
  return runTurn(session, job);
}

async function runTurn(session: CopilotSession, { prompt, output, timeoutMs }: Job): Promise<number> {
  let interruptions = 0;
  const onInterrupt = (): void => {
    interruptions += 1;
    if (interruptions > 1) process.exit(EXIT_INTERRUPTED);
    output.note("Aborting; press Ctrl-C again to leave at once.");
    session.abort().catch(() => undefined); // the turn's end says how it went
  };
  process.on("SIGINT", onInterrupt);
  const idle = new Promise<void>((resolve) => session.on("session.idle", () => resolve()));
  try {
    await session.sendAndWait(prompt, { timeoutMs });
    output.summary(session, "done");
    return EXIT_OK;
  } catch (error) {
    const failure = NarthexError.from(error);
    await atMost(LAST_EVENTS_MS, idle); // an error is told before the turn's last events
    output.summary(session, failure.code === "ABORTED" ? "aborted" : "failed");
    if (failure.code === "ABORTED" && interruptions > 0) return EXIT_INTERRUPTED;
    reportError(failure);
    return EXIT_FAILED;
  } finally {
    process.off("SIGINT", onInterrupt);
  }
}

async function atMost(ms: number, done: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([done, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0 && seconds <= 86_400) return Math.round(seconds * 1_000);
  throw new NarthexError("USAGE", `--timeout ${text}: use a number of seconds up to 86400.`);
}
