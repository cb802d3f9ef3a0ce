// What the directory keeps of a session, so that it can be opened again, and what is told about it.
import type { SessionDirectory, SessionRecord } from "@narthex/engine";
import { NarthexError, type WorkingDirectoryContext } from "@narthex/protocol";
import { isDeepStrictEqual } from "node:util";
import type { Workspace } from "../workspace/workspaces.ts";
import { abilitiesOf, type ClientAbility, type ClientPart } from "./attachments.ts";
import type { SessionParams } from "./session-config.ts";

/** Attributes of a session's record. Strings at the top can be filtered by. */
export interface SessionAttributes {
  clientName: string;
  cwd?: string;
  gitRoot?: string;
  repository?: string;
  branch?: string;
  headCommit?: string;
  /** Its model was the client's own, and what that needs is not kept: secrets. */
  hasOwnProvider?: boolean;
  /** What its clients could answer when the last of them attached; without it they could answer nothing. */
  clients?: ClientPart;
  /** First line of the first prompt. */
  summary?: string;
  /** What the session was created with, less everything secret or bound to one client. */
  config: Pick<
    SessionParams,
    "model" | "streaming" | "systemMessage" | "availableTools" | "excludedTools" | "cloud" | "workingDirectory"
  >;
}

/** Longest summary, in characters. */
const MAX_SUMMARY_CHARS = 80;

export function attributesOf(params: SessionParams): SessionAttributes {
  const clients = { abilities: [...abilitiesOf(params)].sort(), tools: params.tools ?? [] };
  return {
    clientName: params.clientName ?? "sdk",
    ...(params.provider === undefined ? {} : { hasOwnProvider: true }),
    ...(clients.abilities.length + clients.tools.length === 0 ? {} : { clients }),
    config: configOf(params),
  };
}

function configOf(params: SessionParams): SessionAttributes["config"] {
  const { model, streaming, systemMessage, availableTools, excludedTools, cloud, workingDirectory } = params;
  const config = { model, streaming, systemMessage, availableTools, excludedTools, cloud, workingDirectory };
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

/**
 * What a client that attaches changes in the record, so that a process without it goes on as this one would; undefined
 * when it changes nothing, as most do not. Where a session works stays what the create said.
 */
export function changesBy(
  record: SessionRecord,
  params: SessionParams,
  clients: ClientPart,
): Partial<SessionAttributes> | undefined {
  const stored = storedAttributes(record);
  const { cloud: _cloud, workingDirectory: _folder, ...wanted } = configOf(params);
  const config = { ...stored.config, ...wanted };
  const isOfOwn = stored.hasOwnProvider === true || params.provider !== undefined;
  const before = { config: stored.config, clients: stored.clients ?? NOBODY, isOfOwn: stored.hasOwnProvider === true };
  // Through JSON, as it is kept.
  const after = JSON.parse(JSON.stringify({ config, clients, isOfOwn })) as typeof before;
  if (isDeepStrictEqual(before, after)) return undefined;
  return { config, clients, ...(isOfOwn ? { hasOwnProvider: true } : {}) };
}

/** Abilities that only a client has, and that the work of a session must not go on without. */
const CANNOT_WAIT: readonly ClientAbility[] = ["hooks", "transforms", "tokens"];

/** Does it take a client to go on: for its model, its hooks, or its part in the system message? */
export function needsClient(record: SessionRecord): boolean {
  const { hasOwnProvider, clients } = storedAttributes(record);
  return hasOwnProvider === true || CANNOT_WAIT.some((ability) => clients?.abilities.includes(ability) === true);
}

const NOBODY: ClientPart = { abilities: [], tools: [] };

export function storedAttributes(record: SessionRecord): SessionAttributes {
  return record.attributes as unknown as SessionAttributes;
}

/** How often a change is tried again when somebody else changed the record in between. */
const MAX_UPDATE_ATTEMPTS = 5;

/**
 * Changes attributes of a record, whatever its revision.
 * @throws {NarthexError} SESSION_NOT_FOUND, LOG_CONFLICT when others keep changing it
 */
export async function patchAttributes(
  directory: SessionDirectory,
  id: string,
  patch: Partial<SessionAttributes>,
): Promise<SessionRecord> {
  for (let attempt = 1; ; attempt += 1) {
    const record = await directory.get(id);
    if (record === undefined) throw new NarthexError("SESSION_NOT_FOUND", `Session not found: ${id}`);
    try {
      return await directory.update(id, { attributes: { ...patch } }, record.revision);
    } catch (error) {
      if (attempt >= MAX_UPDATE_ATTEMPTS || !NarthexError.is(error) || error.code !== "LOG_CONFLICT") throw error;
    }
  }
}

/** A session that was switched to another model goes on with that one, whoever takes it up. */
export async function keepModel(directory: SessionDirectory, id: string, model: string): Promise<void> {
  const record = await directory.get(id);
  if (record === undefined) return;
  await patchAttributes(directory, id, { config: { ...storedAttributes(record).config, model } });
}

/** Where a session works, as events and metadata tell it. */
export function placeOf(workspace: Workspace): WorkingDirectoryContext {
  const { repository, gitRoot, root } = workspace;
  return {
    cwd: root,
    ...(gitRoot === undefined ? {} : { gitRoot }),
    ...(repository === undefined ? {} : { repository: `${repository.owner}/${repository.name}` }),
    ...(repository?.branch === undefined ? {} : { branch: repository.branch }),
    ...(repository?.headCommit === undefined ? {} : { headCommit: repository.headCommit }),
  };
}

export function summaryOf(prompt: string): string {
  const line = prompt.trim().split("\n", 1)[0] ?? "";
  return line.length <= MAX_SUMMARY_CHARS ? line : `${line.slice(0, MAX_SUMMARY_CHARS - 1)}…`;
}

/** A session's entry in lists. */
export interface SessionMetadataEntry {
  sessionId: string;
  startTime: string;
  modifiedTime: string;
  summary?: string;
  clientName: string;
  isRemote: boolean;
  remoteUrl?: string;
  context?: { cwd: string; gitRoot?: string; repository?: string; branch?: string };
}

export function metadataOf(record: SessionRecord, remoteUrl: string | undefined): SessionMetadataEntry {
  const { clientName, cwd, gitRoot, repository, branch, summary } = storedAttributes(record);
  return {
    sessionId: record.id,
    startTime: record.createdAt,
    modifiedTime: record.updatedAt,
    ...(summary === undefined ? {} : { summary }),
    clientName,
    isRemote: record.isCloud,
    ...(remoteUrl === undefined ? {} : { remoteUrl }),
    ...(cwd === undefined
      ? {}
      : {
          context: {
            cwd,
            ...(gitRoot === undefined ? {} : { gitRoot }),
            ...(repository === undefined ? {} : { repository }),
            ...(branch === undefined ? {} : { branch }),
          },
        }),
  };
}
