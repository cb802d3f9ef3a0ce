import type { Engine } from "../engine.ts";
import { ArchiveRows } from "./archive-rows.ts";
import { ChangeClock } from "./change-clock.ts";
import { CommandRows } from "./command-rows.ts";
import { CreateRows } from "./create-rows.ts";
import type { SqlDriver } from "./driver.ts";
import { EventRows } from "./event-rows.ts";
import { GroupCommit } from "./group-commit.ts";
import { LeaseRows } from "./lease-rows.ts";
import { LiveSessions } from "./live-sessions.ts";
import { LocalArchives } from "./local-archives.ts";
import { LocalEventLog } from "./local-event-log.ts";
import { LocalLeases } from "./local-leases.ts";
import { LocalMailbox } from "./local-mailbox.ts";
import { LocalSessionDirectory } from "./local-session-directory.ts";
import { LogGuard } from "./log-guard.ts";
import { type LocalEngineOptions, type ResolvedLocalEngineOptions, resolveOptions } from "./options.ts";
import { SessionRows } from "./session-rows.ts";
import { isSoleUser } from "./sole-user.ts";
import { storeError } from "./store-error.ts";
import { openStoreFile } from "./store-file.ts";
import { Subscriptions } from "./subscriptions.ts";
import { inTransaction } from "./transaction.ts";
import { verifyStore } from "./verify-store.ts";
import { WriteMarks } from "./write-marks.ts";

/**
 * Opens the engine that keeps sessions in one SQLite file, `narthex.db`, in a directory of this machine. What is written
 * in one turn of the event loop - appends, posts, acknowledgements - shares one commit. Several processes may use the
 * directory; when two append to one session, one of them gets LOG_CONFLICT, or LEASE_LOST when they hold leases. Subscribers
 * hear of what is appended through their own engine only.
 *
 * @throws {NarthexError} STORE_UNAVAILABLE when the directory or the file cannot be used, is locked or was written by a
 * newer version; STORE_CORRUPT when the file is damaged; INVALID_PARAMS for options out of range.
 *
 * @example
 * const engine = await openLocalEngine({ directory: "/var/lib/narthex" });
 * await engine.directory.create({ id: "s-1", isCloud: true, attributes: {} });
 * engine.log.subscribe("s-1", ({ seq, event }) => show(seq, event));
 * await engine.log.append("s-1", events);
 * await engine.close();
 */
export async function openLocalEngine(options: LocalEngineOptions): Promise<Engine> {
  const resolved = resolveOptions(options);
  const driver = await openStoreFile(resolved);
  try {
    return new LocalEngine(driver, resolved);
  } catch (error) {
    driver.close();
    throw storeError(error, "read the store");
  }
}

class LocalEngine implements Engine {
  readonly directory: LocalSessionDirectory;
  readonly log: LocalEventLog;
  readonly mailbox: LocalMailbox;
  readonly leases: LocalLeases;
  readonly archives: LocalArchives;
  readonly #driver: SqlDriver;
  readonly #lockTimeoutMs: number;
  readonly #events: EventRows;
  readonly #marks: WriteMarks;
  readonly #guard: LogGuard;
  readonly #live: LiveSessions;
  readonly #commit: GroupCommit;
  readonly #subscriptions: Subscriptions;
  readonly #options: ResolvedLocalEngineOptions;
  #closing: Promise<void> | undefined;

  constructor(driver: SqlDriver, options: ResolvedLocalEngineOptions) {
    this.#driver = driver;
    this.#options = options;
    this.#lockTimeoutMs = options.lockTimeoutMs;
    const events = (this.#events = new EventRows(driver));
    const commands = new CommandRows(driver);
    const marks = (this.#marks = openMarks(options));
    const guard = (this.#guard = new LogGuard({ events, commands, marks }));
    const live = (this.#live = new LiveSessions({
      maxSessions: options.maxLiveSessions,
      maxRecords: options.maxEphemeralRecords,
      maxBytes: options.maxEphemeralBytes,
      maxTotalBytes: options.maxEphemeralTotalBytes,
    }));
    const subscriptions = (this.#subscriptions = new Subscriptions(options.onProblem));
    const context = { driver, events, live, guard };
    const commit = (this.#commit = new GroupCommit(context, options.maxPendingBytes, () => subscriptions.beginRound()));
    const sessions = new SessionRows(driver);
    const { now, maxAttributesBytes, maxEventBytes, maxCreateKeys } = options;
    const clock = new ChangeClock(now, sessions.latestChange());
    const leases = new LeaseRows(driver);
    const creates = new CreateRows(driver);
    const shared = { events, commit, clock, marks, leases, now };
    this.directory = new LocalSessionDirectory({ ...shared, sessions, creates, maxAttributesBytes, maxCreateKeys });
    this.log = new LocalEventLog({ ...shared, guard, live, subscriptions, maxEventBytes });
    this.mailbox = new LocalMailbox({ ...shared, commands, limits: options });
    this.leases = new LocalLeases({ ...shared, isHostGone: options.isHostGone });
    const { log, directory } = this;
    this.archives = new LocalArchives({
      ...shared,
      driver,
      rows: new ArchiveRows(driver),
      sessions,
      log,
      directory,
      limits: options,
    });
  }

  async isAlone(): Promise<boolean> {
    this.#commit.assertOpen();
    try {
      return isSoleUser(this.#driver, this.#lockTimeoutMs);
    } catch (error) {
      throw storeError(error, "look who else uses the store");
    }
  }

  async verify(id?: string): Promise<string[]> {
    this.#commit.assertOpen();
    const parts = { driver: this.#driver, guard: this.#guard, events: this.#events, marks: this.#marks };
    return verifyStore(parts, id);
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    await this.#commit.close();
    this.#subscriptions.clear();
    if (!this.#options.readOnly) {
      this.#tidyUp(() => this.#giveBackReservations());
      this.#tidyUp(() => this.#driver.prepare("PRAGMA wal_checkpoint(TRUNCATE)").all());
    }
    this.#tidyUp(() => this.#driver.close());
    this.#marks.close();
  }

  /** A clean end leaves no gap in the sequence numbers: what was reserved and not handed out is free again. */
  #giveBackReservations(): void {
    const reserving = this.#live.tails().filter((tail) => tail.reservedSeq > tail.seq);
    if (reserving.length === 0) return;
    inTransaction(this.#driver, "BEGIN IMMEDIATE", () => {
      for (const tail of reserving) this.#events.reserve(tail, tail.seq);
    });
  }

  // Everything that was promised is durable by now; what fails here costs a gap or a longer start.
  #tidyUp(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#options.onProblem(storeError(error, "close the store"));
    }
  }
}

/** Marks tell the truth only where a commit survives whatever happens. */
function openMarks({ directory, readOnly, synchronous, onProblem }: ResolvedLocalEngineOptions): WriteMarks {
  const mode = readOnly || synchronous !== "full" ? "read" : "write";
  return new WriteMarks(directory, mode, (error) => onProblem(storeError(error, "keep the marks of what was written")));
}
