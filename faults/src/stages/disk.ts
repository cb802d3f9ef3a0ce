// The disk of the data folder is full for a while, or read-only when the runtime starts. It is a small file system of its
// own, which takes the right to mount one.
import { execFileSync } from "node:child_process";
import { closeSync, cpSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { NarthexError, messageOf } from "@narthex/protocol";
import { JournalWriter } from "../journal-writer.ts";
import type { Random } from "../random.ts";
import { runStage, type StageContext, type StageResult } from "../stage.ts";
import { SuiteError } from "../suite-error.ts";
import { WireClient } from "../wire-client.ts";
import type { World } from "../world.ts";

const DISK_MIB = 48;
const SESSIONS_AT_ONCE = 4;
const BALLAST = "ballast";
/** Writes that may still succeed once the disk is full: into pages that the store has already. */
const MOST_ATTEMPTS = 200;
const FEW_MS = 60;

const mount = (...args: string[]): void => void execFileSync("mount", args, { stdio: "pipe" });
/** Lazily: a command that outlives its runtime may stand in a workspace for a moment more. */
const unmount = (home: string): void => void execFileSync("umount", ["--lazy", home], { stdio: "pipe" });
const mounted = new Set<string>();
process.on("exit", () => {
  for (const home of mounted) unmount(home);
});

/** Why no file system of one's own can be mounted here; undefined when it can. */
export function whyNoDisk(): string | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), "narthex-faults-disk-"));
  try {
    mount("-t", "tmpfs", "-o", "size=1m", "narthex-faults", folder);
    unmount(folder);
    return undefined;
  } catch (error) {
    const lines = messageOf(error).split("\n");
    return lines.find((line) => line.startsWith("mount:")) ?? lines[0];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const ownDisk = {
  before: ({ home }: World): void => {
    mount("-t", "tmpfs", "-o", `size=${DISK_MIB}m`, "narthex-faults", home);
    mounted.add(home);
  },
  after: ({ home, folder }: World, isEvidence: boolean): void => {
    if (isEvidence) cpSync(home, path.join(folder, "kept"), { recursive: true });
    unmount(home);
    mounted.delete(home);
  },
};

export function diskFull(random: Random, times: number): Promise<StageResult> {
  return runStage("disk full", random, (context) => fill(context, times), ownDisk);
}

export function diskReadOnly(random: Random, times: number): Promise<StageResult> {
  return runStage("disk read-only at the start", random, (context) => freeze(context, times), ownDisk);
}

async function fill(
  { world, crew, random }: StageContext,
  times: number,
): Promise<{ strikes: number; notes: string[] }> {
  let strikes = 0;
  let refusals = 0;
  const working = crew.work(SESSIONS_AT_ONCE, () => strikes >= times);
  const probe = await WireClient.connect(world.cable.port, new JournalWriter("a probe", false, () => undefined));
  const { sessionId } = (await probe.call("session.create", { sessionId: "probe" })) as { sessionId: string };
  while (strikes < times && !crew.hasFailed) {
    const when = await world.signals.instant(random);
    world.gate.close();
    const ballast = path.join(world.home, BALLAST);
    fillUp(ballast);
    world.note(`the disk is full, at ${when}`);
    refusals += await refused(probe, sessionId);
    await new Promise((resolve) => setTimeout(resolve, random.int(0, FEW_MS)));
    rmSync(ballast);
    world.note("there is room again");
    strikes += 1;
    // Whoever calls again brings a session back, also one who only looks; otherwise it comes back by itself.
    if (random.chance(0.5)) {
      for (const id of crew.openIds) await probe.call("session.permissions.pendingRequests", { sessionId: id });
    }
    world.gate.open();
  }
  await working;
  probe.close();
  return { strikes, notes: [`${refusals} calls were refused with STORE_UNAVAILABLE`] };
}

/** Calls until the store refuses; nothing else may go wrong. */
async function refused(probe: WireClient, sessionId: string): Promise<number> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
    try {
      await probe.call("session.log", { sessionId, message: "x".repeat(10_000) });
    } catch (error) {
      if (NarthexError.is(error) && error.code === "STORE_UNAVAILABLE") return 1;
      throw error;
    }
  }
  throw new SuiteError(`The disk is full, and ${MOST_ATTEMPTS} writes were accepted.`);
}

function fillUp(file: string): void {
  const handle = openSync(file, "w");
  try {
    for (let bytes = 2 ** 20; bytes >= 1;) {
      try {
        writeSync(handle, Buffer.alloc(bytes));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
        bytes = Math.floor(bytes / 2);
      }
    }
  } finally {
    closeSync(handle);
  }
}

/** A disk cannot become read-only under a process that has a file open for writing: it is so when the next one starts. */
async function freeze({ world, crew, random }: StageContext, times: number): Promise<{ strikes: number }> {
  let strikes = 0;
  const working = crew.work(SESSIONS_AT_ONCE, () => strikes >= times);
  while (strikes < times && !crew.hasFailed) {
    const when = await world.signals.instant(random);
    world.gate.close();
    await world.end(random.chance(0.5) ? "SIGKILL" : "SIGTERM");
    mount("-o", "remount,ro", world.home);
    world.note(`the disk is read-only, at ${when}`);
    const said = await world.start().then(
      () => "it listens",
      (error: unknown) => messageOf(error),
    );
    mount("-o", "remount,rw", world.home);
    if (!said.includes("STORE_UNAVAILABLE")) crew.fail("(all)", new SuiteError(`On a read-only disk: ${said}`));
    strikes += 1;
    await world.start();
    world.gate.open();
  }
  await working;
  return { strikes };
}
