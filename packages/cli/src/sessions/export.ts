import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { link, mkdtemp, realpath, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { Engine, SessionRecord } from "@narthex/engine";
import { NARTHEX_VERSION, NarthexError, messageOf, parseSessionId } from "@narthex/protocol";
import { createGit, packWorkspace } from "@narthex/runtime";
import { ARCHIVE_VERSION, type ArchiveHeader } from "./archive-format.ts";
import { readStore, storeOf, type Store, type StoreFlags } from "./store.ts";

export interface ExportFlags extends StoreFlags {
  readonly output?: string;
  /** `--workspace`: true, `--no-workspace`: false; neither: when it is small. */
  readonly workspace?: boolean;
}

/** Bundles of workspaces up to this size are exported without being asked for. */
const SMALL_WORKSPACE_BYTES = 8 * 1024 * 1024;
/** Largest bundle that is exported at all. */
const MAX_WORKSPACE_BYTES = 1024 * 1024 * 1024;
/** A multiple of three, so that every piece is whole base64. */
const PIECE_BYTES = 384 * 1024;

/** Writes a session into one file. */
export async function exportCommand(rawId: string, flags: ExportFlags): Promise<void> {
  const id = parseSessionId(rawId);
  const store = storeOf(flags);
  await readStore(store, async (engine) => {
    const record = await engine.directory.get(id);
    if (record === undefined) throw new NarthexError("SESSION_NOT_FOUND", `Session not found: ${id}`);
    if (flags.output === undefined) {
      await writeArchive(new LineWriter(process.stdout), engine, store, record, flags);
      return;
    }
    await intoFile(flags.output, async (output) => {
      const lines = await writeArchive(new LineWriter(output), engine, store, record, flags);
      process.stderr.write(`Session ${id} is in ${flags.output} (${lines} lines).\n`);
    });
  });
}

/** Lines with a count and a checksum of them all. */
class LineWriter {
  readonly #output: Writable;
  readonly #hash = createHash("sha256");
  #lines = 0;

  constructor(output: Writable) {
    this.#output = output;
  }

  async write(value: object): Promise<void> {
    const line = `${JSON.stringify(value)}\n`;
    this.#hash.update(line);
    this.#lines += 1;
    await this.#put(line);
  }

  async end(): Promise<number> {
    const end = { kind: "end", lines: this.#lines, sha256: this.#hash.digest("hex") };
    await this.#put(`${JSON.stringify(end)}\n`);
    return this.#lines + 1;
  }

  async #put(line: string): Promise<void> {
    if (!this.#output.write(line)) await once(this.#output, "drain");
  }
}

async function writeArchive(
  lines: LineWriter,
  engine: Engine,
  store: Store,
  record: SessionRecord,
  flags: ExportFlags,
): Promise<number> {
  const folder = path.join(store.workspaces, record.id);
  const cwd = record.attributes["cwd"];
  const place = await realpath(folder).catch(() => folder);
  const ownsWorkspace = record.isCloud || cwd === undefined || cwd === place;
  const header: ArchiveHeader = {
    narthexArchive: ARCHIVE_VERSION,
    sessionId: record.id,
    exportedAt: new Date().toISOString(),
    producer: `narthex ${NARTHEX_VERSION}`,
    ownsWorkspace,
  };
  await lines.write(header);
  for await (const entry of engine.archives.export(record.id)) await lines.write(entry);
  if (ownsWorkspace && flags.workspace !== false) await writeWorkspace(lines, folder, flags.workspace === true);
  return lines.end();
}

async function writeWorkspace(lines: LineWriter, folder: string, isWanted: boolean): Promise<void> {
  const scratch = await mkdtemp(path.join(tmpdir(), "narthex-export-"));
  try {
    const bundle = path.join(scratch, "workspace.bundle");
    const packed = await packWorkspace(createGit(), folder, bundle).catch((error: unknown) => {
      if (isWanted) throw error;
      process.stderr.write(`The workspace is left out: ${messageOf(error)}\n`);
      return undefined;
    });
    if (packed === undefined) return;
    const { size } = await stat(bundle);
    if (size > MAX_WORKSPACE_BYTES) {
      const text = `The workspace has ${size} bytes, ${MAX_WORKSPACE_BYTES} are allowed: use --no-workspace.`;
      throw new NarthexError("LIMIT_EXCEEDED", text);
    }
    if (!isWanted && size > SMALL_WORKSPACE_BYTES) {
      process.stderr.write(`The workspace is left out: its bundle has ${size} bytes (--workspace takes it along).\n`);
      return;
    }
    await lines.write({ kind: "workspace", packed });
    for await (const piece of createReadStream(bundle, { highWaterMark: PIECE_BYTES }) as AsyncIterable<Buffer>) {
      await lines.write({ kind: "workspaceData", base64: piece.toString("base64") });
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The file is there when it is whole, for its owner only; one that is there already stays as it is. */
async function intoFile(file: string, write: (output: Writable) => Promise<void>): Promise<void> {
  const draft = `${file}.${process.pid}.part`;
  try {
    const output = createWriteStream(draft, { flags: "wx", mode: 0o600 });
    const done = finished(output);
    done.catch(() => undefined); // looked at below
    await Promise.race([write(output), done]);
    output.end();
    await done;
    await link(draft, file);
  } catch (error) {
    if (NarthexError.is(error)) throw error;
    const isTaken = (error as NodeJS.ErrnoException).code === "EEXIST";
    throw new NarthexError("USAGE", isTaken ? `--output ${file}: there is such a file already.` : messageOf(error));
  } finally {
    await rm(draft, { force: true });
  }
}
