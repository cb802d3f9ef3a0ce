// The checker itself: it is content with a sound session, and complains of every way in which one can be forged.
import { expect, it } from "vitest";
import { checkSession } from "../src/laws/laws.ts";
import { lawOfCommands, missedIdles } from "../src/laws/work.ts";
import type { GivenAnswer, JournalEntry, SeenEvent, Send, SessionRecord } from "../src/record.ts";

interface Forge {
  sends: Send[];
  answers: GivenAnswer[];
  log: SeenEvent[];
  seen: JournalEntry[];
  late: JournalEntry[];
}

const STORY: [type: string, data: object][] = [
  ["session.start", {}],
  ["user.message", { content: "one", messageId: "m1", delivery: "idle" }],
  ["assistant.turn_start", { turnId: "0" }],
  ["assistant.message", { originatingMessageId: "m1", toolRequests: [{ toolCallId: "c1" }] }],
  ["tool.execution_start", { toolCallId: "c1" }],
  ["permission.requested", { requestId: "q1" }],
  ["permission.completed", { requestId: "q1", result: { kind: "approved" } }],
  ["tool.execution_complete", { toolCallId: "c1" }],
  ["assistant.turn_end", { turnId: "0" }],
  ["assistant.turn_start", { turnId: "1" }],
  ["assistant.message", { originatingMessageId: "m1" }],
  ["assistant.turn_end", { turnId: "1" }],
  ["user.message", { content: "two", messageId: "m2", delivery: "queued" }],
  ["assistant.turn_start", { turnId: "2" }],
  ["assistant.message", { originatingMessageId: "m2" }],
  ["assistant.turn_end", { turnId: "2" }],
];

const entry = (event: SeenEvent): JournalEntry => ({ kind: "event", at: 0, event });
const idle = (id = "idle"): JournalEntry =>
  entry({ id, type: "session.idle", parentId: null, ephemeral: true, data: {} });
const gap = (kind: "lost" | "resumed"): JournalEntry => ({ kind, at: 0 });

function sound(): Forge {
  const log = STORY.map(([type, data], index): SeenEvent => ({
    id: `e${index}`,
    type,
    parentId: index === 0 ? null : `e${index - 1}`,
    ephemeral: false,
    data: data as SeenEvent["data"],
  }));
  return {
    sends: [
      { key: "k1", prompt: "one", isImmediate: false, messageId: "m1" },
      { key: "k2", prompt: "two", isImmediate: false, messageId: "m2" },
    ],
    answers: [
      { requestId: "q1", who: "a", kind: "approve-once", isTaken: true },
      { requestId: "q1", who: "b", kind: "reject", isTaken: false },
    ],
    log,
    seen: [...log.map(entry), idle()],
    late: [log[5]!, ...log.slice(8)].map(entry), // the question that was open, and what came then
  };
}

function check(forge: Forge): string[] {
  const record: SessionRecord = {
    sessionId: "s",
    sends: forge.sends,
    answers: forge.answers,
    log: forge.log,
    journals: [
      { who: "first", isWhole: true, entries: forge.seen },
      { who: "second", isWhole: false, entries: forge.late },
    ],
  };
  return checkSession(record).map(({ law, harm }) => `${law} ${harm}`);
}

/** The log and the first client's journal agree, so that only the log is at fault. */
function retell(forge: Forge, change: (log: SeenEvent[]) => void): void {
  change(forge.log);
  forge.log = forge.log.map((event, index) => ({ ...event, parentId: forge.log[index - 1]?.id ?? null }));
  forge.seen = [...forge.log.map(entry), idle()];
  forge.late = [];
}
const without = (forge: Forge, id: string): void =>
  retell(forge, (log) =>
    log.splice(
      log.findIndex((event) => event.id === id),
      1,
    ),
  );
const again = (forge: Forge, id: string): void =>
  retell(forge, (log) => log.push({ ...log.find((event) => event.id === id)!, id: `${id}-again` }));
const dataOf = (forge: Forge, id: string, data: object): void =>
  retell(forge, (log) => {
    const index = log.findIndex((event) => event.id === id);
    log[index] = { ...log[index]!, data: { ...log[index]!.data, ...data } };
  });

it("is content with a sound session", () => {
  expect(check(sound())).toEqual([]);
});

const FORGERIES: [what: string, forge: (forge: Forge) => void, complaint: string][] = [
  ["an acknowledged prompt is not in the log", (f) => without(f, "e12"), "P1 lost"],
  ["a prompt has another message id than was answered", (f) => dataOf(f, "e12", { messageId: "m9" }), "P1 other"],
  ["a prompt ran twice", (f) => again(f, "e1"), "P2 duplicated"],
  [
    "an unacknowledged prompt ran twice",
    (f) => (delete (f.sends[0] as any).messageId, again(f, "e1")),
    "P2 duplicated",
  ],
  ["a prompt is there that nobody sent", (f) => f.sends.pop(), "P3 other"],
  ["two prompts changed places", (f) => (f.sends = f.sends.toReversed()), "P4 other"],
  ["a prompt was answered twice", (f) => again(f, "e14"), "P5 duplicated"],
  ["a prompt was not answered", (f) => without(f, "e14"), "P5 lost"],
  [
    "an event of the log has another's id",
    (f) => retell(f, (log) => log.push({ ...log[0]!, parentId: null })),
    "E1 duplicated",
  ],
  ["an event names another parent", (f) => (f.log[4] = { ...f.log[4]!, parentId: "e0" }), "E1 other"],
  ["the client missed an event", (f) => f.seen.splice(7, 1), "E2 lost"],
  ["the client missed the first event", (f) => f.seen.shift(), "E2 lost"],
  ["the client missed the last event", (f) => f.seen.splice(15, 1), "E2 lost"],
  ["a later client missed an event", (f) => f.late.splice(3, 1), "E2 lost"],
  ["a later client missed the last event", (f) => f.late.pop(), "E2 lost"],
  ["the client saw events in another order", (f) => f.seen.splice(7, 2, f.seen[8]!, f.seen[7]!), "E2 other"],
  ["a later client saw events in another order", (f) => f.late.splice(3, 2, f.late[4]!, f.late[3]!), "E2 other"],
  [
    "the client saw an event that the log does not have",
    (f) => f.seen.splice(3, 0, entry({ ...f.log[3]!, id: "x" })),
    "E2 other",
  ],
  ["the client saw an event twice", (f) => f.seen.splice(7, 0, f.seen[6]!), "E3 duplicated"],
  ["the client saw an ephemeral event twice", (f) => f.seen.push(idle()), "E3 duplicated"],
  ["a question was asked twice", (f) => again(f, "e5"), "Q1 duplicated"],
  ["a question was settled twice", (f) => again(f, "e6"), "Q1 duplicated"],
  ["a question was never settled", (f) => without(f, "e6"), "Q1 lost"],
  ["a tool call started twice", (f) => again(f, "e4"), "Q2 duplicated"],
  ["a tool call has two results", (f) => again(f, "e7"), "Q2 duplicated"],
  ["a tool call has no result", (f) => without(f, "e7"), "Q2 lost"],
  ["two answers were taken", (f) => f.answers.push({ ...f.answers[0]!, who: "c" }), "Q3 duplicated"],
  ["no answer was taken", (f) => f.answers.shift(), "Q3 lost"],
  ["another answer counted", (f) => dataOf(f, "e6", { result: { kind: "denied-interactively-by-user" } }), "Q3 other"],
  ["a turn did not end", (f) => without(f, "e11"), "W1 other"],
  ["no idle was told", (f) => f.seen.pop(), "W2 lost"],
  ["the idle of an earlier run was not told", (f) => dataOf(f, "e12", { delivery: "idle" }), "W2 lost"],
  ["a second idle was told", (f) => f.seen.push(idle("idle-2")), "W2 duplicated"],
  ["something lasted less than no time", (f) => dataOf(f, "e14", { duration: -1 }), "T1 other"],
  [
    "the log tells of an error",
    (f) => retell(f, (log) => log.push({ ...log[0]!, id: "x", type: "session.error" })),
    "W3 other",
  ],
];

it.each(FORGERIES)("complains when %s", (_what, forge, complaint) => {
  const forged = sound();
  forge(forged);
  expect(check(forged)).toContain(complaint);
});

it("forgives an idle that fell into an outage, also one whose turn ended in it, and counts it", () => {
  for (const place of [16, 15, 14]) {
    const forged = sound();
    forged.seen = [...forged.seen.slice(0, place), gap("lost"), ...forged.seen.slice(place, 16), gap("resumed")];
    expect(check(forged)).toEqual([]);
    expect(missedIdles({ who: "first", isWhole: true, entries: forged.seen })).toBe(1);
  }
});

it("does not forgive one that was due after the outage", () => {
  const forged = sound();
  forged.seen = [...forged.seen.slice(0, 14), gap("lost"), gap("resumed"), ...forged.seen.slice(14, 16)];
  expect(check(forged)).toEqual(["W2 lost"]);
});

it("wants of a client that was killed what it saw until then, and no more", () => {
  const record = (entries: JournalEntry[]): SessionRecord => {
    const { seen: _seen, late: _late, ...rest } = sound();
    return { sessionId: "s", ...rest, journals: [{ who: "dead", isWhole: true, isCut: true, entries }] };
  };
  const { seen } = sound();
  for (let length = 0; length <= seen.length; length += 1) {
    expect(checkSession(record(seen.slice(0, length)))).toEqual([]);
  }
  const holed = record(seen.slice(0, 9).toSpliced(4, 1));
  expect(checkSession(holed).map(({ law, harm }) => `${law} ${harm}`)).toEqual(["E2 lost"]);
});

it("complains of a command that ran twice", () => {
  expect(lawOfCommands(["a", "b"])).toEqual([]);
  expect(lawOfCommands(["a", "b", "a"]).map(({ law, harm }) => `${law} ${harm}`)).toEqual(["W4 duplicated"]);
});
