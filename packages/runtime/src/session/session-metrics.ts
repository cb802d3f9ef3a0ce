// What a session has used so far, for its shutdown event.
import type { AssistantUsageData, RawSessionEvent, ShutdownData } from "@narthex/protocol";
import type { ModelUsage } from "../models/model.ts";

/** Most files that are named one by one in a session's account of changes. */
const MAX_NAMED_FILES = 1_000;

export class SessionMetrics {
  readonly #startedAt: number;
  readonly #models = new Map<string, { count: number; usage: { -readonly [K in keyof ModelUsage]-?: number } }>();
  readonly #files = new Set<string>();
  #apiMs = 0;
  #added = 0;
  #removed = 0;

  /** @param startedAt milliseconds since the epoch */
  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  modelCall(model: string, usage: ModelUsage, durationMs: number): void {
    this.#apiMs += durationMs;
    const entry = this.#models.get(model) ?? {
      count: 0,
      usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, reasoningTokens: 0 },
    };
    entry.count += 1;
    entry.usage.inputTokens += usage.inputTokens ?? 0;
    entry.usage.outputTokens += usage.outputTokens ?? 0;
    entry.usage.cacheReadTokens += usage.cacheReadTokens ?? 0;
    entry.usage.reasoningTokens += usage.reasoningTokens ?? 0;
    this.#models.set(model, entry);
  }

  /** Counts the model calls that the log has: what was used before a restart. */
  apply(event: RawSessionEvent): void {
    if (event.type !== "assistant.usage") return;
    const { model, duration, ...usage } = event.data as AssistantUsageData;
    this.modelCall(model, usage, duration ?? 0);
  }

  /** What each model was used for so far. */
  models(): ReadonlyMap<string, { readonly count: number; readonly usage: Readonly<Required<ModelUsage>> }> {
    return this.#models;
  }

  /** Counts a unified diff that a tool has applied. */
  fileChanged(path: string, diff: string): void {
    if (this.#files.size < MAX_NAMED_FILES) this.#files.add(path);
    for (const line of diff.split("\n")) {
      if (line.startsWith("+") && !line.startsWith("+++")) this.#added += 1;
      else if (line.startsWith("-") && !line.startsWith("---")) this.#removed += 1;
    }
  }

  summary(): Omit<ShutdownData, "shutdownType"> {
    return {
      totalApiDurationMs: Math.round(this.#apiMs),
      sessionStartTime: this.#startedAt,
      codeChanges: { linesAdded: this.#added, linesRemoved: this.#removed, filesModified: [...this.#files] },
      modelMetrics: Object.fromEntries(
        [...this.#models].map(([model, { count, usage }]) => [
          model,
          { requests: { count }, usage: { ...usage, cacheWriteTokens: 0 } },
        ]),
      ),
    };
  }
}
