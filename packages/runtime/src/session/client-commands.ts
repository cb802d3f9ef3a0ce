// Commands that clients registered, run by whichever of them has the handler.
import { NarthexError } from "@narthex/protocol";
import type { SessionContext } from "./session-context.ts";

/** @throws {NarthexError} INVALID_PARAMS for an unknown command, HANDLER_FAILED, SESSION_SHUT_DOWN */
export async function executeCommand(
  context: SessionContext,
  name: string,
  args: string,
  signal: AbortSignal,
): Promise<void> {
  const wanted = name.replace(/^\/+/, "").toLowerCase();
  const command = context.attachments.commands().find((entry) => entry.name.toLowerCase() === wanted);
  if (command === undefined) {
    const names = context.attachments.commands().map((entry) => `/${entry.name}`);
    const known = names.length === 0 ? "There are none in this session." : `The commands are: ${names.join(", ")}.`;
    throw new NarthexError("INVALID_PARAMS", `There is no command /${wanted}. ${known}`);
  }
  const { requestId, answer } = context.pending.open<{ error?: string }>("command", signal);
  const event = await context.writer.write("command.execute", {
    requestId,
    command: args === "" ? `/${command.name}` : `/${command.name} ${args}`,
    commandName: command.name,
    args,
  });
  context.pending.announce(requestId, event);
  try {
    const { error } = await answer;
    if (error !== undefined) throw new NarthexError("HANDLER_FAILED", `/${command.name} failed: ${error}`);
  } finally {
    context.writer.emit("command.completed", { requestId });
  }
}
