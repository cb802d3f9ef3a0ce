// P1  A prompt whose send was answered is in the log exactly once, under the answered message id.
// P2  No prompt is in the log twice, however often it was sent with its key.
// P3  Nothing is in the log that nobody sent.
// P4  Prompts that wait their turn stand in the order in which they were sent.
// P5  A prompt is answered at most once; exactly once when nothing joined its turn.
import { textIn, type SeenEvent, type Send, type SessionRecord, type Violation } from "../record.ts";

export function lawsOfPrompts({ sends, log }: SessionRecord): Violation[] {
  const messages = log.filter(({ type }) => type === "user.message");
  return [
    ...sends.flatMap((send) => fateOf(send, messages)),
    ...strangers(sends, messages),
    ...order(sends, messages),
    ...answers(messages, log),
  ];
}

function fateOf(send: Send, messages: readonly SeenEvent[]): Violation[] {
  const said = messages.filter((message) => textIn(message, "content") === send.prompt);
  const what = `the prompt ${send.key} (message ${send.messageId ?? "never answered"})`;
  if (said.length > 1) {
    return [{ law: "P2", harm: "duplicated", text: `${what} stands ${said.length} times in the log: ${idsOf(said)}` }];
  }
  if (send.messageId === undefined) return [];
  const [only] = said;
  if (only === undefined) return [{ law: "P1", harm: "lost", text: `${what} is not in the log` }];
  if (textIn(only, "messageId") === send.messageId) return [];
  const text = `${what} stands in the log as message ${textIn(only, "messageId")}`;
  return [{ law: "P1", harm: "other", text }];
}

function strangers(sends: readonly Send[], messages: readonly SeenEvent[]): Violation[] {
  const known = new Set(sends.map(({ prompt }) => prompt));
  return messages
    .filter((message) => !known.has(textIn(message, "content")))
    .map(({ id }) => ({ law: "P3", harm: "other", text: `nobody sent the prompt of event ${id}` }));
}

function order(sends: readonly Send[], messages: readonly SeenEvent[]): Violation[] {
  const waited = sends.filter(({ isImmediate }) => !isImmediate).map(({ prompt }) => prompt);
  const places = messages.map((message) => waited.indexOf(textIn(message, "content"))).filter((place) => place >= 0);
  const wrong = places.findIndex((place, index) => index > 0 && place < (places[index - 1] ?? 0));
  if (wrong === -1) return [];
  return [{ law: "P4", harm: "other", text: `the prompts came in the order ${places.join(", ")}` }];
}

function answers(messages: readonly SeenEvent[], log: readonly SeenEvent[]): Violation[] {
  const final = log.filter(({ type, data }) => type === "assistant.message" && !hasToolRequests(data));
  return messages.flatMap((message, index): Violation[] => {
    const messageId = textIn(message, "messageId");
    const own = final.filter((answer) => textIn(answer, "originatingMessageId") === messageId);
    if (own.length > 1) {
      return [{ law: "P5", harm: "duplicated", text: `message ${messageId} was answered by ${idsOf(own)}` }];
    }
    const wasJoined = messages[index + 1]?.data["delivery"] === "steering";
    if (own.length === 1 || wasJoined) return [];
    return [{ law: "P5", harm: "lost", text: `message ${messageId} has no answer` }];
  });
}

function hasToolRequests(data: SeenEvent["data"]): boolean {
  const requests = data["toolRequests"];
  return Array.isArray(requests) && requests.length > 0;
}

function idsOf(events: readonly SeenEvent[]): string {
  return events.map(({ id }) => id).join(", ");
}
