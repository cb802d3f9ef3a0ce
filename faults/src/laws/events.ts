// E1  Every event of the log has an id of its own, and its parent is the event before it.
// E2  A client that was there from the beginning saw every persisted event of the log once, in the log's order; one that
//     came later, every one from where it came; one that was killed, every one up to there. Questions that were open when
//     a client came may be shown to it again, ahead of them.
// E3  No event reaches a client twice, ephemeral ones included.
import { persistedOf, repeated, type Journal, type SeenEvent, type SessionRecord, type Violation } from "../record.ts";

export function lawsOfEvents({ log, journals }: SessionRecord): Violation[] {
  return [...soundLog(log), ...journals.flatMap((journal) => [...faithful(journal, log), ...unrepeated(journal)])];
}

function soundLog(log: readonly SeenEvent[]): Violation[] {
  const twice = repeated(log.map(({ id }) => id));
  const astray = log.filter(({ parentId }, index) => parentId !== (log[index - 1]?.id ?? null));
  return [
    ...twice.map((id): Violation => ({ law: "E1", harm: "duplicated", text: `event ${id} stands twice in the log` })),
    ...astray.map((event): Violation => ({
      law: "E1",
      harm: "other",
      text: `event ${event.id} (${event.type}) names ${event.parentId ?? "nothing"} as its parent, not the event before it`,
    })),
  ];
}

function faithful(journal: Journal, log: readonly SeenEvent[]): Violation[] {
  const places = new Map(log.map(({ id }, index) => [id, index]));
  const seen = withoutOldQuestions(journal, places);
  // What came after the log was read is nobody's business; everything before that is.
  const inLog = seen.filter(({ id }) => places.has(id));
  const first = journal.isWhole ? 0 : (places.get(inLog[0]?.id ?? "") ?? log.length);
  const last = journal.isCut === true ? (places.get(inLog.at(-1)?.id ?? "") ?? first - 1) : log.length - 1;
  const expected = log.slice(first, last + 1);
  const ids = new Set(inLog.map(({ id }) => id));
  const missing = expected.filter(({ id }) => !ids.has(id));
  if (missing.length > 0) {
    const text = `${journal.who} never saw ${missing.map(({ id, type }) => `${type} ${id}`).join(", ")}`;
    return [{ law: "E2", harm: "lost", text }];
  }
  const unknown = seen.findIndex(({ id }) => !places.has(id));
  if (unknown !== -1 && unknown < expected.length) {
    const event = seen[unknown];
    return [
      { law: "E2", harm: "other", text: `${journal.who} saw ${event?.type} ${event?.id}, which is not in the log` },
    ];
  }
  const wrong = expected.findIndex(({ id }, index) => id !== inLog[index]?.id);
  if (wrong === -1) return [];
  const [wanted, got] = [expected[wrong], inLog[wrong]];
  const text = `${journal.who} saw ${got?.type} ${got?.id} where the log has ${wanted?.type} ${wanted?.id}`;
  return [{ law: "E2", harm: repeated(inLog.map(({ id }) => id)).length > 0 ? "duplicated" : "other", text }];
}

/** A client that comes later is shown the open questions first: they are older than what it sees next. */
function withoutOldQuestions(journal: Journal, places: ReadonlyMap<string, number>): SeenEvent[] {
  const seen = persistedOf(journal);
  if (journal.isWhole) return seen;
  let from = 0;
  while (seen[from]?.type.endsWith(".requested") === true) {
    const [own, next] = [seen[from], seen[from + 1]];
    const place = places.get(own?.id ?? "");
    const nextPlace = places.get(next?.id ?? "");
    if (place === undefined || nextPlace === undefined || nextPlace === place + 1) break;
    from += 1;
  }
  return seen.slice(from);
}

function unrepeated(journal: Journal): Violation[] {
  const ids = journal.entries.flatMap((entry) => (entry.kind === "event" ? [entry.event.id] : []));
  return repeated(ids).map((id) => ({ law: "E3", harm: "duplicated", text: `${journal.who} saw event ${id} twice` }));
}
