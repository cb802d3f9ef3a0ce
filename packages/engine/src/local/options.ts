import { NarthexError } from "@narthex/protocol";

import { isProcessGone } from "../process-host.ts";

/** How a local engine is opened. Everything but `directory` has a default. */
export interface LocalEngineOptions {
  /** Where the store lives; created with mode 0700 when it does not exist. Several processes may use it at once. */
  directory: string;
  /**
   * When a write counts as durable. `full` (the default) survives the loss of power; `normal` survives the death of
   * the process, but a loss of power can take back the last moments. Neither can damage the store.
   */
  synchronous?: "full" | "normal";
  /** Ephemeral records kept in memory for each session (default 4,096); the oldest go first. */
  maxEphemeralRecords?: number;
  /** Bytes of ephemeral records kept in memory for each session (default 1 MiB). */
  maxEphemeralBytes?: number;
  /** Bytes of ephemeral records kept in memory for all sessions together (default 64 MiB). */
  maxEphemeralTotalBytes?: number;
  /** Sessions whose tail and ephemeral records are kept in memory (default 1,024); the longest unused go first. */
  maxLiveSessions?: number;
  /** Size of one event as JSON (default 16 MiB). */
  maxEventBytes?: number;
  /** Size of a session's attributes as JSON (default 1 MiB). */
  maxAttributesBytes?: number;
  /** Size of everything that waits to be written at one moment (default 64 MiB). */
  maxPendingBytes?: number;
  /** Commands of one session that may wait to be acknowledged (default 1,000); one more is refused. */
  maxWaitingCommands?: number;
  /**
   * How long an acknowledged command is remembered, so that a repetition gets the first answer: until so many newer
   * commands of its session came (default 1,000).
   */
  maxRememberedCommands?: number;
  /** Size of one command's payload as JSON (default 16 MiB). */
  maxCommandBytes?: number;
  /** Keys of repeatable creates that are remembered (default 10,000); the oldest go first. */
  maxCreateKeys?: number;
  /** How long a write waits for another process that is writing (default 5,000 ms). The event loop stands meanwhile. */
  lockTimeoutMs?: number;
  /**
   * Opens the store for reading only (default false): nothing is created, nothing is written, no file changes, and writes
   * are refused. The store has to be there.
   */
  readOnly?: boolean;
  /**
   * Has the holder of a lease ended, so that its lease counts for nothing (default: is it a process of this machine that is
   * not there any more)? Asked within a write, so it must be quick.
   */
  isHostGone?: (host: string) => boolean;
  /** Told about what nobody else hears of, such as a throwing subscriber (default: a process warning). */
  onProblem?: (error: NarthexError) => void;
  /** The clock (default: the system's). */
  now?: () => Date;
}

/** Options with every default filled in. */
export type ResolvedLocalEngineOptions = Required<LocalEngineOptions>;

const KIB = 1024;
const MIB = 1024 * KIB;

/** The largest value of any limit: SQLite cannot hold a larger row, and timers no longer delay. */
const LARGEST_LIMIT = 2 ** 30 - KIB;

const DEFAULT_LIMITS = {
  maxEphemeralRecords: 4096,
  maxEphemeralBytes: MIB,
  maxEphemeralTotalBytes: 64 * MIB,
  maxLiveSessions: 1024,
  maxEventBytes: 16 * MIB,
  maxAttributesBytes: MIB,
  maxPendingBytes: 64 * MIB,
  maxWaitingCommands: 1000,
  maxRememberedCommands: 1000,
  maxCommandBytes: 16 * MIB,
  maxCreateKeys: 10_000,
  lockTimeoutMs: 5000,
} as const;

type LimitName = keyof typeof DEFAULT_LIMITS;
type Limits = Record<LimitName, number>;

/**
 * Fills in the defaults and refuses limits that are no limits.
 * @throws {NarthexError} INVALID_PARAMS
 */
export function resolveOptions(options: LocalEngineOptions): ResolvedLocalEngineOptions {
  if (typeof options.directory !== "string" || options.directory === "") {
    throw new NarthexError("INVALID_PARAMS", "The engine has no directory: give `directory` a path.");
  }
  const synchronous = options.synchronous ?? "full";
  if (synchronous !== "full" && synchronous !== "normal") {
    throw new NarthexError("INVALID_PARAMS", 'The engine option `synchronous` is unknown: use "full" or "normal".');
  }
  return {
    ...resolveLimits(options),
    directory: options.directory,
    synchronous,
    readOnly: options.readOnly ?? false,
    isHostGone: options.isHostGone ?? isProcessGone,
    onProblem: options.onProblem ?? warn,
    now: options.now ?? (() => new Date()),
  };
}

function resolveLimits(options: LocalEngineOptions): Limits {
  const limits: Limits = { ...DEFAULT_LIMITS };
  for (const name of Object.keys(DEFAULT_LIMITS) as LimitName[]) {
    const value = options[name] ?? DEFAULT_LIMITS[name];
    if (!Number.isInteger(value) || value < 1 || value > LARGEST_LIMIT) {
      const range = `a whole number from 1 to ${LARGEST_LIMIT}`;
      throw new NarthexError("INVALID_PARAMS", `The engine option \`${name}\` is out of range: use ${range}.`);
    }
    limits[name] = value;
  }
  return limits;
}

function warn(error: NarthexError): void {
  process.emitWarning(error);
}
