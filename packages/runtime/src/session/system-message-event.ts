// The system message of a session: built once, with what its clients want of it, and kept in the log.
import { messageOf } from "@narthex/protocol";
import type { SessionContext } from "./session-context.ts";
import { buildSystemMessage, type Sections } from "./system-message.ts";

/** Milliseconds a client has to rewrite sections of the system message. */
const TRANSFORM_TIMEOUT_MS = 30_000;

/** Writes the system message unless the log has one. */
export async function ensureSystemMessage(context: SessionContext, signal: AbortSignal): Promise<void> {
  const { conversation, writer, workspace } = context;
  if (conversation.hasSystemMessage) return;
  const content = await buildSystemMessage(workspace, context.settings.params.systemMessage, (sections) =>
    transformSections(context, sections, signal),
  );
  if (content !== "") await writer.write("system.message", { role: "system", content });
}

/** A client that fails to rewrite a section leaves it as it was. */
async function transformSections(context: SessionContext, sections: Sections, signal: AbortSignal): Promise<Sections> {
  const wire = Object.fromEntries(Object.entries(sections).map(([id, content]) => [id, { content }]));
  try {
    const reply = await context.attachments.ask(
      "transforms",
      "systemMessage.transform",
      { sessionId: context.id, sections: wire },
      AbortSignal.any([signal, AbortSignal.timeout(TRANSFORM_TIMEOUT_MS)]),
    );
    const changed = (reply as { sections?: Record<string, { content?: unknown }> } | null)?.sections ?? {};
    return Object.fromEntries(
      Object.entries(changed).flatMap(([id, section]) =>
        typeof section?.content === "string" ? [[id, section.content]] : [],
      ),
    );
  } catch (error) {
    context.logger.warn(messageOf(error), { sessionId: context.id });
    return {};
  }
}
