// T1  Whatever the clock of the machine does, nothing is said to have lasted less than no time.
import type { SeenEvent, SessionRecord, Violation } from "../record.ts";

const LASTS = /(?:durationMs|DurationMs|elapsedMs|^duration)$/;

export function lawOfTime({ log, journals }: SessionRecord): Violation[] {
  const seen = journals.flatMap(({ entries }) =>
    entries.flatMap((entry) => (entry.kind === "event" ? [entry.event] : [])),
  );
  const events = new Map([...seen, ...log].map((event) => [event.id, event]));
  return [...events.values()].flatMap(negative);
}

function negative({ id, type, data }: SeenEvent): Violation[] {
  return Object.entries(data)
    .filter(([field, value]) => LASTS.test(field) && typeof value === "number" && value < 0)
    .map(([field, value]) => ({ law: "T1", harm: "other", text: `${type} ${id} says ${field}: ${String(value)}` }));
}
