// The lines of an exported session. Pure.
//
//   {"narthexArchive":1,"sessionId":…,"exportedAt":…,"producer":…,"ownsWorkspace":…}   first: the version of the format
//   {"kind":"session"|"event"|"command"|"createKey", …}                                as `@narthex/engine` defines them
//   {"kind":"workspace","packed":{…}} {"kind":"workspaceData","base64":…} …            a git bundle, in pieces; optional
//   {"kind":"end","lines":…,"sha256":…}                                                last: the lines before it, and the
//                                                                                      checksum of their bytes
import type { ArchiveEntry } from "@narthex/engine";
import { NarthexError, messageOf } from "@narthex/protocol";
import { parsePackedWorkspace, type PackedWorkspace } from "@narthex/runtime";

export const ARCHIVE_VERSION = 1;

export interface ArchiveHeader {
  readonly narthexArchive: typeof ARCHIVE_VERSION;
  readonly sessionId: string;
  readonly exportedAt: string;
  readonly producer: string;
  /** The runtime made the session's folder: what its record says of it holds for one machine only. */
  readonly ownsWorkspace: boolean;
}

export type ArchiveLine =
  | { readonly kind: "header"; readonly header: ArchiveHeader }
  | { readonly kind: "entry"; readonly entry: ArchiveEntry }
  | { readonly kind: "workspace"; readonly packed: PackedWorkspace }
  | { readonly kind: "workspaceData"; readonly data: Buffer }
  | { readonly kind: "end"; readonly lines: number; readonly sha256: string };

const ENTRY_FIELDS: Readonly<Record<ArchiveEntry["kind"], string>> = {
  session: "session",
  event: "event",
  command: "command",
  createKey: "key",
};

/** @throws {NarthexError} ARCHIVE_INVALID */
export function parseArchiveLine(text: string): ArchiveLine {
  const value = parseObject(text);
  if (value["narthexArchive"] !== undefined) return { kind: "header", header: parseHeader(value) };
  const { kind } = value;
  if (typeof kind !== "string") throw invalidArchive("the line has no `kind`");
  if (Object.hasOwn(ENTRY_FIELDS, kind)) {
    const field = ENTRY_FIELDS[kind as ArchiveEntry["kind"]];
    const isThere = field === "key" ? typeof value[field] === "string" : isObject(value[field]);
    if (!isThere) throw invalidArchive(`a line of kind ${kind} has no \`${field}\``);
    return { kind: "entry", entry: value as unknown as ArchiveEntry };
  }
  if (kind === "workspace") {
    const packed = parsePackedWorkspace(value["packed"]);
    if (packed === undefined) throw invalidArchive("the description of the workspace is malformed");
    return { kind, packed };
  }
  if (kind === "workspaceData" && typeof value["base64"] === "string") {
    return { kind, data: Buffer.from(value["base64"], "base64") };
  }
  const { lines, sha256 } = value;
  if (kind === "end" && typeof lines === "number" && typeof sha256 === "string") return { kind, lines, sha256 };
  throw invalidArchive(`a line of kind ${JSON.stringify(kind.slice(0, 40))} is unknown or malformed`);
}

/** The archive is malformed, damaged or cut off. */
export function invalidArchive(what: string, cause?: unknown): NarthexError {
  return new NarthexError("ARCHIVE_INVALID", `The archive cannot be imported: ${what}.`, { cause });
}

function parseHeader(value: Record<string, unknown>): ArchiveHeader {
  const { narthexArchive: version, sessionId, ownsWorkspace } = value;
  if (version !== ARCHIVE_VERSION) {
    const text = `it has version ${JSON.stringify(version)}, this one knows ${ARCHIVE_VERSION}: update narthex`;
    throw invalidArchive(text);
  }
  if (typeof sessionId === "string" && typeof ownsWorkspace === "boolean") return value as unknown as ArchiveHeader;
  throw invalidArchive("its first line is malformed");
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalidArchive(`the line is no JSON: ${messageOf(error)}`, error);
  }
  if (isObject(value)) return value;
  throw invalidArchive("the line is no JSON object");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
