// W1  Every turn that starts ends, in order.
// W2  A run of work ends with one `session.idle`. It is ephemeral: one that fell into an outage may be missing, never one
//     that a connected client waited for; and none comes without work before it.
// W3  Nothing went wrong that the log has to tell.
// W4  A command ran at most once.
import { repeated, textIn, type Journal, type SessionRecord, type Violation } from "../record.ts";

export function lawsOfWork({ log, journals }: SessionRecord): Violation[] {
  const turns = (type: string): string[] =>
    log.filter((event) => event.type === type).map((event) => textIn(event, "turnId"));
  const [started, ended] = [turns("assistant.turn_start").join(), turns("assistant.turn_end").join()];
  return [
    ...(started === ended ? [] : [other("W1", `the turns ${started} started, and ${ended} ended`)]),
    ...journals.filter(({ isWhole }) => isWhole).flatMap(idles),
    ...log
      .filter(({ type }) => type === "session.error")
      .map((event) => other("W3", `session.error ${textIn(event, "errorCode")}: ${textIn(event, "message")}`)),
  ];
}

/** W4, over the lines that commands left behind. */
export function lawOfCommands(lines: readonly string[]): Violation[] {
  return repeated(lines).map((line) => ({ law: "W4", harm: "duplicated", text: `the command of ${line} ran twice` }));
}

/** How many idles of a journal fell into an outage. */
export function missedIdles(journal: Journal): number {
  return walk(journal).missed;
}

function idles(journal: Journal): Violation[] {
  return walk(journal).violations;
}

function walk({ who, entries, isCut }: Journal): { violations: Violation[]; missed: number } {
  const violations: Violation[] = [];
  let missed = 0;
  let isWorking = false;
  let isAway = false;
  let hasGap = false; // since the end of the last turn
  const over = (): void => {
    if (hasGap) missed += 1;
    else violations.push({ law: "W2", harm: "lost", text: `${who} was told of no session.idle after a run of work` });
  };
  for (const entry of entries) {
    if (entry.kind !== "event") {
      isAway = entry.kind === "lost";
      hasGap ||= isAway;
      continue;
    }
    const { id, type, data } = entry.event;
    if (type === "session.idle") {
      if (!isWorking)
        violations.push({ law: "W2", harm: "duplicated", text: `${who} saw a second session.idle (${id})` });
      isWorking = false;
    } else if (type === "user.message") {
      if (isWorking && data["delivery"] === "idle") over();
      isWorking = true;
      hasGap = isAway;
    } else if (type === "assistant.turn_end") hasGap = isAway;
  }
  if (isWorking && isCut !== true) over();
  return { violations, missed };
}

function other(law: string, text: string): Violation {
  return { law, harm: "other", text };
}
