import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { nameOfThisHost, type Engine, type SessionRecord } from "@narthex/engine";
import { NarthexError } from "@narthex/protocol";
import { createWorkspaces, reportSession, type SessionReport } from "@narthex/runtime";
import { storeOf, writeStore, readStore, requireStore, type Store, type StoreFlags } from "./store.ts";

export interface PruneFlags extends StoreFlags {
  readonly olderThan: string;
  readonly dryRun?: boolean;
  readonly withNamed?: boolean;
}

/** What became of a session that is old enough. */
interface Outcome {
  readonly id: string;
  readonly what: "deleted" | "kept";
  readonly bytes: number;
  /** Why it was kept. */
  readonly reason?: string;
}

const MS_PER_DAY = 24 * 60 * 60 * 1000;
const PAGE = 1000;
/** How long a session is held while it is looked at and deleted. */
const LEASE_MS = 60_000;
/** An id that the runtime made: a UUID. */
const UNNAMED = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Deletes old sessions without pending work, with everything they own, and says how many and how many bytes. */
export async function pruneCommand(flags: PruneFlags): Promise<void> {
  const before = new Date(Date.now() - parseDays(flags.olderThan) * MS_PER_DAY).toISOString();
  const store = storeOf(flags);
  requireStore(store);
  const isDry = flags.dryRun === true;
  const outcomes = await (isDry ? readStore : writeStore)(store, (engine) => prune(engine, store, before, flags));
  const deleted = outcomes.filter(({ what }) => what === "deleted");
  const bytes = deleted.reduce((sum, outcome) => sum + outcome.bytes, 0);
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify({ dryRun: isDry, deleted: deleted.length, bytes, sessions: outcomes })}\n`);
    return;
  }
  for (const { id, what, bytes, reason } of outcomes) {
    process.stdout.write(`${id}  ${what === "kept" ? `kept: ${reason}` : `${bytes} bytes`}\n`);
  }
  const verb = isDry ? "would be deleted" : "deleted";
  process.stdout.write(`${deleted.length} sessions ${verb}, ${bytes} bytes of records and workspaces.\n`);
}

async function prune(engine: Engine, store: Store, before: string, flags: PruneFlags): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const record of await oldSessions(engine, before)) {
    const isNamed = !UNNAMED.test(record.id);
    if (isNamed && flags.withNamed !== true) {
      outcomes.push({ id: record.id, what: "kept", bytes: 0, reason: "its id was chosen (--with-named)" });
    } else {
      outcomes.push(await pruneOne(engine, store, record, before, flags.dryRun === true));
    }
  }
  return outcomes;
}

/** Every session whose last change is before a time. */
async function oldSessions(engine: Engine, before: string): Promise<SessionRecord[]> {
  const found: SessionRecord[] = [];
  let after: string | undefined;
  for (;;) {
    const page = { limit: PAGE, ...(after === undefined ? {} : { after }) };
    const records = await engine.directory.list({ onlyWithUserMessage: false }, page);
    found.push(...records.filter(({ updatedAt }) => updatedAt < before));
    if (records.length < PAGE) return found;
    after = records.at(-1)?.id;
  }
}

async function pruneOne(
  engine: Engine,
  store: Store,
  { id }: SessionRecord,
  before: string,
  isDry: boolean,
): Promise<Outcome> {
  const kept = (reason: string): Outcome => ({ id, what: "kept", bytes: 0, reason });
  // Whoever has it in memory keeps it; whoever wants it now waits until it is gone, or was kept.
  const lease = isDry ? undefined : await engine.leases.claim(id, nameOfThisHost(), LEASE_MS);
  if (!isDry && lease === undefined) return kept("a process has it in memory");
  try {
    const report = await reportSession(engine, id);
    if (isDry && report.holder !== undefined) return kept("a process has it in memory");
    if (report.record.updatedAt >= before) return kept("it has just changed");
    if (hasPendingWork(report)) return kept("it has something left to do");
    const bytes = report.counts.bytes + (await sizeOf(path.join(store.workspaces, id)));
    if (isDry) return { id, what: "deleted", bytes };
    await engine.directory.remove(id);
    await createWorkspaces({ root: store.workspaces, bases: {} }).remove(id);
    return { id, what: "deleted", bytes };
  } catch (error) {
    // A damaged session is evidence, and one that went meanwhile is gone.
    return kept(NarthexError.from(error).message.replaceAll("\n", " "));
  } finally {
    if (lease !== undefined) await engine.leases.release(id, lease.epoch);
  }
}

function hasPendingWork({ work }: SessionReport): boolean {
  return work.isPending || work.waitingPrompts > 0 || work.openQuestions.length > 0;
}

/** Bytes of the files in a folder; 0 when there is none. Links are not followed. */
async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const place = path.join(folder, entry.name);
    if (entry.isDirectory()) bytes += await sizeOf(place);
    else if (entry.isFile()) bytes += (await stat(place).catch(() => undefined))?.size ?? 0;
  }
  return bytes;
}

function parseDays(text: string): number {
  const days = /^\d{1,6}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(days)) return days;
  throw new NarthexError("USAGE", `--older-than ${text}: give a number of days, such as 30.`);
}
