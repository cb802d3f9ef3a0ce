// What a runtime is started with, from the command line and the environment.
import path from "node:path";
import { NarthexError } from "@narthex/protocol";
import {
  modelConfigFromEnvironment,
  type ModelConfig,
  type RepositoryBases,
  type SessionLimits,
} from "@narthex/runtime";
import { dataDirectory } from "../home.ts";
import { isLogLevel } from "./logger.ts";

export interface ServeOptions {
  readonly home: string;
  /** Undefined: one client over stdin and stdout. */
  readonly port: number | undefined;
  readonly token: string | undefined;
  readonly repositories: RepositoryBases;
  readonly model: ModelConfig;
  readonly logLevel: string;
  /** Limits that the command line or the environment sets. */
  readonly limits: Partial<SessionLimits>;
  /** Milliseconds that sessions have to be put away when the runtime is told to end. */
  readonly drainTimeoutMs: number;
  /** End with the process that started this one. */
  readonly endsWithParent: boolean;
}

/** Options as they stand on a command line. */
export interface ServeFlags {
  readonly stdio?: boolean;
  readonly port?: string;
  readonly home?: string;
  readonly repositories?: string;
  readonly repository?: readonly string[];
  readonly model?: string;
  readonly baseUrl?: string;
  readonly logLevel?: string;
  readonly maxRecoveries?: string;
  readonly sessionIdleTimeout?: string;
  readonly attachedIdleTimeout?: string;
  readonly drainTimeout?: string;
  readonly sessionRetention?: string;
}

const DEFAULT_REPOSITORIES = "https://github.com/";

/** @throws {NarthexError} USAGE, MODEL_CONFIG_INVALID */
export function resolveServeOptions(flags: ServeFlags, env: NodeJS.ProcessEnv, endsWithParent: boolean): ServeOptions {
  const logLevel = flags.logLevel ?? env.NARTHEX_LOG_LEVEL ?? "warning";
  if (!isLogLevel(logLevel)) {
    throw new NarthexError("USAGE", `--log-level ${logLevel}: use none, error, warning, info, debug or all.`);
  }
  if (flags.stdio === true && flags.port !== undefined)
    throw new NarthexError("USAGE", "Use either --stdio or --port.");
  const token = env.NARTHEX_CONNECTION_TOKEN ?? env.COPILOT_CONNECTION_TOKEN;
  return {
    home: dataDirectory(flags.home, env),
    port: flags.stdio === true ? undefined : parsePort(flags.port ?? "0"),
    token: token === "" ? undefined : token,
    repositories: {
      base: flags.repositories ?? env.NARTHEX_REPOSITORIES ?? DEFAULT_REPOSITORIES,
      map: Object.fromEntries((flags.repository ?? []).map(parseMapping)),
    },
    model: modelConfigFromEnvironment({
      ...env,
      ...(flags.model === undefined ? {} : { NARTHEX_MODEL: flags.model }),
      ...(flags.baseUrl === undefined ? {} : { NARTHEX_MODEL_BASE_URL: flags.baseUrl }),
    }),
    logLevel,
    limits: limitsOf(flags, env),
    drainTimeoutMs: 1_000 * (drainSeconds(flags, env) ?? DEFAULT_DRAIN_SECONDS),
    endsWithParent,
  };
}

/** Shorter than the ten seconds after which many supervisors kill. */
const DEFAULT_DRAIN_SECONDS = 8;

function drainSeconds(flags: ServeFlags, env: NodeJS.ProcessEnv): number | undefined {
  return number(["--drain-timeout", flags.drainTimeout], ["NARTHEX_DRAIN_TIMEOUT", env.NARTHEX_DRAIN_TIMEOUT], {
    max: 3_600,
    unit: "seconds",
  });
}

/** Seconds in a year, and then some: longer than any timer has to be. */
const MAX_SECONDS = 400 * 86_400;

function limitsOf(flags: ServeFlags, env: NodeJS.ProcessEnv): Partial<SessionLimits> {
  const seconds = { max: MAX_SECONDS, unit: "seconds" };
  const maxRecoveries = number(
    ["--max-recoveries", flags.maxRecoveries],
    ["NARTHEX_MAX_RECOVERIES", env.NARTHEX_MAX_RECOVERIES],
    { max: 1_000, unit: "sessions" },
  );
  const unattached = number(
    ["--session-idle-timeout", flags.sessionIdleTimeout],
    ["NARTHEX_SESSION_IDLE_TIMEOUT", env.NARTHEX_SESSION_IDLE_TIMEOUT],
    seconds,
  );
  const attached = number(
    ["--attached-idle-timeout", flags.attachedIdleTimeout],
    ["NARTHEX_ATTACHED_IDLE_TIMEOUT", env.NARTHEX_ATTACHED_IDLE_TIMEOUT],
    seconds,
  );
  const retention = number(
    ["--session-retention", flags.sessionRetention],
    ["NARTHEX_SESSION_RETENTION", env.NARTHEX_SESSION_RETENTION],
    { max: 36_500, unit: "days" },
  );
  return {
    ...(retention === undefined || retention === 0 ? {} : { retentionMs: retention * 86_400_000 }),
    ...(maxRecoveries === undefined ? {} : { maxRecoveries }),
    ...(unattached === undefined ? {} : { unattachedIdleMs: unattached * 1_000 }),
    ...(attached === undefined ? {} : { attachedIdleMs: attached === 0 ? Infinity : attached * 1_000 }),
  };
}

type Named = readonly [name: string, value: string | undefined];

/** A number from the command line, else from the environment; undefined when neither has one. */
function number(flag: Named, variable: Named, { max, unit }: { max: number; unit: string }): number | undefined {
  const [name, text] = flag[1] === undefined ? variable : flag;
  if (text === undefined || text === "") return undefined;
  const value = /^\d{1,9}(?:\.\d{1,6})?$/.test(text) ? Number(text) : -1;
  if (value >= 0 && value <= max) return value;
  throw new NarthexError("USAGE", `${name} ${text}: use a number of ${unit} from 0 to ${max}.`);
}

export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (port >= 0 && port <= 65_535) return port;
  throw new NarthexError("USAGE", `--port ${text}: a port is a number from 0 (any free one) to 65535.`);
}

/** `owner/name=path`. */
function parseMapping(text: string): [string, string] {
  const match = /^([^/=\s]+\/[^/=\s]+)=(.+)$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new NarthexError("USAGE", `--repository ${text}: use owner/name=path.`);
  }
  const place = match[2];
  return [match[1], /^[a-z]+:\/\//i.test(place) ? place : path.resolve(place)];
}
