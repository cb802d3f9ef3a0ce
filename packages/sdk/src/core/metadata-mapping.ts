import { SESSION_METADATA } from "@narthex/protocol";
import type { SessionListFilter, SessionMetadata } from "./types/metadata.ts";

/** The metadata of a session as the application sees it; undefined when the entry cannot be read. */
export function toSessionMetadata(entry: unknown): SessionMetadata | undefined {
  const parsed = SESSION_METADATA.safeParse(entry);
  if (!parsed.success) return undefined;
  const { context, startTime, modifiedTime, isRemote, ...rest } = parsed.data;
  const { cwd, ...place } = context ?? { cwd: "" };
  return {
    ...rest,
    startTime: new Date(startTime),
    modifiedTime: new Date(modifiedTime),
    isRemote: isRemote === true,
    ...(context === undefined ? {} : { context: { ...place, workingDirectory: cwd } }),
  } as SessionMetadata;
}

/** A list filter in the names of the wire. */
export function toWireFilter(filter: SessionListFilter): Record<string, unknown> {
  const { workingDirectory, ...rest } = filter;
  return workingDirectory === undefined ? rest : { ...rest, cwd: workingDirectory };
}
