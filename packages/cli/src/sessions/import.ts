import { createWriteStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { once } from "node:events";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import type { ArchiveEntry, ArchivedSession } from "@narthex/engine";
import { NarthexError, messageOf, parseSessionId } from "@narthex/protocol";
import { createGit, unpackWorkspace, type PackedWorkspace } from "@narthex/runtime";
import { invalidArchive, type ArchiveHeader } from "./archive-format.ts";
import { ArchiveLines, atLine } from "./archive-lines.ts";
import { storeOf, writeStore, type Store, type StoreFlags } from "./store.ts";

export interface ImportFlags extends StoreFlags {
  readonly as?: string;
  readonly directory?: string;
}

/** Brings an exported session in. */
export async function importCommand(file: string, flags: ImportFlags): Promise<void> {
  const as = flags.as === undefined ? undefined : parseSessionId(flags.as);
  const input = file === "-" ? process.stdin : await openFile(file);
  const store = storeOf(flags);
  const lines = new ArchiveLines(input);
  const scratch = await mkdtemp(path.join(tmpdir(), "narthex-import-"));
  const entries = new ImportedEntries(lines, { store, scratch, as, directory: flags.directory });
  try {
    const options = as === undefined ? {} : { as };
    const imported = await writeStore(store, (engine) => engine.archives.import(entries.read(), options)).catch(
      async (error: unknown) => {
        if (entries.folder !== undefined) await rm(entries.folder, { recursive: true, force: true });
        throw explained(lines.line, error);
      },
    );
    const { record, events, commands } = imported;
    const told = { id: record.id, events, commands, workspace: entries.folder !== undefined };
    const text = `Session ${record.id} is here: ${events} events, ${commands} commands, ${told.workspace ? "with" : "without"} its workspace.`;
    process.stdout.write(flags.json === true ? `${JSON.stringify(told)}\n` : `${text}\n`);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function openFile(file: string): Promise<Readable> {
  try {
    const handle = await open(file);
    if ((await handle.stat()).isFile()) return handle.createReadStream();
    await handle.close();
  } catch (error) {
    throw new NarthexError(
      "USAGE",
      `${file} cannot be read: ${messageOf(error)}. Name a file that export has written.`,
    );
  }
  throw new NarthexError("USAGE", `${file} is no file: name one that export has written.`);
}

function explained(line: number, error: unknown): NarthexError {
  if (NarthexError.is(error) && error.code === "SESSION_ID_CONFLICT") {
    return new NarthexError("SESSION_ID_CONFLICT", `${error.message} Use --as ID to import it under another one.`);
  }
  return atLine(line, error);
}

/** Where an archive goes. */
interface ImportTarget {
  readonly store: Store;
  readonly scratch: string;
  readonly as: string | undefined;
  readonly directory: string | undefined;
}

/**
 * The entries of an archive. Its workspace is in its place before the last entry has been taken, so that a session which
 * is there has its folder.
 */
class ImportedEntries {
  readonly #lines: ArchiveLines;
  readonly #target: ImportTarget;
  /** The folder that was made for the session. */
  folder: string | undefined;

  constructor(lines: ArchiveLines, target: ImportTarget) {
    this.#lines = lines;
    this.#target = target;
  }

  async *read(): AsyncGenerator<ArchiveEntry, void, undefined> {
    let header: ArchiveHeader | undefined;
    let packed: PackedWorkspace | undefined;
    const bundle = path.join(this.#target.scratch, "workspace.bundle");
    const output = createWriteStream(bundle);
    try {
      for await (const line of this.#lines.read()) {
        if (line.kind === "header") header = line.header;
        else if (line.kind === "workspace") packed = line.packed;
        else if (line.kind === "workspaceData") {
          if (packed === undefined) throw invalidArchive("a piece of the workspace comes before its description");
          if (!output.write(line.data)) await once(output, "drain");
        } else if (line.entry.kind !== "session") yield line.entry;
        else yield { kind: "session", session: this.#rehomed(line.entry.session, header) };
      }
    } finally {
      output.end();
      await finished(output);
    }
    if (packed !== undefined && header !== undefined) await this.#unpack(bundle, packed, header);
  }

  async #unpack(bundle: string, packed: PackedWorkspace, header: ArchiveHeader): Promise<void> {
    const { store, as } = this.#target;
    const folder = path.join(store.workspaces, parseSessionId(as ?? header.sessionId));
    await unpackWorkspace(createGit(), bundle, packed, folder);
    this.folder = folder;
  }

  /** A folder that the runtime had made is found again by the session's id; one of the user's may be elsewhere here. */
  #rehomed(session: ArchivedSession, header: ArchiveHeader | undefined): ArchivedSession {
    if (header?.sessionId !== session.id) throw invalidArchive("its header is of another session");
    const { cwd: _cwd, gitRoot: _gitRoot, ...attributes } = session.attributes;
    if (header.ownsWorkspace) return { ...session, attributes };
    const { directory } = this.#target;
    if (directory === undefined) return session;
    const workingDirectory = path.resolve(directory);
    const config = { ...(attributes["config"] as object | undefined), workingDirectory };
    return { ...session, attributes: { ...attributes, cwd: workingDirectory, config } };
  }
}
