// What a person sees of a running session: one line for each thing that happens, and the assistant's words as they come.
import type { PermissionRequest, PermissionRequestResult, SessionEvent } from "@narthex/sdk";
import type { Colors } from "../colors.ts";
import { withoutControlCharacters } from "./control-characters.ts";
import { describeRequest } from "./permissions.ts";

type Write = (text: string) => void;

/** Longest piece of a tool's arguments or output on one line, in characters. */
const MAX_INLINE_CHARS = 120;

export class Timeline {
  readonly #write: Write;
  readonly #colors: Colors;
  readonly #startedAt: number;
  /** True while the assistant's words stand on an unfinished line. */
  #isSpeaking = false;
  readonly #streamed = new Set<string>();

  /** @param startedAt milliseconds since the epoch; the times of events are counted from here */
  constructor(write: Write, colors: Colors, startedAt: number) {
    this.#write = write;
    this.#colors = colors;
    this.#startedAt = startedAt;
  }

  /** One event; `isEarly` when it arrived before the runtime had answered the create. */
  event(received: SessionEvent, isEarly: boolean): void {
    const event = withoutControlCharacters(received);
    const colors = this.#colors;
    const line = (label: string, text: string): void => this.#line(event.timestamp, label, text, isEarly);
    switch (event.type) {
      case "session.start":
        return line("session", `started, model ${event.data.selectedModel ?? "unknown"}`);
      case "session.info":
        return line("info", event.data.message);
      case "session.warning":
        return line("warning", colors.yellow(event.data.message));
      case "session.error":
        return line(
          "error",
          colors.red(`${event.data.errorCode === undefined ? "" : `[${event.data.errorCode}] `}${event.data.message}`),
        );
      case "session.context_changed":
        return line("workspace", placeOf(event.data));
      case "user.message":
        return line("you", colors.bold(event.data.content));
      case "assistant.message_delta":
        return this.#speak(event.data.messageId, event.data.deltaContent);
      case "assistant.message":
        return this.#finishMessage(event.data.messageId, event.data.content);
      case "tool.execution_start":
        return line("tool", `${colors.cyan(event.data.toolName)} ${colors.dim(inline(event.data.arguments))}`);
      case "tool.execution_complete":
        return line("result", this.#outcome(event.data));
      case "abort":
        return line("abort", colors.yellow("aborted"));
      default:
    }
  }

  /** What was decided about a permission request. */
  decision(request: PermissionRequest, decision: PermissionRequestResult): void {
    const isAllowed = decision.kind.startsWith("approve");
    const verdict = isAllowed ? this.#colors.green("allowed") : this.#colors.yellow("refused");
    this.#line(
      new Date().toISOString(),
      "permission",
      `${verdict} ${inlineText(withoutControlCharacters(describeRequest(request)))}`,
      false,
    );
  }

  /** A line of the command itself. */
  note(label: string, text: string): void {
    this.#line(new Date().toISOString(), label, text, false);
  }

  #outcome(data: { success: boolean; result?: { content: string }; error?: { message: string } }): string {
    const text = inlineText(data.result?.content ?? data.error?.message ?? "");
    return data.success ? this.#colors.dim(text) : this.#colors.yellow(text);
  }

  #line(timestamp: string, label: string, text: string, isEarly: boolean): void {
    this.#endSpeech();
    const seconds = Math.max(0, Date.parse(timestamp) - this.#startedAt) / 1_000;
    const time = this.#colors.dim(`${seconds.toFixed(3).padStart(8)}s`);
    const mark = isEarly ? this.#colors.magenta("early") : "     ";
    this.#write(`${time} ${mark} ${this.#colors.dim(label.padEnd(10))} ${text}\n`);
  }

  #speak(messageId: string, text: string): void {
    if (!this.#isSpeaking) this.#write("\n");
    this.#isSpeaking = true;
    this.#streamed.add(messageId);
    this.#write(text);
  }

  #finishMessage(messageId: string, content: string): void {
    if (!this.#streamed.delete(messageId) && content !== "") this.#speak(messageId, content);
    this.#streamed.delete(messageId);
    this.#endSpeech();
  }

  #endSpeech(): void {
    if (this.#isSpeaking) this.#write("\n\n");
    this.#isSpeaking = false;
  }
}

function placeOf(data: { cwd: string; repository?: string; branch?: string; headCommit?: string }): string {
  const commit = data.headCommit === undefined ? "" : ` at ${data.headCommit.slice(0, 8)}`;
  const branch = data.branch === undefined ? "" : ` (${data.branch})`;
  return data.repository === undefined ? `${data.cwd} (empty)` : `${data.repository}${branch}${commit}`;
}

function inline(value: unknown): string {
  if (typeof value !== "object" || value === null) return "";
  const fields = Object.entries(value).map(
    ([name, field]) => `${name}=${typeof field === "string" ? field : JSON.stringify(field)}`,
  );
  return inlineText(fields.join(" "));
}

function inlineText(text: string): string {
  const line = text.trim().replace(/\s+/g, " ");
  return line.length <= MAX_INLINE_CHARS ? line : `${line.slice(0, MAX_INLINE_CHARS - 1)}…`;
}
