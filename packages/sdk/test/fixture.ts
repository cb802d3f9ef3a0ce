import { NarthexError } from "@narthex/protocol";
import { startScriptedRuntime, type ScriptedRuntime, type ScriptedRuntimeOptions } from "@narthex/testkit";
import { onTestFinished } from "vitest";
import {
  CopilotClient,
  RuntimeConnection,
  type CopilotClientOptions,
  type Logger,
  type SessionEvent,
} from "../src/index.ts";

/** Collects what the SDK logs. */
export class MemoryLogger implements Logger {
  readonly lines: string[] = [];
  debug(): void {}
  info(): void {}
  warn(message: string): void {
    this.lines.push(message);
  }
  error(message: string): void {
    this.lines.push(message);
  }
}

/** A runtime that cannot give its log back. */
function noLog(): never {
  throw new NarthexError("METHOD_NOT_FOUND", "Unhandled method");
}

export interface Pair {
  readonly runtime: ScriptedRuntime;
  readonly client: CopilotClient;
  readonly logger: MemoryLogger;
}

/** A client connected to a scripted runtime over TCP; both end with the test. */
export async function connectedPair(
  options: { runtime?: ScriptedRuntimeOptions; client?: CopilotClientOptions } = {},
): Promise<Pair> {
  const runtime = await startScriptedRuntime({
    ...options.runtime,
    answers: {
      "session.detach": () => ({ success: true }),
      ...(options.runtime?.log === undefined ? { "session.getMessages": noLog, "session.eventLog.read": noLog } : {}),
      ...options.runtime?.answers,
    },
  });
  const logger = new MemoryLogger();
  const client = new CopilotClient({ connection: RuntimeConnection.forUri(runtime.uri), logger, ...options.client });
  onTestFinished(async () => {
    await client.forceStop();
    await runtime.close();
  });
  await client.start();
  return { runtime, client, logger };
}

/** The data of `session.info` events by their message. */
export function messagesOf(events: readonly SessionEvent[]): string[] {
  return events.flatMap((event) => (event.type === "session.info" ? [event.data.message] : []));
}
